import type { Model } from '@chaosproxy/checker'
import type { FaultDefinition, Nemesis, Parameters, Random, ValuesOf } from '@chaosproxy/faults'
import type { Tagged } from '@chaosproxy/protocols'
import type { MessageVerdict, RequestVerdict, Stage, StageContext } from '@chaosproxy/proxy'
import type { RecordedProtocol } from '@chaosproxy/recorder/protocols'
import type { Finding, Reporter } from '@chaosproxy/report'
import type { OwnLevel } from '@chaosproxy/runner/result'
import type { Story } from '@chaosproxy/scenarios'
import type { NodeHarm, SimulatedHarm } from '@chaosproxy/simulator'
import type { ClusterDeclaration } from '@chaosproxy/targets'
import type { WorkloadModule } from '@chaosproxy/workloads'

/** A user's definition that the `extend` of a configuration adds to the registries. Made by a `define…` function. */
export type Extension = Tagged<
  'kind',
  {
    fault: { fault: FaultDefinition; harm: OwnHarm }
    nemesis: { nemesis: Nemesis }
    'recorded protocol': { protocol: RecordedProtocol }
    model: { model: Model<unknown> }
    level: { level: OwnLevel }
    reporter: { reporter: Reporter; report(findings: readonly Finding[]): string }
    story: { story: Story }
    workload: { workload: WorkloadModule }
    target: { name: string; target: ClusterDeclaration | string }
  }
>

/** The functions of a kind of fault. They depend on what the kind acts on. */
export type OwnHarm<Harm = never> =
  | {
      readonly on: 'bytes'
      readonly alters?: true
      stage(context: StageContext<Harm>): Stage
      readonly simulated?: SimulatedHarm<Harm>
    }
  | {
      readonly on: 'messages'
      readonly alters?: true
      meet(harm: Harm, message: Buffer): MessageVerdict
      readonly simulated?: SimulatedHarm<Harm>
    }
  | {
      readonly on: 'requests'
      meet(harm: Harm, request: { readonly method: string; readonly target: string }): RequestVerdict
      readonly simulated?: SimulatedHarm<Harm>
    }
  | ({ readonly on: 'nodes' } & NodeHarm)

/**
 * A user-defined kind of fault. `on` names what the fault acts on, and determines its functions:
 *
 * - `bytes`: `stage` plans when the bytes of a connection move (see `Stage`);
 * - `messages`, `requests`: `meet` returns what happens to a message or request: `'pass'`, `'lose'`, `{ delayMs }`, or
 *   a replacement;
 * - `nodes`: `strike` and `heal` kill, pause and revive nodes.
 *
 * Only a fault with `alters` may change data: its stage may have a function `transform`, and its `meet` may return
 * `instead`. No target promises anything under such a fault. `simulated` defines what the fault does to whole messages
 * in virtual time. The simulator refuses a fault without `simulated`.
 */
export type OwnFault<Kind extends string, Entries extends Parameters> = Omit<
  FaultDefinition<Kind, Entries>,
  'shorthands' | 'expand' | 'voidsPromises'
> &
  OwnHarm<ValuesOf<Entries>>

/** A user-defined nemesis: it plans episodes of faults from the seed. */
export interface OwnNemesis {
  readonly name: string
  readonly summary: string
  readonly kind: string
  /** Whether the faults act between nodes, or between nodes and clients. */
  readonly among: 'nodes' | 'clients'
  /** Returns the next episode, with every choice drawn from `random`. */
  plan(random: Random, nodes: readonly string[]): OwnEpisode
}

/** Faults as in a schedule, with times as fractions of the episode. */
interface OwnEpisode {
  readonly parts: readonly {
    readonly from: number
    readonly to: number
    readonly plan: { readonly kind: string; readonly [parameter: string]: unknown }
  }[]
  /** The duration of the episode, as a multiple of the duration of an ordinary fault. */
  readonly lengths: number
}
