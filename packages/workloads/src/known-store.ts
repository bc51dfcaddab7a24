/** What the clients of one run have learned of the store together. */
export interface KnownStore {
  /** The highest revision acknowledged. */
  last: number
  /** The same by key. */
  readonly ofKey: Map<string, number>
  /** Below this revision everything may be compacted. */
  compacted: number
  /** Deletions that everything below was or will be compacted of, for watches to start at. */
  readonly deletions: { readonly key: string; readonly revision: number }[]
}
