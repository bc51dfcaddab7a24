import { environmentError, type Millis, type Nanos, plural } from '@chaosproxy/history'
import { createClockBounds, type RemoteLoad } from '@chaosproxy/runner'
import { createCondition } from '../../jobs/condition.ts'
import type { Connected } from '../connect.ts'
import { converse } from './conversation.ts'
import { createInbox } from './inbox.ts'
import { readReport, type Stage, type State } from './messages.ts'

export type LoadEvent =
  /** The Redis at `place` has fewer workers than wanted. */
  | { readonly type: 'waiting'; readonly place: string; readonly ready: number; readonly wanted: number }
  | { readonly type: 'ready'; readonly workers: readonly string[] }
  | { readonly type: 'lost'; readonly worker: number; readonly why: string }

type LoadListener = Parameters<RemoteLoad['begin']>[0]

export interface Session {
  /** The worker's number, counted from 1, as text. */
  readonly name: string
  readonly bounds: ReturnType<typeof createClockBounds>
  /** Rejects if the worker does not become ready. */
  readonly ready: Promise<void>
  isReady(): boolean
  text(): string
  /** Reports that the worker's job has ended, and why. The report is ignored if the worker was ready before. */
  refused(why: string): void
  begin(listener: LoadListener): void
  enter(stage: Stage): void
  /** Resolves when the worker has reached this stage and has sent all earlier events, or when the worker is lost. */
  reached(state: State): Promise<void>
  /** Tells the listener that the worker has ended because the run is over, unless the worker has ended already. */
  finish(): void
  beat(): void
  trouble(): readonly string[]
  close(): void
}

interface SessionOptions {
  readonly index: number
  readonly of: number
  readonly run: string
  readonly leaseMs: Millis
  readonly connect: Connected['connect']
  readonly now: () => Nanos
  readonly listener: (event: LoadEvent) => void
}

const inOrder: readonly State[] = ['ready', 'working', 'stopped', 'followed', 'ended']

export async function openSession(options: SessionOptions): Promise<Session> {
  const { index, run, leaseMs, listener } = options
  const name = String(index + 1)
  const line = createTimedLine(options)
  const inbox = createInbox(options)
  const progress = createProgress()
  const trouble: string[] = []
  let stage: Stage = 'wait'
  let who = `worker ${name}`
  let heardAt: number | undefined
  let to: LoadListener | undefined

  function beat(): void {
    if (heardAt !== undefined && performance.now() - heardAt > leaseMs)
      lose(`nothing was heard from it for ${leaseMs / 1000} s`)
    conversation.send({ number: line.sent(), stage, acknowledged: inbox.arrived() })
  }

  function lose(why: string): void {
    if (progress.isOver()) return
    progress.lost(environmentError(`--queue: ${who}: ${why}`))
    if (to === undefined) return
    to.received(index, inbox.take(), line.last())
    const open = to.ended(index, `worker ${name} was lost`)
    const outcome = `${plural(open, 'operation')} of its clients ${open === 1 ? 'is' : 'are'} of unknown outcome`
    trouble.push(`${who} was lost: ${why}. ${outcome}, and the run went on without it`)
    listener({ type: 'lost', worker: index + 1, why })
  }

  const conversation = await converse(options.connect, { run, worker: index, as: 'coordinator' })
  conversation.hear((message) => {
    const report = readReport(message)
    if (report === undefined || progress.isOver() || !line.heard(report)) return
    heardAt = performance.now()
    who = `worker ${name} (${report.text})`
    if (report.state === 'refused') {
      who = `worker ${name}`
      lose(report.text)
      return
    }
    const isRead = inbox.put(report)
    if (!isRead) lose('its reports could not be read, repeatedly')
    if (report.chunk !== undefined) beat()
    if (to !== undefined && inbox.isComplete()) to.received(index, inbox.take(), line.last())
    progress.at(report.state, inbox.isComplete())
  })
  return {
    name,
    bounds: line.bounds,
    ready: progress.ready,
    isReady: progress.isReady,
    text: () => who,
    refused(why) {
      // A refusal is ignored once the worker has been ready.
      if (!progress.isReady()) lose(why)
    },
    begin(listening) {
      to = listening
      stage = 'work'
      beat()
    },
    enter(next) {
      stage = next
      beat()
    },
    reached: progress.reached,
    finish() {
      if (!progress.isOver()) to?.ended(index, 'the run is over')
    },
    beat,
    trouble: () => trouble,
    close: () => conversation.close(),
  }
}

/** The number of latest heartbeats to which a worker's reply may refer. */
const KEPT_BEATS = 10_000

/** Compares the worker's clock with the clock of this process, by the heartbeats that the worker acknowledges. */
function createTimedLine({ now }: SessionOptions) {
  const bounds = createClockBounds()
  const sentAt = new Map<number, Nanos>()
  let beats = 0
  let last = Number.NEGATIVE_INFINITY as Nanos
  return {
    bounds,
    sent(): number {
      beats += 1
      sentAt.set(beats, now())
      sentAt.delete(beats - KEPT_BEATS)
      return beats
    },
    /**
     * Records the worker's time from a report. Returns false for an implausible report: its time is before that of an
     * earlier report, or it replies to an unknown heartbeat.
     */
    heard({ heard, at }: { readonly heard: number; readonly at: Nanos }): boolean {
      const sent = sentAt.get(heard)
      const received = now()
      if (sent === undefined || at < last) return false
      bounds.add({ sent, remote: at, received })
      last = at
      return true
    },
    last: () => last,
  }
}

function createProgress() {
  let state: State | undefined
  let isComplete = false
  let isLost = false
  let settle: { readonly ready: () => void; readonly failed: (error: Error) => void } | undefined
  const ready = new Promise<void>((resolve, reject) => {
    settle = { ready: resolve, failed: reject }
  })
  ready.catch(() => {})
  const condition = createCondition()
  return {
    ready,
    isReady: () => state !== undefined,
    isOver: () => isLost || state === 'ended',
    at(next: State, complete: boolean): void {
      state = next
      isComplete = complete
      settle?.ready()
      condition.changed()
    },
    lost(error: Error): void {
      isLost = true
      settle?.failed(error)
      condition.changed()
    },
    reached: (wanted: State): Promise<void> =>
      condition.until(
        () => isLost || (state !== undefined && inOrder.indexOf(state) >= inOrder.indexOf(wanted) && isComplete),
      ),
  }
}
