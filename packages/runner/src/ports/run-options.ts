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
   * Kinds of faults that are repeated after `timeMs`, while clients continue, if none of that kind ever took effect.
   */
  readonly insistOn?: readonly FaultKind[] | undefined
  /** Milliseconds to wait for the replicas to agree after healing and the last write. */
  readonly quietMs: Millis
  /** Whether this process may stand still while the clock advances, which is impossible in virtual time. */
  readonly mayStandStill?: boolean | undefined
  /** The origin of the history's values, as in its header. */
  readonly mapping?: Header['mapping']
  /** Called once, when a violation of the strongest level is noticed while the history is recorded. */
  readonly violated?: ((violation: LiveViolation) => void) | undefined
  /**
   * Whether a violation of the strongest level, noticed while the history is recorded, stops the clients; healing and
   * final reads still follow.
   */
  readonly stopOnViolation?: boolean | undefined
}

export interface OpenRecord extends HistorySink {
  /** Called once the run has ended, before the record is closed; rejects a run whose record proves nothing. */
  verify?(outcome: RunOutcome): Promise<void>
  /**
   * Closes the record. `ended` means that the record is complete, so that it gets the end mark announced in its header.
   */
  close(ended: boolean): void
}

export interface RecordStore {
  /** Name of the history file, as shown in messages; absent if the history is not kept. */
  readonly historyName?: string | undefined
  /** Directory for the nodes' data and output. */
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
   * Runs the required probes after healing and the final reads; if absent, their requirements are unknown.
   * `placeholders` are replaced by the addresses of the cluster's servers.
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
