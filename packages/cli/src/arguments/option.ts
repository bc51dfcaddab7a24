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
