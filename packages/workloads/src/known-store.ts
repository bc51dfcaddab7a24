/** What the clients of one run jointly know about the store. */
export interface KnownStore {
  /** The highest revision acknowledged. */
  last: number
  /** The highest acknowledged revision of each key. */
  readonly ofKey: Map<string, number>
  /** Revisions below this may be compacted. */
  compacted: number
  /** Deletions below which everything is or will be compacted; watches start at them. */
  readonly deletions: { readonly key: string; readonly revision: number }[]
}
