import type { Options } from 'yargs'
import type { ExitCode } from './exit-code.ts'

/** A subcommand, as the registry lists it: help and the check for unknown options come from this. */
export interface Command {
  readonly name: string
  /** Positional part of the usage line, such as `<files..>`; empty where there is none. */
  readonly positional: string
  /** What it does not go without, where the positional part is not given: `chaos NAME needs …`. */
  readonly needs?: string
  readonly summary: string
  readonly options: { readonly [name: string]: Options }
  readonly examples: readonly (readonly [command: string, explanation: string])[]
  /** Rewrites a command line that is written in another way, before it is parsed. */
  normalize?(argv: readonly string[]): readonly string[]
  run(options: ParsedOptions): Promise<ExitCode>
}

/** What yargs made of the command line. Each command reads its own options with the readers below. */
export type ParsedOptions = { readonly [name: string]: unknown }

/** Of an option that was given several times, the last one counts. */
export const textOf = (options: ParsedOptions, name: string): string | undefined => textsOf(options, name).at(-1)

export const flagOf = (options: ParsedOptions, name: string): boolean => options[name] === true

export const textsOf = (options: ParsedOptions, name: string): readonly string[] => {
  const value = options[name]
  const texts = Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)]
  return texts.map(wordOf)
}

/** No argument can hold a NUL, so nobody typed this. */
const KEPT = '\u0000'

/** A word that yargs would take for an option, or drop: it is kept as it is, for `textsOf` to give back. */
export const keepWord = (typed: string): string => (typed.startsWith('-') ? `${KEPT}${typed}` : typed)

export const wordOf = (kept: string): string => (kept.startsWith(KEPT) ? kept.slice(KEPT.length) : kept)
