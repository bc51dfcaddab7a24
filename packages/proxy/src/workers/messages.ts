import type { TcpFault } from '@chaosproxy/faults'
import type { UserErrorCode } from '@chaosproxy/history'
import type { LinkStatistics } from '../link/link-state.ts'
import type { RouteOptions } from '../tcp/route.ts'
import type { Trouble } from '../tcp/trouble.ts'

// The messages between the controlling process and its workers, which carry the connections.

/** Routes and faults have numbers assigned by the controlling process. */
export type WorkerCommand =
  | { readonly do: 'open'; readonly route: number; readonly options: Omit<RouteOptions, 'intercept' | 'peers'> }
  | { readonly do: 'setUpstream'; readonly route: number; readonly upstream: RouteOptions['upstream'] }
  | { readonly do: 'close'; readonly route: number }
  | { readonly do: 'apply' | 'update'; readonly fault: number; readonly harm: TcpFault }
  | { readonly do: 'remove'; readonly fault: number }
  | { readonly do: 'report' }

export interface WorkerRequest {
  readonly id: number
  readonly command: WorkerCommand
}

/** A worker's counters, sent with every reply and at intervals. */
export interface WorkerReport {
  readonly statistics: readonly (readonly [link: string, statistics: LinkStatistics])[]
  readonly hits: readonly (readonly [fault: number, hits: number])[]
  readonly liveConnections: readonly (readonly [route: number, connections: number])[]
}

export interface WorkerReply {
  /** Absent in an unrequested report. */
  readonly id?: number | undefined
  readonly report: WorkerReport
  /** Sent as it happens, without a request. */
  readonly trouble?: Trouble | undefined
  readonly error?:
    | { readonly code: UserErrorCode; readonly message: string; readonly cause: string | undefined }
    | undefined
}
