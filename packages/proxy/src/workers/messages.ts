import type { TcpFault } from '@chaosproxy/faults'
import type { UserErrorCode } from '@chaosproxy/history'
import type { LinkStatistics } from '../link-state.ts'
import type { RouteOptions } from '../tcp/route.ts'
import type { Trouble } from '../tcp/trouble.ts'

// What the process that is controlled and those that carry the connections say to each other.

/** Routes and faults are known by numbers that the first process gives them. */
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

/** What a worker has seen so far, sent with each reply and from time to time. */
export interface WorkerReport {
  readonly statistics: readonly (readonly [link: string, statistics: LinkStatistics])[]
  readonly hits: readonly (readonly [fault: number, hits: number])[]
  readonly liveConnections: readonly (readonly [route: number, connections: number])[]
}

export interface WorkerReply {
  /** Absent where nothing was asked. */
  readonly id?: number | undefined
  readonly report: WorkerReport
  /** Told when it happens, of itself. */
  readonly trouble?: Trouble | undefined
  readonly error?:
    | { readonly code: UserErrorCode; readonly message: string; readonly cause: string | undefined }
    | undefined
}
