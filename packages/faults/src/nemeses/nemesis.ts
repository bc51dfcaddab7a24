import type { NodeId } from '../definition/link.ts'
import type { FaultKind } from '../families/registry.ts'
import type { Random } from '../schedule/random.ts'
import type { FaultPlan } from '../schedule/schedule.ts'

/** One action of a nemesis: one fault, or several that belong together. */
export interface Episode {
  readonly parts: readonly EpisodePart[]
  /** The duration, as a multiple of the duration of an ordinary fault. */
  readonly lengths: number
}

export interface EpisodePart {
  /** Start and end as shares of the episode, from 0 to 1. */
  readonly from: number
  readonly to: number
  readonly plan: FaultPlan
}

export const just = (plan: FaultPlan): Episode => ({ parts: [{ from: 0, to: 1, plan }], lengths: 1 })

/** A strategy for injecting faults, by its name in `--faults`. */
export interface Nemesis extends Strategy {
  readonly name: string
  /**
   * The strategies that replace this nemesis in traffic between clients and external servers, by kind of traffic. If
   * there is no replacement, the nemesis itself is used, provided that it acts on links of clients and that the traffic
   * supports its fault. Otherwise the nemesis is not available in this traffic.
   */
  readonly inTraffic?: { readonly [Sort in Traffic]?: Strategy } | undefined
}

/** A nemesis that injects single faults of one kind. By default, it has the name of this kind. */
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
    // The cast is safe: the type `Single` requires that `plan` returns all members of this kind of fault except `kind`.
    plan: (random, nodes) => just({ kind, ...plan(random, nodes) } as FaultPlan),
  })

export const amongNodes = single('nodes')
export const amongClients = single('clients')

/** Draws the probability with which a fault hits messages or requests. */
export const from5To30Percent = (random: Random) => ({ probability: 0.05 + 0.25 * random.next() })

export interface Strategy {
  readonly summary: string
  /** The kind of fault, which the target must support. */
  readonly kind: FaultKind
  readonly among: 'nodes' | 'clients'
  /** Plans the next episode with draws from `random` only. */
  plan(random: Random, nodes: readonly NodeId[]): Episode
}

/**
 * The form of the traffic between clients and servers. `requests`: the proxy distinguishes requests (HTTP). `streams`:
 * it only sees bytes.
 */
export type Traffic = 'requests' | 'streams'
