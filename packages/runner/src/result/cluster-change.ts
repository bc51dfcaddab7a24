/** A container of the cluster that came, went, or started again, as its engine says. */
export interface ClusterChange {
  readonly what: 'joined' | 'left' | 'started'
  /** What links call it. */
  readonly node: string
  readonly container: string
  /** Milliseconds from its start until its links led through the proxy. */
  readonly followedAfterMs?: number
  /** Where it was dialled before, and where it is now, if it started again elsewhere. */
  readonly moved?: { readonly from: readonly string[]; readonly to: readonly string[] }
}
