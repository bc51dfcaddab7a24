import { millis } from '@chaosproxy/history'
import { NO_LEVEL } from '@chaosproxy/simulator'
import { abandonedAfter } from '../jobs/interruption.ts'
import type { Pool } from '../jobs/job.ts'
import { guideJob } from './jobs.ts'
import type { SearchEvent, SearchOutcome, SearchSpec } from './spec.ts'
import { supervise } from './supervise.ts'

/** Most of the broken invariants that clients can see at all are seen within a few seconds of search. */
const BUDGET_MS = millis(20_000)

interface FollowHooks {
  readonly listener: (event: SearchEvent) => void
  readonly interrupted: AbortSignal
}

/** If only invariants were broken and no history shows a violation, searches for a violation that a client sees. */
export async function followUp(
  pool: Pool,
  spec: SearchSpec,
  outcome: SearchOutcome,
  { listener, interrupted }: FollowHooks,
): Promise<SearchOutcome> {
  const broken = outcome.findings.find(({ failure }) => failure.kind === 'invariant')
  const seen = outcome.findings.some(({ failure }) => failure.kind === 'violation')
  if (!spec.guide || broken === undefined || seen || spec.subject.level === NO_LEVEL) return outcome
  listener({ type: 'guiding', seed: broken.seed })
  const { subject, strategies } = spec
  const guide = { subject, strategies, finding: broken, budgetMs: BUDGET_MS }
  const end = await supervise(pool, guideJob, guide, { signal: abandonedAfter(interrupted, 0) })
  if (end.type !== 'done' || end.value === undefined) return outcome
  return { ...outcome, findings: [...outcome.findings, end.value] }
}
