/** The settings of the page, as JSON in the element `#setting`. */
export interface Setting {
  readonly version: string
  readonly models: readonly string[]
  readonly timeoutMs: number
  /** The largest accepted input, as text for users: `250 MB`. */
  readonly most: string
}
