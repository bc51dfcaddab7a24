/** The settings that the program writes into the page, as JSON in the element `#setting`. */
export interface Setting {
  readonly version: string
  readonly models: readonly string[]
  /** The default time limit for judging, in milliseconds. */
  readonly timeoutMs: number
  /** The largest accepted input, as text for users: `250 MB`. */
  readonly most: string
}
