import type { RunDraft } from '@chaosproxy/runner'

type Text = string | (() => string)

export const describedBy = (describe: Text): string => (typeof describe === 'string' ? describe : describe())

/**
 * An option of a command, in yargs' form and with the type of its value. yargs has no bundled types, and the types of
 * chaos are published.
 */
export interface Option<Value = unknown> {
  readonly type: 'boolean' | 'string'
  /** Whether the option may be given several times. */
  readonly array?: boolean
  /** The number of values that the option takes. */
  readonly nargs?: number
  readonly requiresArg?: boolean
  /** The help text; a function if it lists names that a configuration may extend. */
  readonly describe: Text
  readonly default?: unknown
  /** The title of `--help` under which the option is listed. */
  readonly group?: string
  /** Whether `--help` lists the option without `--all`. */
  readonly common?: boolean
  /** The member of a run that the option sets. */
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

/** The typed value after an option; true stands for an option without a value. Undefined and false omit the option. */
type Word = string | number | boolean | readonly string[] | undefined

/** The options of a command, or some of them, by name. */
export interface Options {
  readonly [name: string]: Option
}

export type ValuesOf<Declared extends Options> = {
  readonly [Name in keyof Declared]: Declared[Name] extends Option<infer Value> ? Value : never
}

/** The typed values of options with these names. */
export type Typed<Declared extends Options> = { readonly [Name in keyof Declared]?: Word }
