import { availableParallelism } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { errorText, UserError, usageError } from '@chaosproxy/history'
import { removeWithThisThread } from '@chaosproxy/targets'
import { shardKind } from '../../check/queue-kind.ts'
import { cellKind } from '../../compare/queue-kind.ts'
import { whenAborted } from '../../jobs/interruption.ts'
import type { Job, Pool } from '../../jobs/job.ts'
import { createThreadPool } from '../../jobs/thread-pool.ts'
import { searchKinds } from '../../search/queue-kinds.ts'
import { QUEUES, storeOn } from '../board.ts'
import { connectQueue } from '../connect.ts'
import type { AnyKind } from '../kind.ts'
import { type DriveEvent, loadWorker } from '../load/load-worker.ts'
import { printEnd, readOrder, readSpec } from '../message.ts'
import type { Client, TakenJob, Worker } from '../packages.ts'
import { createUnpacker, MissingFile, NOTHING } from '../parcel.ts'
import { createRest } from './rest.ts'

const kinds: readonly AnyKind[] = [...searchKinds, cellKind, shardKind]

/** Progress and problems of a worker. */
export type WorkEvent =
  | { readonly type: 'joined'; readonly place: string; readonly threads: number }
  | DriveEvent
  /** A job that the worker could not run, and that BullMQ assigns again. */
  | { readonly type: 'could not'; readonly why: string }
  /** `away`: Redis has stopped answering. `back`: Redis answers again. */
  | { readonly type: 'away' | 'back'; readonly place: string }

export interface WorkSettings {
  readonly queue: string
  /** The number of threads; by default one for each core. */
  readonly threads?: number | undefined
  /** Whether the worker runs users' code, such as protocols and workloads. */
  readonly allowCode?: boolean | undefined
  /** The most jobs per second that all workers with this limit begin in total; unlimited by default. */
  readonly rate?: number | undefined
  /**
   * The hosts, as `host` or `host:port`, to which the worker may connect clients. A job in the queue cannot make the
   * worker connect, or send its password, to any other host.
   */
  readonly drive?: readonly string[] | undefined
  readonly listener?: ((event: WorkEvent) => void) | undefined
  readonly signal: AbortSignal
}

/** A worker that is silent for this long counts as dead, and another one runs its job. */
const LOST_AFTER_MS = 6_000
/** The largest number of workers that a job may lose. */
const LOST_AT_MOST = 2

/**
 * Runs jobs from a queue, on threads of this machine, until the signal aborts.
 *
 * @throws UserError (usage, environment) as `connectQueue` does.
 */
export async function work(settings: WorkSettings): Promise<void> {
  const { queue, threads = availableParallelism(), listener = () => {}, signal } = settings
  const { allowCode = false, rate, drive = [] } = settings
  const connected = await connectQueue(queue)
  const { bullmq, connection, place, connect } = connected
  const pools = createPools(threads)
  const client = connect()
  const store = storeOn(client)
  const unpacker = createUnpacker(store)
  removeWithThisThread(unpacker.home)
  const rest = createRest()
  const jobs = countJobs()

  async function perform({ data }: TakenJob): Promise<object> {
    const startedAt = performance.now()
    try {
      const { kind, spec: sent, files, looks, wanted } = readOrder(kinds, data)
      if (files.length > 0 && !allowCode) throw usageError(NO_CODE)
      const { paths, receive, send } = files.length === 0 ? NOTHING : await unpacker.unpack(files)
      const read = readSpec(kind, receive(sent), paths)
      const spec = ((await kind.bring?.(read, { ...store, home: unpacker.home })) ?? read) as never
      const end = await pools.of(kind).do(kind.job as Job<never, unknown>, spec, { looks, wanted })
      rest.end()
      listener({ type: 'done', job: send(kind.title(spec)), elapsedMs: performance.now() - startedAt })
      return send(printEnd(end))
    } catch (error) {
      if (error instanceof MissingFile) throw new bullmq.UnrecoverableError(error.message)
      if (error instanceof UserError) {
        listener({ type: 'refused', why: error.message })
        throw new bullmq.UnrecoverableError(error.message)
      }
      const why = troubleOf(error, unpacker.home)
      listener({ type: 'could not', why })
      await rest.begin(workers)
      throw new Error(why)
    }
  }

  const lanes = allowCode ? [QUEUES.plain, QUEUES.code] : [QUEUES.plain]
  const workers: readonly Worker[] = lanes.map(
    (lane) =>
      new bullmq.Worker(lane, jobs.counted(perform), {
        connection,
        // Fetches one job more than there are threads, so that no thread is idle while the next job is fetched.
        concurrency: threads + 1,
        lockDuration: LOST_AFTER_MS,
        stalledInterval: LOST_AFTER_MS / 2,
        maxStalledCount: LOST_AT_MOST,
        ...(rate === undefined ? {} : { limiter: { max: rate, duration: 1_000 } }),
      }),
  )
  const driving =
    drive.length === 0
      ? []
      : [loadWorker(connected, { lostAfterMs: LOST_AFTER_MS, hosts: drive, listener, counted: jobs.counted })]
  const all = [...workers, ...driving]
  // Connections are restored automatically.
  for (const worker of all) worker.on('error', () => {})
  let watching: NodeJS.Timeout | undefined
  try {
    await Promise.all(all.map((worker) => worker.waitUntilReady()))
    listener({ type: 'joined', place, threads })
    watching = watchRedis(client, (type) => listener({ type, place }))
    await new Promise<void>((resolve) => whenAborted(signal, resolve))
  } finally {
    clearInterval(watching)
    rest.close()
    // A worker never finishes closing if its Redis is gone, so the time for closing is limited.
    await Promise.race([Promise.all(all.map((worker) => worker.close())), jobs.longOver()])
    await pools.close()
    client.disconnect()
    unpacker.close()
  }
}

/** The maximum time for closing after the last job has ended. */
const CLOSING_MS = 3_000

type Perform = (job: TakenJob) => Promise<object>

function countJobs(): { readonly counted: (perform: Perform) => Perform; readonly longOver: () => Promise<void> } {
  let underWay = 0
  return {
    counted: (perform) => async (job) => {
      underWay++
      try {
        return await perform(job)
      } finally {
        underWay--
      }
    },
    async longOver() {
      for (let idleMs = 0; idleMs < CLOSING_MS; idleMs += LOOK_AT_JOBS_MS) {
        await pause(LOOK_AT_JOBS_MS, undefined, { ref: false })
        if (underWay > 0) idleMs = 0
      }
    },
  }
}

const LOOK_AT_JOBS_MS = 100

const LOOK_EVERY_MS = 2_000

function watchRedis(client: Client, notify: (type: 'away' | 'back') => void): NodeJS.Timeout {
  let isAway = false
  return setInterval(async () => {
    const answer = client.ping().catch(() => undefined)
    if (isAway) return
    if ((await Promise.race([answer, pause(LOOK_EVERY_MS, 'late', { ref: false })])) !== 'late') return
    isAway = true
    notify('away')
    await answer
    isAway = false
    notify('back')
  }, LOOK_EVERY_MS)
}

function troubleOf(error: unknown, home: string): string {
  const message = errorText(error)
  return FULL.has(String((error as { code?: unknown } | null)?.code))
    ? `the worker cannot write below ${home}, where it unpacks files: ${message}. Make room there, or start it with another TMPDIR.`
    : message
}

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS'])

const NO_CODE = 'it brings its own code, which this worker runs only if it is started with --allow-code.'

function createPools(threads: number): { readonly of: (kind: AnyKind) => Pool; readonly close: () => Promise<void> } {
  const pools = new Map<string, Pool>()
  return {
    of({ script, limits }) {
      const pool = pools.get(script) ?? createThreadPool(script, threads, limits)
      pools.set(script, pool)
      return pool
    },
    close: async () => void (await Promise.all([...pools.values()].map((pool) => pool.close()))),
  }
}
