import type { NodeId } from '../link.ts'
import type { Random } from '../random.ts'
import type { FaultKind } from '../registry.ts'
import type { Episode } from './episode.ts'

/** A strategy for injecting faults, chosen by its name in `--faults`. */
export interface Nemesis extends Strategy {
  readonly name: string
  /**
   * What it does instead where only the traffic between servers and their clients can be hurt, not that between the
   * servers. When absent, a nemesis among clients does the same as in a cluster, if that sort of traffic can suffer it.
   */
  readonly inTraffic?: { readonly [Sort in Traffic]?: Strategy } | undefined
}

/** What a nemesis does. */
export interface Strategy {
  readonly summary: string
  /** The kind of fault it injects, which the target must be able to suffer. */
  readonly kind: FaultKind
  /** Whether its faults are between nodes, or between nodes and clients. */
  readonly among: 'nodes' | 'clients'
  /** The next episode, with every choice drawn from the given stream. */
  plan(random: Random, nodes: readonly NodeId[]): Episode
}

/** What passes between servers and clients: requests that can be told apart (HTTP), or streams of bytes. */
export type Traffic = 'requests' | 'streams'
