import type { Event } from '@chaosproxy/history'
import { knownChanges, listeningFor } from '@chaosproxy/report'
import type { JudgedRun, PlannedRun } from '@chaosproxy/runner'
import type { Performer } from './apart.ts'

/**
 * Adds the messages between nodes to a run that failed. A real cluster has kept them. A simulated run is performed once
 * more, listening where the failure was found: keeping every message of every run would cost more than the run.
 */
export async function withHeard(
  run: PlannedRun,
  judged: JudgedRun,
  { again }: Performer,
  interrupted: AbortSignal,
): Promise<JudgedRun> {
  const { summary, recall } = judged
  if (run.target.tier === 'real') {
    const listening = recall === undefined ? undefined : listeningFor({ ...judged, run: summary })
    if (recall === undefined || listening === undefined) return judged
    return { ...judged, summary: { ...summary, heard: recall(listening, knownChanges(judged, listening)) } }
  }
  // An interrupted run would end elsewhere the next time.
  if (summary.interrupted || interrupted.aborted) return judged
  const listening = listeningFor({ ...judged, run: summary })
  if (listening === undefined) return judged
  const { events = [], outcome } = (await again(run, { interrupted, listening })) ?? {}
  if (outcome?.heard === undefined || !isSameRun(judged, events)) return judged
  return { ...judged, summary: { ...summary, heard: outcome.heard } }
}

/** A user's protocol may behave differently every time: then the messages belong to another run. */
function isSameRun({ history: { operations, processName, eventCount } }: JudgedRun, events: readonly Event[]): boolean {
  if (events.length !== eventCount) return false
  const last = operations.length - 1
  const called = events.findLast(({ type }) => type === 'invoke')
  return (
    called !== undefined &&
    called.time === operations.callTime[last] &&
    String(called.process) === processName(operations.process[last] ?? 0)
  )
}
