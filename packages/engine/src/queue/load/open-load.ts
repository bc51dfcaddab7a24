import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { millis, usageError } from '@chaosproxy/history'
import type { OpenLoad, PlannedRun, StartedCluster } from '@chaosproxy/runner'
import { LOAD_QUEUE } from '../board.ts'
import type { Connected } from '../connect.ts'
import type { Queue, QueueEvents } from '../packages.ts'
import { BEAT_EVERY_MS } from './messages.ts'
import { type LoadOrder, machineIdentity, printLoadOrder } from './order.ts'
import { type LoadEvent, openSession, type Session } from './session.ts'

export interface LoadSettings {
  /** The number of workers; by default all that have joined. */
  readonly workers?: number | undefined
  readonly listener?: ((event: LoadEvent) => void) | undefined
}

interface Loaded {
  readonly cluster: StartedCluster
  readonly run: PlannedRun
  readonly signal: AbortSignal | undefined
}

/** A worker that is silent for this long counts as lost, and stops. */
const LEASE_MS = millis(10_000)
const LOOK_EVERY_MS = 2_000
const END_MS = 1_000

/**
 * Gives each worker its share of the clients, and waits until all are ready.
 *
 * @throws UserError (usage, environment) if a worker refuses, cannot reach the target, or ends.
 */
export async function openLoad(
  connected: Connected,
  { workers, listener = () => {} }: LoadSettings,
  { cluster, run, signal }: Loaded,
): Promise<OpenLoad> {
  const { place, connect } = connected
  const context = { place, listener, signal }
  const desk = openDesk(connected)
  const sessions: Session[] = []
  const beating = setInterval(() => {
    for (const session of sessions) session.beat()
  }, BEAT_EVERY_MS)

  async function close(): Promise<void> {
    for (const session of sessions) session.enter('end')
    await Promise.race([Promise.all(sessions.map((session) => session.reached('ended'))), wait(END_MS)])
    clearInterval(beating)
    for (const session of sessions) session.close()
    await desk.close()
  }

  try {
    const of = workers ?? (await joinedWorkers(desk.queue, context))
    const order = orderOf(cluster, run)
    for (let index = 0; index < of; index++) {
      const share = { index, of }
      const options = { ...share, run: order.run, leaseMs: LEASE_MS, connect, now: cluster.clock.now, listener }
      const session = await openSession(options)
      sessions.push(session)
      await desk.put({ ...order, share }, session.refused)
    }
    await allReady(sessions, context)
  } catch (error) {
    await close()
    throw error
  }
  return asLoad(sessions, close)
}

function asLoad(sessions: readonly Session[], close: () => Promise<void>): OpenLoad {
  const all = (act: (session: Session) => unknown): Promise<unknown> => Promise.all(sessions.map(act))
  return {
    workers: sessions.map(({ name, bounds }) => ({ name, bounds })),
    begin(to) {
      for (const session of sessions) session.begin(to)
    },
    stop(stopped) {
      for (const session of sessions) session.enter('stop')
      void all((session) => session.reached('stopped')).then(stopped)
    },
    follow(followed) {
      for (const session of sessions) session.enter('follow')
      void all((session) => session.reached('followed')).then(() => {
        for (const session of sessions) session.finish()
        followed()
      })
    },
    trouble: () => sessions.flatMap((session) => session.trouble()),
    close,
  }
}

/**
 * Returns the data that all workers of a run receive.
 *
 * @throws UserError (usage) if only this process can create the clients.
 */
function orderOf(cluster: StartedCluster, { spec, workload, workloadSettings, target, targetSettings }: PlannedRun) {
  const elsewhere = cluster.elsewhere?.()
  if (elsewhere === undefined)
    throw usageError(`--queue: workers cannot drive the clients of ${target.name}. Leave --queue out.`)
  const { seed, clients, rate, timeoutMs } = spec
  return {
    ...{ run: randomUUID(), machine: machineIdentity(), elsewhere, seed, clients, rate, timeoutMs, leaseMs: LEASE_MS },
    workload: { name: workload.name, settings: workloadSettings },
    sticky: (typeof target.sticky === 'function' ? target.sticky(targetSettings) : target.sticky) ?? false,
  }
}

function openDesk({ bullmq, connection }: Connected) {
  const queue = new bullmq.Queue(LOAD_QUEUE, { connection })
  const events = new bullmq.QueueEvents(LOAD_QUEUE, { connection })
  const ends = [queue, events]
  for (const end of ends) {
    // Connections are restored automatically.
    end.on('error', () => {})
    end.setMaxListeners(0)
  }
  const closing = new AbortController()
  const jobs: string[] = []
  return {
    queue,
    async put(order: LoadOrder, refused: (why: string) => void): Promise<void> {
      const jobId = `load-${order.run}-${order.share.index}`
      jobs.push(jobId)
      const once = { attempts: 1, backoff: { type: 'exponential', delay: 0 } } as const
      const options = { jobId, ...once, removeOnComplete: { age: 0 }, removeOnFail: true } as const
      const job = await queue.add('load', printLoadOrder(order), options)
      void endOf(job, events, closing.signal).then((why) => {
        if (why !== undefined) refused(why)
      })
    },
    async close(): Promise<void> {
      closing.abort()
      await Promise.race([Promise.allSettled(jobs.map((job) => queue.remove(job))), wait(END_MS)])
      await Promise.race([Promise.allSettled(ends.map((end) => end.waitUntilReady())), wait(END_MS)])
      await Promise.all(ends.map((end) => end.close()))
    },
  }
}

/** If the job ends, resolves with the reason. If the load ends first, resolves with undefined. */
async function endOf(
  job: Awaited<ReturnType<Queue['add']>>,
  events: QueueEvents,
  signal: AbortSignal,
): Promise<string | undefined> {
  while (!signal.aborted) {
    const why = await job.waitUntilFinished(events, LOOK_EVERY_MS).then(
      () => 'it has ended',
      (error: Error) => error.message,
    )
    if (signal.aborted) return undefined
    if (!/timed out before finishing|Missing key for job|Connection is closed|LOADING|ECONN/.test(why)) return why
    if (!why.includes('timed out')) await wait(LOOK_EVERY_MS)
  }
  return undefined
}

interface LoadContext {
  readonly place: string
  readonly listener: (event: LoadEvent) => void
  readonly signal: AbortSignal | undefined
}

/** Waits for at least one worker, and returns how many have joined. */
async function joinedWorkers(queue: Queue, { place, listener, signal }: LoadContext): Promise<number> {
  for (;;) {
    const count = await queue.getWorkersCount().catch(() => 0)
    if (count > 0) return count
    listener({ type: 'waiting', place, ready: 0, wanted: 1 })
    await wait(LOOK_EVERY_MS, signal)
  }
}

async function allReady(sessions: readonly Session[], { place, listener, signal }: LoadContext): Promise<void> {
  const all = Promise.all(sessions.map((session) => session.ready))
  // Ignores later rejections, because a session may fail after this function has returned.
  all.catch(() => {})
  while (!(await Promise.race([all.then(() => true), wait(LOOK_EVERY_MS, signal).then(() => false)]))) {
    const ready = sessions.filter((session) => session.isReady()).length
    listener({ type: 'waiting', place, ready, wanted: sessions.length })
  }
  listener({ type: 'ready', workers: sessions.map((session) => session.text()) })
}

const wait = (ms: number, signal?: AbortSignal): Promise<void> =>
  setTimeout(ms, undefined, signal === undefined ? { ref: false } : { signal })
