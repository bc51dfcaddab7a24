import { type Event, environmentError, type Header, UserError } from '@chaosproxy/history'
import type { PlannedRun } from './plan/plan-run.ts'
import type { HistorySink } from './ports/cluster.ts'
import type { RecordStore } from './ports/run-options.ts'
import type { RunOutcome } from './ports/run-outcome.ts'
import { leaseMember } from './result/lease.ts'

export interface Recording {
  readonly sink: HistorySink
  readonly begun: () => void
  /** A signal that is aborted when the record of the run can no longer be written. */
  readonly abandoned: AbortSignal
}

/**
 * Opens the record of a run, performs the run, and closes the record.
 *
 * @throws UserError (environment) if the record cannot be written. Other environment errors also name the incomplete
 * record.
 */
export async function recorded(
  run: PlannedRun,
  store: RecordStore,
  perform: (recording: Recording) => Promise<RunOutcome | undefined>,
): Promise<RunOutcome | undefined> {
  const abandoning = new AbortController()
  let failure: UserError | undefined
  const record = store.open(headerOf(run), (error) => {
    failure = error
    abandoning.abort(error)
  })
  let empty = true
  let ended = false
  const begun = () => {
    empty = false
  }
  try {
    const outcome = await perform({ sink: record, begun, abandoned: abandoning.signal })
    if (outcome !== undefined) await record.verify?.(outcome)
    ended = true
    return outcome
  } catch (error) {
    throw failure ?? (empty ? error : withRecord(error, store.historyName))
  } finally {
    record.close(ended)
  }
}

/** Returns a store that keeps only the events, in the order of recording. */
export const inMemory = (events: Event[]): RecordStore => ({
  dataDir: '',
  logDir: '',
  open: () => ({ append: (event) => void events.push(event), close() {} }),
})

const withRecord = (error: unknown, historyName: string | undefined): unknown =>
  error instanceof UserError && error.code === 'environment' && historyName !== undefined
    ? environmentError(`${error.message}\nThe recording up to this error: ${historyName}`)
    : error

/** Returns the first line of the history, which makes the file self-describing. */
const headerOf = ({ spec, target, workload, targetSettings }: PlannedRun): Header => ({
  chaos: 1,
  model: typeof workload.model === 'string' ? workload.model : workload.model.name,
  initial: workload.initial,
  sessions: typeof target.sessions === 'function' ? target.sessions(targetSettings) : target.sessions,
  mapping: target.mapping,
  extra: {
    ...{ target: spec.target.name, workload: spec.workload.name, nodes: spec.nodes, seed: spec.seed },
    ...(workload.model === 'lock' ? leaseMember(target.settings, targetSettings) : {}),
  },
})
