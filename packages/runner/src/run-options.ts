import type { FaultKind, Schedule } from '@chaosproxy/faults'
import type { Header, Millis } from '@chaosproxy/history'
import type { Stickiness } from '@chaosproxy/protocols'
import type { Settings, Workload } from '@chaosproxy/workloads'
import type { LiveViolation } from './live-judge.ts'
import type { RemoteLoad } from './load/remote-load.ts'
import type { Cluster, HistorySink } from './ports.ts'

export interface RunOptions {
  readonly cluster: Cluster
  /** Clients that workers on other machines drive; when absent, the run drives its own. */
  readonly load?: RemoteLoad | undefined
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
