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
  /** Settings of the workload; the others keep their defaults. */
  readonly settings?: Settings | undefined
  readonly schedule: Schedule
  readonly sink: HistorySink
  /** Whether each client stays with one node; otherwise some ask any. */
  readonly sticky?: Stickiness | undefined
  /** Kinds whose faults are repeated after that time, while clients continue, if none of them ever took effect. */
  readonly insistOn?: readonly FaultKind[] | undefined
  /** How long to wait for the replicas to agree after everything is healed and writing has stopped. */
  readonly quietMs: Millis
  /** Whether this process may stand still while the clock goes on, which virtual time does not. */
  readonly mayStandStill?: boolean | undefined
  /** How the history comes to its values, as in its header. */
  readonly mapping?: Header['mapping']
  /** Called once, when a violation of the strongest level is noticed while the history is recorded. */
  readonly violated?: ((violation: LiveViolation) => void) | undefined
  /** Whether the clients are then stopped; healing and final reads still follow. */
  readonly stopOnViolation?: boolean | undefined
}

export interface OpenRecord extends HistorySink {
  /** Called once the run has ended, before the record is closed; rejects a run whose record proves nothing. */
  verify?(outcome: RunOutcome): Promise<void>
  /** Closes it. `ended`: nothing is missing from it, so that it gets the end mark that its header promised. */
  close(ended: boolean): void
}

export interface RecordStore {
  /** The history's file name as shown in messages; absent if it is not kept. */
  readonly historyName?: string | undefined
  /** Holds the nodes' data and their output. */
  readonly dataDir: string
  readonly logDir: string
  /** Opens the record. `failed` is called once if it can no longer be written. */
  open(header: Header, failed: (error: UserError) => void): OpenRecord
}

export interface RunStore extends RecordStore {
  /** Reads the record back, after it is closed. */
  read(): Promise<History>
  /** The history between proxy and nodes, if it was recorded. */
  readBackend(): Promise<History | undefined>
}

export type Answers = ReadonlyMap<string, ProbeAnswer>

export interface Judging {
  /** This program's version, kept with the run. */
  readonly version: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly now: () => Millis
  /**
   * Asks the required probes once everything is healed and read; without it they are unknown. `placeholders` stand for
   * the addresses of the cluster's servers.
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
