import type { Workload } from '@chaosproxy/workloads'
import type { Target } from '../target.ts'
import type { RunSpec } from './run-spec.ts'
import type { TrafficSpec } from './traffic-spec.ts'

/** Finds what a run's spec names. */
export interface Registries {
  /** @throws UserError (usage, input) for an unknown name or a missing file. */
  target(name: string): Promise<Target>
  /** @throws UserError (usage, input) for an unknown name or a missing file. */
  workload(name: string): Promise<Workload>
  /**
   * What a recording observes, and how that is judged. Absent where nothing is recorded.
   *
   * @throws UserError (usage, input) for what cannot be recorded.
   */
  readonly traffic?: ((spec: TrafficRunSpec) => ObservedParts) | undefined
}

/** The run of a recording. */
export interface TrafficRunSpec extends Omit<RunSpec, 'target'> {
  readonly target: RunSpec['target'] & { readonly traffic: TrafficSpec }
}

/** The target and the workload of a recording, which follow from what is recorded. */
export interface ObservedParts {
  readonly target: Target
  readonly workload: Workload
}
