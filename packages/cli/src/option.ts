import type { RunDraft } from '@chaosproxy/runner'

type Text = string | (() => string)

export const describedBy = (describe: Text): string => (typeof describe === 'string' ? describe : describe())

/** An option in yargs' form, with the type of its value. yargs has no bundled types. */
export interface Option<Value = unknown> {
  readonly type: 'boolean' | 'string'
  readonly array?: boolean
  readonly nargs?: number
  readonly requiresArg?: boolean
  /** The help text; a function if it lists names that a configuration may add. */
  readonly describe: Text
  readonly default?: unknown
  /** The title in `--help` above the option. */
  readonly group?: string
  readonly common?: boolean
  readonly member?: keyof RunDraft | undefined
  /**
   * The value on a parsed command line, or the default.
   *
   * @throws UserError (usage) that names the option and its valid values.
   */
  readonly valueIn: (options: { readonly [name: string]: unknown }, name: string) => Value
  /** Returns the value in typed form. */
  print(value: Value): Word
}

/** The value of an option on a command line. True: an option without a value. Undefined and false: no option. */
type Word = string | number | boolean | readonly string[] | undefined

/** Options by name: all options of a command, or some of them. */
export interface Options {
  readonly [name: string]: Option
}

export type ValuesOf<Declared extends Options> = {
  readonly [Name in keyof Declared]: Declared[Name] extends Option<infer Value> ? Value : never
}

export type Typed<Declared extends Options> = { readonly [Name in keyof Declared]?: Word }
