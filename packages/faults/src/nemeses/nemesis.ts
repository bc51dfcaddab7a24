import type { NodeId } from '../definition/link.ts'
import type { FaultKind } from '../families/registry.ts'
import type { Random } from '../schedule/random.ts'
import type { FaultPlan } from '../schedule/schedule.ts'

/** One action of a nemesis: usually one fault, sometimes several that belong together. */
export interface Episode {
  readonly parts: readonly EpisodePart[]
  /** The episode's duration, as a multiple of an ordinary fault's duration. */
  readonly lengths: number
}

export interface EpisodePart {
  /** The part's start and end, as shares of the episode from 0 to 1. */
  readonly from: number
  readonly to: number
  readonly plan: FaultPlan
}

/** Returns an episode with a single fault, which lasts the whole episode. */
export const just = (plan: FaultPlan): Episode => ({ parts: [{ from: 0, to: 1, plan }], lengths: 1 })

/** A strategy for injecting faults, chosen by its name in `--faults`. */
export interface Nemesis extends Strategy {
  readonly name: string
  /**
   * The strategy in traffic, where faults can be injected only between servers and their clients. If absent, a nemesis
   * among clients uses its ordinary strategy, provided that this kind of traffic can suffer the fault.
   */
  readonly inTraffic?: { readonly [Sort in Traffic]?: Strategy } | undefined
}

/** A nemesis whose episodes are single faults of one kind. By default its name is that of the kind. */
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
    // The plan has the members of its kind, as the type `Single` ensures.
    plan: (random, nodes) => just({ kind, ...plan(random, nodes) } as FaultPlan),
  })

export const amongNodes = single('nodes')
export const amongClients = single('clients')

export interface Strategy {
  readonly summary: string
  /** The kind of fault that the strategy injects. The target must be able to suffer it. */
  readonly kind: FaultKind
  /** Whether the strategy's faults are between nodes, or between nodes and clients. */
  readonly among: 'nodes' | 'clients'
  /** Plans the next episode. Every choice is drawn from `random`. */
  plan(random: Random, nodes: readonly NodeId[]): Episode
}

/** The traffic between servers and clients: distinct requests (HTTP), or streams of bytes. */
export type Traffic = 'requests' | 'streams'
