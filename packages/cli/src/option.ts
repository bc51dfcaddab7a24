import type { RunDraft } from '@chaosproxy/runner'

type Text = string | (() => string)

export const describedBy = (describe: Text): string => (typeof describe === 'string' ? describe : describe())

/** An option of a command, for yargs and with the type of its value. yargs has no types of its own, and ours are published. */
export interface Option<Value = unknown> {
  readonly type: 'boolean' | 'string'
  /** Whether it may be given several times. */
  readonly array?: boolean
  /** How many values it takes. */
  readonly nargs?: number
  readonly requiresArg?: boolean
  /** A function where it lists what a configuration may extend. */
  readonly describe: Text
  readonly default?: unknown
  /** The title that `--help` lists it under. */
  readonly group?: string
  /** Whether `--help` lists it without `--all`, which lists every option. */
  readonly common?: boolean
  /** The member of a run that it sets. */
  readonly member?: keyof RunDraft | undefined
  /**
   * The value on a parsed command line, or the default.
   *
   * @throws UserError (usage) that names the option and says what to give.
   */
  readonly valueIn: (options: { readonly [name: string]: unknown }, name: string) => Value
  /** The value as it is typed. */
  print(value: Value): Word
}

/** What is typed after an option; true: nothing. Undefined and false leave the option out. */
type Word = string | number | boolean | readonly string[] | undefined

/** The options of a command, or some of them, by name. */
export interface Options {
  readonly [name: string]: Option
}

export type ValuesOf<Declared extends Options> = {
  readonly [Name in keyof Declared]: Declared[Name] extends Option<infer Value> ? Value : never
}

/** What is typed after options of these names. */
export type Typed<Declared extends Options> = { readonly [Name in keyof Declared]?: Word }
