/** A container that appeared, disappeared or restarted. */
export interface ClusterChange {
  readonly what: 'joined' | 'left' | 'started'
  /** The name of the node in links. */
  readonly node: string
  readonly container: string
  readonly followedAfterMs?: number
  readonly moved?: { readonly from: readonly string[]; readonly to: readonly string[] }
}
