import type { NodeId } from '../definition/link.ts'
import type { FaultKind } from '../families/registry.ts'
import type { Random } from '../schedule/random.ts'
import type { FaultPlan } from '../schedule/schedule.ts'

/** One turn of a nemesis: usually one fault, sometimes several that belong together. */
export interface Episode {
  readonly parts: readonly EpisodePart[]
  /** Its duration, as a multiple of an ordinary fault's. */
  readonly lengths: number
}

export interface EpisodePart {
  /** The start and the end as shares of the episode, from 0 to 1. */
  readonly from: number
  readonly to: number
  readonly plan: FaultPlan
}

/** An episode of a single fault, for its whole duration. */
export const just = (plan: FaultPlan): Episode => ({ parts: [{ from: 0, to: 1, plan }], lengths: 1 })

/** A strategy for injecting faults, chosen by its name in `--faults`. */
export interface Nemesis extends Strategy {
  readonly name: string
  /**
   * The strategy if faults can be injected only between servers and their clients. Without it, a nemesis among clients
   * does the same as in a cluster, if this kind of traffic can suffer it.
   */
  readonly inTraffic?: { readonly [Sort in Traffic]?: Strategy } | undefined
}

/** A nemesis whose episodes are single faults of one kind; it is named after that kind unless it has another name. */
interface Single<Kind extends FaultKind> extends Pick<Nemesis, 'summary' | 'inTraffic'> {
  readonly name?: string
  plan(random: Random, nodes: readonly NodeId[]): Harm<Extract<FaultPlan, { readonly kind: Kind }>>
}

type Harm<Plan> = Plan extends unknown ? Omit<Plan, 'kind'> : never

const single =
  (among: Nemesis['among']) =>
  <Kind extends FaultKind>(kind: Kind, { name = kind, plan, ...others }: Single<Kind>): Nemesis => ({
    ...others,
    ...{ name, kind, among },
    // The plan has the members of its kind, by the type of `Single`.
    plan: (random, nodes) => just({ kind, ...plan(random, nodes) } as FaultPlan),
  })

export const amongNodes = single('nodes')
export const amongClients = single('clients')

export interface Strategy {
  readonly summary: string
  /** The kind of fault it injects, which the target must be able to suffer. */
  readonly kind: FaultKind
  /** Whether its faults are between nodes, or between nodes and clients. */
  readonly among: 'nodes' | 'clients'
  /** The next episode, with every choice drawn from the given stream. */
  plan(random: Random, nodes: readonly NodeId[]): Episode
}

/** The traffic between servers and clients: distinct requests (HTTP), or streams of bytes. */
export type Traffic = 'requests' | 'streams'
