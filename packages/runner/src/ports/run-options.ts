import type { Report } from '@chaosproxy/checker'
import type { FaultKind, Schedule } from '@chaosproxy/faults'
import type { Header, History, Millis, UserError } from '@chaosproxy/history'
import type { Stickiness } from '@chaosproxy/protocols'
import type { Settings, Workload } from '@chaosproxy/workloads'
import type { ProbeAnswer } from '../result/requirements/probe.ts'
import type { RunSpec } from '../result/run-spec.ts'
import type { RunSummary } from '../result/run-summary.ts'
import type { Cluster, HistorySink } from './cluster.ts'
import type { LiveViolation } from './live-judge.ts'
import type { RunOutcome } from './run-outcome.ts'

export interface RunOptions extends Pick<RunSpec, 'clients' | 'rate' | 'timeMs' | 'timeoutMs' | 'seed'> {
  readonly cluster: Cluster
  readonly workload: Workload
  /** Settings of the workload; other settings keep their defaults. */
  readonly settings?: Settings | undefined
  readonly schedule: Schedule
  readonly sink: HistorySink
  /** Whether each client stays with one node; by default, some clients call any node. */
  readonly sticky?: Stickiness | undefined
  /**
   * The kinds of faults to insist on. If no fault of a kind took effect by `timeMs`, faults of this kind are repeated
   * while clients continue.
   */
  readonly insistOn?: readonly FaultKind[] | undefined
  /** Milliseconds to wait for the replicas to agree after healing and the last write. */
  readonly quietMs: Millis
  /** Whether this process may stand still while the clock advances. Virtual time never advances without the process. */
  readonly mayStandStill?: boolean | undefined
  /** Where the history's values come from, as its header states. */
  readonly mapping?: Header['mapping']
  /** Called once, when a violation of the strongest level is noticed while the history is recorded. */
  readonly violated?: ((violation: LiveViolation) => void) | undefined
  /**
   * Whether clients stop when a violation of the strongest level is noticed during the recording. Healing and final
   * reads still follow.
   */
  readonly stopOnViolation?: boolean | undefined
}

export interface OpenRecord extends HistorySink {
  /** Rejects a run whose record proves nothing. Called once the run has ended, before the record is closed. */
  verify?(outcome: RunOutcome): Promise<void>
  /** Closes the record. If `ended` is true, the record is complete and gets the end mark that its header announced. */
  close(ended: boolean): void
}

export interface RecordStore {
  /** The history file as named in error messages; absent if no history is kept. */
  readonly historyName?: string | undefined
  readonly dataDir: string
  readonly logDir: string
  /** Opens the record. `failed` is called once if it can no longer be written. */
  open(header: Header, failed: (error: UserError) => void): OpenRecord
}

export interface RunStore extends RecordStore {
  /** Reads the record back, after it is closed. */
  read(): Promise<History>
  /** Reads the history between proxy and nodes; undefined if it was not recorded. */
  readBackend(): Promise<History | undefined>
}

export type Answers = ReadonlyMap<string, ProbeAnswer>

export interface Judging {
  /** Version of this program, stored with the run. */
  readonly version: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly now: () => Millis
  /**
   * Runs the required probes after the final reads. `placeholders`: the address of a server for each placeholder that
   * probes may contain.
   */
  readonly ask?:
    | ((require: readonly string[], placeholders: { readonly [name: string]: string }) => Promise<Answers>)
    | undefined
}

export interface JudgedRun extends Pick<RunOutcome, 'commands' | 'recall'> {
  readonly history: History
  readonly report: Report
  readonly summary: RunSummary
}
