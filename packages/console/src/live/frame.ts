import type { Frame, Had, Verdict } from '../browser/frames.ts'
import { hadNothing } from '../browser/had.ts'
import type { LiveRun } from './live-run.ts'

interface FrameSource {
  readonly number: number
  readonly live: LiveRun
  readonly verdict: Verdict | undefined
  readonly report: string | undefined
}

/** Returns a frame with everything that a page lacks. */
export function frameFor({ number, live, verdict, report }: FrameSource, had: Had): Frame {
  const known = had.run === number ? had : hadNothing
  const { stage, elapsed, counts, nodes, faults, violation, failure } = live
  return {
    type: 'frame',
    run: number,
    ...{ stage, elapsed, counts, nodes, violation, failure, report },
    bins: live.bins.since(known, elapsed),
    faultsVersion: faults.version,
    faults: faults.version === known.faultsVersion ? undefined : faults.rows,
    tail: live.tail(),
    verdict: verdict?.version === known.verdict ? undefined : verdict,
  }
}
