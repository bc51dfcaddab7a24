/** What a history shows that nothing but an unknown initial value explains. */
export interface ByStart {
  /** One clause each. */
  readonly found: readonly string[]
  /** What to do about it, as a sentence without its full stop. */
  readonly remedy: string
}
