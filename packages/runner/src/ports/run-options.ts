import type { FaultKind, Schedule } from '@chaosproxy/faults'
import type { Header, History, Millis, UserError } from '@chaosproxy/history'
import type { Stickiness } from '@chaosproxy/protocols'
import type { Settings, Workload } from '@chaosproxy/workloads'
import type { Cluster, HistorySink } from './cluster.ts'
import type { LiveViolation } from './live-judge.ts'

export interface RunOptions {
  readonly cluster: Cluster
  readonly workload: Workload
  /** Settings of the workload; the others keep their defaults. */
  readonly settings?: Settings | undefined
  readonly schedule: Schedule
  readonly sink: HistorySink
  readonly clients: number
  /** Whether each client stays with one node; otherwise some ask any. */
  readonly sticky?: Stickiness | undefined
  /** Operations per second over all clients. */
  readonly rate: number
  /** How long clients keep starting operations. */
  readonly timeMs: Millis
  /** Kinds whose faults are repeated after that time, while clients continue, if none of them ever took effect. */
  readonly insistOn?: readonly FaultKind[] | undefined
  /** How long a client waits for an answer. */
  readonly timeoutMs: Millis
  /** How long to wait for the replicas to agree after everything is healed and writing has stopped. */
  readonly quietMs: Millis
  readonly seed: number
  /** Whether this process may stand still while the clock goes on, which virtual time does not. */
  readonly mayStandStill?: boolean | undefined
  /** How the history comes to its values, as in its header. */
  readonly mapping?: Header['mapping']
  /** Called once, when a violation of linearizability is certain while the history is recorded. */
  readonly violated?: ((violation: LiveViolation) => void) | undefined
  /** Whether the clients are then stopped; healing and final reads still follow. */
  readonly stopOnViolation?: boolean | undefined
}

/** A record that is being written. */
export interface OpenRecord extends HistorySink {
  /** Closes it. `ended`: nothing is missing from it, so that it gets the end mark that its header promised. */
  close(ended: boolean): void
}

/** Where one run keeps its files. */
export interface RunStore {
  /** The history's file name as shown in messages. */
  readonly historyName: string
  /** Holds the nodes' data and their output. */
  readonly dataDir: string
  readonly logDir: string
  /** Opens the record. `failed` is called once if it can no longer be written. */
  open(header: Header, failed: (error: UserError) => void): OpenRecord
  /** Reads the record back, after it is closed. */
  read(): Promise<History>
  /** The history between proxy and nodes, if it was recorded. */
  readBackend(): Promise<History | undefined>
}
