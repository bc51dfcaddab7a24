import type { ExitCode } from '@chaosproxy/engine/run'
import type { Options } from './option.ts'

/** A subcommand. Help and the rejection of unknown options derive from this declaration. */
export interface Command {
  readonly name: string
  /** The positional part of the usage line, such as `<files..>`; empty if there is none. */
  readonly positional: string
  /** Completes the message for a missing positional argument: `chaos NAME needs …`. */
  readonly needs?: string
  readonly summary: string
  readonly positionals?: { readonly [name: string]: string }
  /**
   * The options, in the order of the help text. If some are marked as common, `--help` without `--all` lists only
   * these.
   */
  readonly options: Options
  readonly examples: readonly (readonly [command: string, explanation: string])[]
  /** The actions that may follow the name, for help and completion. */
  readonly actions?: readonly CommandAction[]
  /** Returns the help for the words after the command's name. Undefined if these words have no help of their own. */
  helpFor?(argv: readonly string[]): string | undefined
  /** Rewrites the command line before parsing, to support options of other styles. */
  normalize?(argv: readonly string[]): readonly string[] | Promise<readonly string[]>
  run(options: ParsedOptions): Promise<ExitCode>
}

/** An action of a command, named by the word after the command. */
export interface CommandAction {
  readonly names: readonly [string, ...string[]]
  readonly usage: string
  readonly summary: string
}

/** Loads every command, for a command that lists all of them. */
export type LoadAll = () => Promise<readonly Command[]>

export type ParsedOptions = { readonly [name: string]: unknown }

/** If an option is given several times, the last one counts. */
export const textOf = (options: ParsedOptions, name: string): string | undefined => textsOf(options, name).at(-1)

export const flagOf = (options: ParsedOptions, name: string): boolean => options[name] === true

export const textsOf = (options: ParsedOptions, name: string): readonly string[] => {
  const value = options[name]
  const texts = Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)]
  return texts.map(wordOf)
}

/** Begins a word that yargs must not interpret. No argument can contain a NUL. */
const KEPT = '\u0000'

/** Marks a word that begins with a dash, because yargs would misread it. `textsOf` removes the mark. */
export const keepWord = (typed: string): string => (typed.startsWith('-') ? `${KEPT}${typed}` : typed)

export const wordOf = (kept: string): string => (kept.startsWith(KEPT) ? kept.slice(KEPT.length) : kept)

/** The words before `--`. */
export const optionsOf = (argv: readonly string[]): readonly string[] => {
  const end = argv.indexOf('--')
  return end < 0 ? argv : argv.slice(0, end)
}
