import { loadOptional } from '@chaosproxy/history/files'

// The parts of BullMQ and its client that chaos uses. With these types, chaos builds without the packages.

export interface Connection {
  readonly url: string
  readonly maxRetriesPerRequest: null
}

export interface TakenJob {
  readonly data: unknown
}

interface Queued {
  readonly finishedOn?: number
  readonly returnvalue: unknown
  waitUntilFinished(events: QueueEvents, withinMs: number): Promise<unknown>
}

export interface BulkJob {
  readonly name: string
  readonly data: object
  readonly opts: JobOptions
}

interface Closed {
  setMaxListeners(most: number): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  close(force?: boolean): Promise<unknown>
}

export interface Queue extends Closed {
  waitUntilReady(): Promise<unknown>
  add(name: string, data: object, options: JobOptions): Promise<Queued>
  addBulk(jobs: readonly BulkJob[]): Promise<unknown>
  getJob(id: string): Promise<Queued | undefined>
  remove(id: string): Promise<unknown>
  getWorkersCount(): Promise<number>
}

export interface QueueEvents extends Closed {
  waitUntilReady(): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  on(
    event: 'completed',
    listener: (completed: { readonly jobId: string; readonly returnvalue: unknown }) => void,
  ): unknown
  on(event: 'failed', listener: (failed: { readonly jobId: string; readonly failedReason: string }) => void): unknown
  /** A job of this name already existed. */
  on(event: 'duplicated', listener: (duplicated: { readonly jobId: string }) => void): unknown
}

interface QueueEventsOptions {
  readonly connection: Connection
  /**
   * Only events after this id are delivered. By default, events are delivered from the time when the connection is
   * ready.
   */
  readonly lastEventId?: string
}

interface JobOptions {
  readonly jobId: string
  readonly priority?: number
  readonly attempts: number
  readonly backoff: { readonly type: 'exponential'; readonly delay: number }
  readonly removeOnComplete: { readonly age: number }
  readonly removeOnFail: true
}

interface WorkerOptions {
  readonly connection: Connection
  readonly concurrency: number
  readonly lockDuration: number
  readonly stalledInterval: number
  readonly maxStalledCount: number
  readonly limiter?: { readonly max: number; readonly duration: number }
}

export interface Worker extends Closed {
  waitUntilReady(): Promise<unknown>
  /** Stops taking jobs, and finishes those in progress. */
  pause(withoutWaiting: true): Promise<unknown>
  /** Takes jobs again after a pause. A failure becomes an `error` event of the worker. */
  resume(): Promise<unknown>
}

export interface BullMQ {
  readonly Queue: new (name: string, options: { readonly connection: Connection }) => Queue
  readonly QueueEvents: new (name: string, options: QueueEventsOptions) => QueueEvents
  readonly Worker: new (name: string, work: (job: TakenJob) => Promise<unknown>, options: WorkerOptions) => Worker
  /** If a worker's function throws this error, the job fails without further attempts. */
  readonly UnrecoverableError: new (
    message: string,
  ) => Error
}

export interface Client {
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  connect(): Promise<unknown>
  ping(): Promise<unknown>
  /** Returns the time of Redis's clock. */
  time(): Promise<readonly [seconds: number | string, microseconds: number | string]>
  get(key: string): Promise<string | null>
  hget(key: string, field: string): Promise<string | null>
  hgetall(key: string): Promise<{ readonly [field: string]: string }>
  hset(key: string, field: string, value: string): Promise<unknown>
  set(key: string, value: string, unit: 'EX', seconds: number): Promise<unknown>
  publish(channel: string, message: string): Promise<unknown>
  subscribe(...channels: readonly string[]): Promise<unknown>
  disconnect(): void
}

interface ClientOptions {
  readonly lazyConnect?: true
  readonly connectTimeout?: number
  readonly retryStrategy?: () => null
  readonly maxRetriesPerRequest: 0 | null
}

interface Packages {
  readonly bullmq: BullMQ
  readonly Redis: new (url: string, options: ClientOptions) => Client
}

/**
 * Loads the packages, which are optional.
 *
 * @throws UserError (environment) if they are not installed.
 */
export async function loadPackages(): Promise<Packages> {
  // The names are in an array, so that no bundler resolves them.
  const packages = ['bullmq', 'ioredis']
  const why = `--queue needs ${packages.join(' and ')}, which are not both installed`
  const [bullmq, { Redis }] = await loadOptional(
    (): Promise<[BullMQ, Pick<Packages, 'Redis'>]> =>
      Promise.all([import(packages[0] ?? ''), import(packages[1] ?? '')]),
    { why, packages },
  )
  return { bullmq, Redis }
}
