/** A container that appeared, disappeared or restarted. */
export interface ClusterChange {
  readonly what: 'joined' | 'left' | 'started'
  /** The node's name in its network links. */
  readonly node: string
  readonly container: string
  /** Milliseconds from the container's start until its links led through the proxy. */
  readonly followedAfterMs?: number
  /** The addresses of the container before and after, if it restarted at another address. */
  readonly moved?: { readonly from: readonly string[]; readonly to: readonly string[] }
}
