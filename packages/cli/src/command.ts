import type { ExitCode } from './exit-code.ts'

/** A subcommand, as the registry lists it: help and the check for unknown options come from this. */
export interface Command {
  readonly name: string
  readonly summary: string
  /** What may be given beside options; nothing where it is absent. */
  readonly operand?: Operand
  /** What follows `--` is another command line, for the command to run. */
  readonly passesOn?: true
  readonly options: { readonly [name: string]: OptionSpec }
  readonly examples: readonly (readonly [command: string, explanation: string])[]
  /** Rewrites arguments that are written in another way, before they are parsed. */
  normalize?(argv: readonly string[]): readonly string[]
  run(options: ParsedOptions): Promise<ExitCode>
}

/** Arguments that are not options. */
export interface Operand {
  /** In help: `files`. */
  readonly name: string
  readonly many: boolean
  /** What to say where there is none, after `chaos NAME needs …`; absent where there need not be one. */
  readonly required?: string
}

/** Texts may be given several times. What is true by default is turned off with `--no-` before its name. */
export type OptionSpec =
  | { readonly type: 'string'; readonly describe: string; readonly default?: string }
  | { readonly type: 'boolean'; readonly describe: string; readonly default?: boolean }

/** What was made of the command line. Each command reads its own options with the readers below. */
export interface ParsedOptions {
  /** What is no option, in the order given. */
  readonly operands: readonly string[]
  /** What follows `--`, for a command that passes it on. */
  readonly passedOn: readonly string[]
  readonly [option: string]: boolean | string | readonly string[]
}

/** Of an option that was given several times, the last one counts. */
export const textOf = (options: ParsedOptions, name: string): string | undefined => textsOf(options, name).at(-1)

export const flagOf = (options: ParsedOptions, name: string): boolean => options[name] === true

export const textsOf = (options: ParsedOptions, name: string): readonly string[] => {
  const value = options[name]
  return typeof value === 'string' ? [value] : typeof value === 'object' ? value : []
}
