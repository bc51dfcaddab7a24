import { ALL_FAULTS, type FaultChoice } from '@chaosproxy/faults'
import type { Settings, Workload } from '@chaosproxy/workloads'
import type { Target } from '../target.ts'
import { offersOf } from './plan-faults.ts'
import type { RunSpec } from './run-spec.ts'

interface Parts {
  readonly target: Target
  readonly workload: Workload
  /** Those of the target. */
  readonly settings: Settings
}

/**
 * The faults of a spec, with names in the place of `all`: the first of every kind that the target can suffer and under
 * which it promises anything. A target that promises nothing under any fault gets every kind.
 */
export function withAllNamed({ faults, nodes }: RunSpec, parts: Parts): readonly FaultChoice[] {
  if (!faults.includes(ALL_FAULTS)) return faults
  const { target, workload, settings } = parts
  const offered = offersOf(target, nodes ?? target.defaultNodes).flatMap((offer) => offer.nemeses)
  const question = { workload: workload.name, object: workload.object, settings }
  const kept = offered.filter(({ kind }) => target.promises({ ...question, faults: [kind] }) !== 'nothing')
  const possible = kept.length > 0 ? kept : offered
  const all = possible.filter(({ kind }, i) => possible.findIndex((other) => other.kind === kind) === i)
  const named = faults.flatMap((fault): readonly FaultChoice[] =>
    fault === ALL_FAULTS ? all.map(({ name }) => name) : [fault],
  )
  return [...new Set(named)]
}
