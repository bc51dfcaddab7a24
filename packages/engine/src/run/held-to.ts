import type { JudgedRun } from '@chaosproxy/runner'
import { type Baseline, faultSpans, judgeBaseline } from '@chaosproxy/runner/result'

/** An earlier result, and how much worse a later one may be: a share. Plain data. */
export interface ChosenBaseline {
  readonly baseline: Baseline
  readonly tolerance: number
}

/** Adds what holding the run to a baseline finds to what was required of it. */
export function heldTo(chosen: ChosenBaseline | undefined, judged: JudgedRun): JudgedRun {
  if (chosen === undefined) return judged
  const { history, report, summary } = judged
  const record = {
    history,
    report,
    faults: faultSpans(history, summary),
    convergedAfterHealNanos: summary.convergedAfterHealNanos,
  }
  const found = judgeBaseline(chosen.baseline, chosen.tolerance, record)
  return { ...judged, summary: { ...summary, requirements: [...(summary.requirements ?? []), ...found] } }
}
