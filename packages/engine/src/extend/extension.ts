import type { Model } from '@chaosproxy/checker'
import type { FaultDefinition, Nemesis, Parameters, Random, ValuesOf } from '@chaosproxy/faults'
import type { MessageVerdict, RequestVerdict, Stage, StageContext } from '@chaosproxy/proxy'
import type { RecordedProtocol } from '@chaosproxy/recorder/protocols'
import type { Reporter } from '@chaosproxy/report'
import type { OwnLevel } from '@chaosproxy/runner/result'
import type { Story } from '@chaosproxy/scenarios'
import type { NodeHarm, SimulatedHarm } from '@chaosproxy/simulator'
import type { ClusterDeclaration } from '@chaosproxy/targets'
import type { WorkloadModule } from '@chaosproxy/workloads'

/** Something of a user's own that `extend` of a configuration adds to what chaos has. Made by one of the `define…`. */
export type Extension =
  | { readonly kind: 'fault'; readonly fault: FaultDefinition; readonly harm: OwnHarm }
  | { readonly kind: 'nemesis'; readonly nemesis: Nemesis }
  | { readonly kind: 'recorded protocol'; readonly protocol: RecordedProtocol }
  | { readonly kind: 'model'; readonly model: Model<unknown> }
  | { readonly kind: 'level'; readonly level: OwnLevel }
  | { readonly kind: 'reporter'; readonly reporter: Reporter }
  | { readonly kind: 'story'; readonly story: Story }
  | { readonly kind: 'workload'; readonly workload: WorkloadModule }
  | { readonly kind: 'target'; readonly name: string; readonly target: ClusterDeclaration | string }

/** What a kind of fault does, by what it acts on. */
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
 * A kind of fault of one's own. `on` says what it acts on, and what it does:
 *
 * - `bytes`: `stage` plans when the bytes of a connection move (see `Stage`);
 * - `messages`, `requests`: `meet` says what becomes of each: `'pass'`, `'lose'`, `{ delayMs }`, or another in its place;
 * - `nodes`: `strike` and `heal` kill, pause and revive.
 *
 * `alters` allows a stage to have `transform`, and `meet` to return `instead`. No target promises anything under such a fault.
 * `simulated` says what it does to whole messages in virtual time; without it, the simulator refuses the fault.
 */
export type OwnFault<Kind extends string, Entries extends Parameters> = Omit<
  FaultDefinition<Kind, Entries>,
  'shorthands' | 'expand' | 'voidsPromises'
> &
  OwnHarm<ValuesOf<Entries>>

/** A strategy of one's own: it plans episodes of faults from the seed. */
export interface OwnNemesis {
  /** As `--faults` names it. */
  readonly name: string
  readonly summary: string
  /** The kind of fault that it injects. */
  readonly kind: string
  /** Whether its faults are between nodes, or between nodes and clients. */
  readonly among: 'nodes' | 'clients'
  /** The next episode, with every choice drawn from `random`. */
  plan(random: Random, nodes: readonly string[]): OwnEpisode
}

/** One turn of a nemesis: faults as a schedule writes them, each from and to a share of the episode. */
interface OwnEpisode {
  readonly parts: readonly {
    readonly from: number
    readonly to: number
    readonly plan: { readonly kind: string; readonly [parameter: string]: unknown }
  }[]
  /** Its duration, as a multiple of an ordinary fault's. */
  readonly lengths: number
}
