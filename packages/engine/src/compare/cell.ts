import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Event, historyFromEvents, millis, millisToNanos, nanos } from '@chaosproxy/history'
import { type RunTelling, tellingOfRun } from '@chaosproxy/report'
import { inMemory, performRun, planRun, type Registries, type RunSpec, withoutObservation } from '@chaosproxy/runner'
import { type Measurement, measure } from '@chaosproxy/scenarios'
import { packageVersion } from '../version.ts'
import { registries as usualRegistries } from '../worlds/registries.ts'

/** The result of a run, and whether the run met the expected level. */
export interface MeasuredCell {
  readonly measurement: Measurement
  /** Whether the run met the expected level; undefined if no level was expected. */
  readonly kept: boolean | 'unknown' | undefined
  readonly broken?: RunTelling | undefined
  readonly toDecide?: string | undefined
  readonly trouble: readonly string[]
}

interface MeasuringOptions {
  readonly interrupted?: AbortSignal | undefined
  /** The registries that resolve names in the spec. */
  readonly registries?: Registries | undefined
}

/**
 * Performs one run of a comparison, if not interrupted.
 *
 * @throws UserError (usage) for an impossible run, (environment) for a target that does not start, or breaks.
 */
export async function measureCell(
  spec: RunSpec,
  { interrupted, registries = usualRegistries }: MeasuringOptions = {},
): Promise<MeasuredCell | undefined> {
  const run = await planRun(spec, registries, 'chaos compare')
  const isReal = run.target.tier === 'real'
  const directory = isReal ? mkdtempSync(join(tmpdir(), 'chaos-compare-')) : ''
  const events: Event[] = []
  const judged = await performRun(spec, {
    plan: async () => run,
    store: {
      ...inMemory(events),
      historyName: 'the history',
      dataDir: join(directory, 'data'),
      logDir: join(directory, 'nodes'),
      read: async () => historyFromEvents(events),
      readBackend: async () => undefined,
    },
    judging: {
      version: packageVersion(),
      startedAt: new Date().toISOString(),
      now: () => millis(performance.now()),
    },
    interrupted,
  })
  // If the cluster does not start, the directory is kept, because the error refers to its logs.
  if (isReal) rmSync(directory, { recursive: true, force: true })
  if (judged === undefined || interrupted?.aborted) return undefined
  const { history, report, summary } = judged
  const [timeoutNanos, timeNanos] = [millisToNanos(spec.timeoutMs), millisToNanos(spec.timeMs)]
  return {
    measurement: measure({
      history,
      report,
      hasObserved: withoutObservation(history, run.workload).length === 0,
      faults: summary.faults,
      // The event `healed` comes when all faults are healed and all clients have stopped.
      healedAt:
        events.find(({ process, f }) => process === 'nemesis' && f === 'healed')?.time ??
        nanos(events.at(-1)?.time ?? 0),
      timeoutNanos,
      timeNanos,
    }),
    kept: summary.expectation?.met,
    ...(summary.expectation?.met === false ? { broken: tellingOfRun(history, summary) } : {}),
    ...(summary.expectation?.met === 'unknown' ? { toDecide: tellingOfRun(history, summary).next.text } : {}),
    trouble: summary.trouble,
  }
}
