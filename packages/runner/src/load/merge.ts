import { CLOCK_BROKEN, type Event, type Json, millis, millisToNanos, type Nanos, nanos } from '@chaosproxy/history'
import { createRunRecorder, type Invocation, type LiveCounts, type RunRecorder } from '../clients/recorder.ts'
import type { LoadEntry, WorkerClock } from './remote-load.ts'

interface MergeOptions {
  readonly workers: readonly WorkerClock[]
  /** Start of the run, by the local clock. */
  readonly startedAt: Nanos
  /** Returns nanoseconds since the run began. */
  readonly now: () => Nanos
  readonly append: (event: Event) => void
}

/** Merges events timed by several clocks into one history, ordered by time. */
export interface Merge {
  readonly recorder: Omit<RunRecorder, 'newProcess'>
  /** Takes the next entries of a worker. They are complete until `upTo`, which is a time of the worker's clock. */
  received(worker: number, entries: readonly LoadEntry[], upTo: Nanos): void
  /** Ends a lost worker. Its open operations end with the given error. Returns their number. */
  ended(worker: number, error: string): number
}

/** Time to wait for further exchanges with a clock, which may narrow the bounds on an event's time. */
const HOLD = millisToNanos(millis(150))

/** An event that waits until no earlier event can arrive. */
interface Waiting {
  readonly time: Nanos
  readonly extra: Event['extra']
  readonly write: () => void
}

export function createMerge({ workers, startedAt, now, append }: MergeOptions): Merge {
  let index = 0
  let writing: Pick<Waiting, 'time' | 'extra'> = { time: nanos(0), extra: undefined }
  const counts = { ok: 0, fail: 0, info: 0 }
  const print = (event: Event): void => {
    const { extra } = writing
    append(extra === undefined ? { ...event, index: index++ } : { ...event, index: index++, extra })
  }
  const written = createRunRecorder({ append: print }, () => writing.time)
  const here: Waiting[] = []
  const sources = workers.map((worker) => createSource(worker, { startedAt, written }))
  // At equal times, a load worker's event comes before an event of this process, because this process may end the
  // worker's operation.
  const queues = [...sources, { ripe: here, frontier: () => now() }]

  function flush(): void {
    for (const source of sources) {
      source.ripen()
      const why = source.newsOfClock()
      if (why !== undefined) here.push(atOnce(() => print(brokenEvent(writing.time, why))))
    }
    for (;;) {
      let next: Waiting[] = []
      let first = Number.POSITIVE_INFINITY
      for (const { ripe, frontier } of queues) {
        const time = ripe[0]?.time ?? frontier()
        if (time >= first) continue
        first = time
        next = ripe
      }
      const waiting = next.shift()
      if (waiting === undefined) return
      writing = waiting
      waiting.write()
    }
  }

  const atOnce = (write: () => void): Waiting => ({ time: now(), extra: undefined, write })

  function happened(write: () => void): void {
    here.push(atOnce(write))
    flush()
  }

  return {
    recorder: {
      invoked: (invocation) => happened(() => written.invoked(invocation)),
      completed(invocation, completion) {
        counts[completion.type] += 1
        happened(() => written.completed(invocation, completion))
      },
      nemesis: (f, value) => happened(() => written.nemesis(f, value)),
      counts: (): LiveCounts => ({ ...counts }),
    },
    received(worker, entries, upTo) {
      const isTaken = sources[worker]?.received(entries, upTo)
      for (const entry of entries) if (isTaken && entry.type === 'completed') counts[entry.completion.type] += 1
      flush()
    },
    ended(worker, error) {
      const open = sources[worker]?.end() ?? []
      counts.info += open.length
      for (const invocation of open) here.push(atOnce(() => written.completed(invocation, { type: 'info', error })))
      flush()
      return open.length
    },
  }
}

const brokenEvent = (time: Nanos, value: Json): Event => ({
  ...{ index: 0, time, process: 'recorder', type: 'info', f: CLOCK_BROKEN, value },
})

/** The events of one worker that are not yet in the history. */
interface Source {
  readonly ripe: Waiting[]
  /** Returns false once the worker has ended. */
  received(entries: readonly LoadEntry[], upTo: Nanos): boolean
  /** Assigns times to the entries that are older than `HOLD`. */
  ripen(): void
  frontier(): number
  /** Assigns times to all remaining entries. Returns the operations that were never completed. */
  end(): readonly Invocation[]
  /** Reports once that a worker's clock violated its bounds. */
  newsOfClock(): Json | undefined
}

interface SourceOptions {
  readonly startedAt: Nanos
  readonly written: RunRecorder
}

interface Open {
  readonly invocation: Invocation
  readonly plannedAt: Nanos
  isSent: boolean
}

function createSource({ name, bounds }: WorkerClock, { startedAt, written }: SourceOptions): Source {
  const ripe: Waiting[] = []
  const open = new Map<number, Open>()
  const held: LoadEntry[] = []
  /** Minimum time of later events of this worker. */
  let floor = nanos(0)
  let upTo: Nanos | undefined
  let isOver = false
  let isReported = false

  function time(remote: Nanos, write: () => void): void {
    const { earliest, latest } = bounds.at(remote)
    const middle = Math.round((earliest + latest) / 2) - startedAt
    floor = nanos(Math.max(floor, Number.isFinite(middle) ? middle : 0))
    const within = Math.ceil(Math.max(latest - startedAt - floor, floor - (earliest - startedAt)))
    const bound = Number.isFinite(within) ? within : Number.MAX_SAFE_INTEGER
    ripe.push({ time: floor, extra: { clock: name, within: bound }, write })
  }

  function take(entry: LoadEntry): void {
    if (entry.type === 'planned') {
      const { process, node, f, key, value, final = false } = entry
      const input = { f, value, ...(key === undefined ? {} : { key }) }
      const invocation = { process, node, input, final, harmless: false }
      open.set(process, { invocation, plannedAt: entry.time, isSent: false })
      return
    }
    const found = open.get(entry.process)
    if (found === undefined) return
    const { invocation } = found
    if (entry.type === 'asked') {
      found.isSent = true
      time(entry.time, () => written.invoked(invocation))
    } else {
      open.delete(entry.process)
      time(entry.time, () => written.completed(invocation, entry.completion))
    }
  }

  function ripen(until: number): void {
    const next = held.findIndex((entry) => entry.time > until)
    const taken = held.splice(0, next === -1 ? held.length : next)
    for (const entry of taken) take(entry)
  }

  return {
    ripe,
    received(entries, until) {
      if (isOver) return false
      held.push(...entries)
      upTo = until
      return true
    },
    ripen() {
      if (upTo === undefined || isOver) return
      const until = nanos(upTo - HOLD)
      ripen(until)
      const { earliest, latest } = bounds.at(until)
      const middle = Math.round((earliest + latest) / 2) - startedAt
      if (Number.isFinite(middle)) floor = nanos(Math.max(floor, middle))
      bounds.forget(until)
    },
    frontier: () => (isOver ? Number.POSITIVE_INFINITY : floor),
    end() {
      if (isOver) return []
      ripen(Number.POSITIVE_INFINITY)
      isOver = true
      // An operation that was not reported as sent may have been sent at any time after it was planned.
      for (const { invocation, plannedAt, isSent } of open.values())
        if (!isSent) time(plannedAt, () => written.invoked(invocation))
      return [...open.values()].map(({ invocation }) => invocation)
    },
    newsOfClock() {
      if (isReported || !bounds.isBroken()) return undefined
      isReported = true
      return { clock: name, why: 'the times of this machine contradict each other: it slept, or its clock was set' }
    },
  }
}
