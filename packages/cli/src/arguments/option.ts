/** An option of a command. yargs reads it, but has no types of its own, and ours are published. */
export interface Option {
  readonly type?: 'array' | 'boolean' | 'number' | 'string'
  /** Whether it may be given several times, or with several values. */
  readonly array?: boolean
  /** How many values it takes. */
  readonly nargs?: number
  readonly requiresArg?: boolean
  readonly describe?: string
  readonly default?: unknown
}

/** An option that says what its values are, too. */
export interface ValuedOption<Value = unknown> extends Option {
  /**
   * The value on a parsed command line, or the default.
   *
   * @throws UserError (usage) that names the option and says what to give.
   */
  readonly valueIn: (options: { readonly [name: string]: unknown }, name: string) => Value
}

export interface ValuedOptions {
  readonly [name: string]: ValuedOption
}

/** The values of options, by name. */
export type ValuesOf<Options extends ValuedOptions> = {
  readonly [Name in keyof Options]: Options[Name] extends ValuedOption<infer Value> ? Value : never
}
