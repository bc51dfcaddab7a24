import type { JudgedRun } from '@chaosproxy/runner'
import { type Baseline, faultSpans, judgeBaseline } from '@chaosproxy/runner/result'

/** An earlier result, and the fraction by which a later one may be worse. Plain data. */
export interface ChosenBaseline {
  readonly baseline: Baseline
  readonly tolerance: number
}

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
