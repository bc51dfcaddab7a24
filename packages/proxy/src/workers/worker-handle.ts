import type { Worker } from 'node:cluster'
import cluster from 'node:cluster'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { UserError } from '@chaosproxy/history'
import type { TroubleListener } from '../tcp/trouble.ts'
import type { WorkerCommand, WorkerReply, WorkerReport, WorkerRequest } from './messages.ts'

/** A process that carries connections. */
export interface WorkerHandle {
  /** Resolves once the worker takes commands. @throws UserError (environment) if it ends before that. */
  readonly ready: Promise<void>
  /** The worker's latest report. */
  readonly report: WorkerReport
  /** Resolves once the worker has carried out the command, or has died. @throws UserError as the worker did. */
  tell(command: WorkerCommand): Promise<WorkerReport>
  stop(): Promise<void>
}

/** Workers always run the built program, whether this code runs from source, from dist or from a bundle. */
const PACKAGE = dirname(createRequire(import.meta.url).resolve('@chaosproxy/proxy/package.json'))
const PROGRAM = join(PACKAGE, 'dist', 'workers', 'worker-main.js')

const NOTHING: WorkerReport = { statistics: [], hits: [], liveConnections: [] }

export interface WorkerOptions {
  readonly seed: string
  readonly number: number
  /** Called if the worker dies after it was ready without having been told to stop. */
  readonly died: (handle: WorkerHandle) => void
  readonly troubled: TroubleListener
}

export function startWorker({ seed, number, died, troubled }: WorkerOptions): WorkerHandle {
  cluster.setupPrimary({ exec: PROGRAM, args: [], execArgv: [] })
  const worker: Worker = cluster.fork({ CHAOS_PROXY_SEED: seed, CHAOS_PROXY_WORKER: String(number) })
  const waiting: Map<number, { resolve(report: WorkerReport): void; reject(error: Error): void }> = new Map()
  const gone = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve())
  })
  /** Commands given before the worker listens; sent after its first report. */
  let unsent: WorkerRequest[] | undefined = []
  let becomeReady: () => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  const ready = new Promise<void>((resolve, reject) => {
    becomeReady = resolve
    fail = reject
  })
  // Callers that do not await `ready` learn of a failed start through `died`.
  ready.catch(() => undefined)
  let report = NOTHING
  let asked = 0
  let stopped = false

  worker.on('message', ({ id, report: latest, error, trouble }: WorkerReply) => {
    report = latest
    if (trouble !== undefined) troubled(trouble)
    for (const request of unsent ?? []) worker.send(request)
    unsent = undefined
    becomeReady()
    if (id === undefined) return
    const asker = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asker?.resolve(latest)
    else {
      const cause =
        error.cause === undefined ? undefined : Object.assign(new Error(error.message), { code: error.cause })
      asker?.reject(new UserError(error.code, error.message, { cause }))
    }
  })
  worker.on('error', () => undefined)

  const handle: WorkerHandle = {
    ready,
    get report() {
      return report
    },
    tell: (command) =>
      new Promise((resolve, reject) => {
        if (worker.isDead()) {
          resolve(NOTHING)
          return
        }
        asked++
        waiting.set(asked, { resolve, reject })
        const request = { id: asked, command }
        if (unsent === undefined) worker.send(request)
        else unsent.push(request)
      }),
    async stop() {
      stopped = true
      if (worker.isConnected()) worker.disconnect()
      await gone
    },
  }
  worker.once('exit', (exitCode) => {
    fail(new UserError('environment', `a worker of the proxy exited with code ${exitCode} before it was ready.`))
    for (const { resolve } of waiting.values()) resolve(NOTHING)
    waiting.clear()
    if (!stopped && unsent === undefined) died(handle)
  })
  return handle
}
