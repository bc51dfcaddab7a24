/** What the page is told by the program that wrote it, as JSON in the element `#setting`. */
export interface Setting {
  readonly version: string
  readonly models: readonly string[]
  /** The usual time for judging, in milliseconds. */
  readonly timeoutMs: number
  /** What the page may be given, for people: `250 MB`. */
  readonly most: string
}
