import { millis } from '@chaosproxy/history'
import { type Finding, NO_LEVEL } from '@chaosproxy/simulator'
import type { Tinypool } from 'tinypool'
import { afterInterrupt, type Interrupts } from '../run/interrupts.ts'
import type { ProgressDisplay } from '../terminal/progress.ts'
import type { SearchOutcome } from './search.ts'
import type { FuzzSettings } from './settings.ts'
import { supervise } from './supervise.ts'
import type { GuideTask } from './worker.ts'

/** If clients can see a broken invariant at all, most are seen within a few seconds of search. */
const BUDGET_MS = millis(20_000)

/** If only invariants were broken and no history shows a violation, searches for one that a client sees. */
export async function followUp(
  pool: Tinypool,
  settings: FuzzSettings,
  outcome: SearchOutcome,
  progress: ProgressDisplay,
  interrupts: Interrupts,
): Promise<SearchOutcome> {
  const broken = outcome.findings.find(({ failure }) => failure.kind === 'invariant')
  const seen = outcome.findings.some(({ failure }) => failure.kind === 'violation')
  if (!settings.guide || broken === undefined || seen || settings.subject.level === NO_LEVEL) return outcome
  progress.update(`an invariant was broken in seed ${broken.seed}: looking for what a client sees of it`)
  const { subject, strategies } = settings
  const task: GuideTask = { subject, strategies, finding: broken, budgetMs: BUDGET_MS }
  const end = await supervise<Finding | undefined>(pool, 'guideFinding', task, afterInterrupt(interrupts, 0))
  if (end.type !== 'done' || end.value === undefined) return outcome
  return { ...outcome, findings: [...outcome.findings, end.value] }
}
