import type { NodeId } from '../link.ts'
import type { Random } from '../random.ts'
import type { FaultKind } from '../registry.ts'
import type { Episode } from './episode.ts'

/** A strategy for injecting faults, chosen by its name in `--faults`. */
export interface Nemesis {
  readonly name: string
  readonly summary: string
  /** The kind of fault it injects, which the target must be able to suffer. */
  readonly kind: FaultKind
  /** Whether its faults are between nodes, or between nodes and clients. */
  readonly among: 'nodes' | 'clients'
  /** The next episode, with every choice drawn from the given stream. */
  plan(random: Random, nodes: readonly NodeId[]): Episode
}
