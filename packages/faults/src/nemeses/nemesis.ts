import type { NodeId } from '../link.ts'
import type { Random } from '../random.ts'
import type { FaultKind } from '../registry.ts'
import type { Episode } from './episode.ts'

/** One way to make trouble, as `--faults` takes it. */
export interface Nemesis {
  readonly name: string
  readonly summary: string
  /** The kind of fault it injects: what a target must be able to suffer. */
  readonly kind: FaultKind
  /** Whether it stands between nodes, or between them and their clients. */
  readonly among: 'nodes' | 'clients'
  /** What it does next; every choice is drawn from the stream given. */
  plan(random: Random, nodes: readonly NodeId[]): Episode
}
