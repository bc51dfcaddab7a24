import type { ExitCode } from '@chaosproxy/engine/run'
import type { Options } from './option.ts'

/** A subcommand. Help and the check for unknown options come from this declaration. */
export interface Command {
  readonly name: string
  /** The positional part of the usage line, such as `<files..>`; empty if there is none. */
  readonly positional: string
  /** Completes the message for a missing positional argument: `chaos NAME needs …`. */
  readonly needs?: string
  readonly summary: string
  /** What the positional arguments are, by name. */
  readonly positionals?: { readonly [name: string]: string }
  /** In the order in which help lists them. If any is common, the others need `--help --all`. */
  readonly options: Options
  readonly examples: readonly (readonly [command: string, explanation: string])[]
  /** What may follow the name, for help and completion. */
  readonly actions?: readonly CommandAction[]
  /** Help for what follows the name, if that has help of its own. */
  helpFor?(argv: readonly string[]): string | undefined
  /** Rewrites the command line before it is parsed, for other styles of options. */
  normalize?(argv: readonly string[]): readonly string[] | Promise<readonly string[]>
  run(options: ParsedOptions): Promise<ExitCode>
}

/** One thing that a command can do, by the word that follows its name. */
export interface CommandAction {
  /** The word, then others that mean the same. */
  readonly names: readonly [string, ...string[]]
  /** The words that follow it; empty if there are none. */
  readonly usage: string
  readonly summary: string
}

/** Loads every command, for the one that names the others. */
export type LoadAll = () => Promise<readonly Command[]>

/** The command line as yargs parsed it. Each command reads its own options with the functions below. */
export type ParsedOptions = { readonly [name: string]: unknown }

/** If an option is given several times, the last one counts. */
export const textOf = (options: ParsedOptions, name: string): string | undefined => textsOf(options, name).at(-1)

export const flagOf = (options: ParsedOptions, name: string): boolean => options[name] === true

export const textsOf = (options: ParsedOptions, name: string): readonly string[] => {
  const value = options[name]
  const texts = Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)]
  return texts.map(wordOf)
}

/** Marks a word to keep. No argument can contain a NUL, so nobody can type this. */
const KEPT = '\u0000'

/** Marks a word that yargs would take for an option, or drop; `textsOf` gives it back unchanged. */
export const keepWord = (typed: string): string => (typed.startsWith('-') ? `${KEPT}${typed}` : typed)

export const wordOf = (kept: string): string => (kept.startsWith(KEPT) ? kept.slice(KEPT.length) : kept)
