import type { Json, Nanos } from '@chaos/history'
import { nanos } from '@chaos/history'
import { epochText, errorText, eventLine, nodeText, subjectText, valueText } from './event-line.ts'
import type { LineSink } from './event-order.ts'
import { EventOrder } from './event-order.ts'
import type { ExchangeCounters, Recording } from './exchange.ts'
import { Exchange } from './exchange.ts'
import { Processes } from './processes.ts'
import { Retries } from './retries.ts'

export interface RecorderOptions {
  /** What the clients saw. */
  readonly client: LineSink
  /** What the backends were asked and answered. */
  readonly backend?: LineSink | undefined
  /** Nanoseconds from the run's start, monotonic. By default from now. */
  readonly now?: (() => Nanos) | undefined
  /** Events that may wait for one before them which is not known yet (a slow upload's); 100,000 by default. */
  readonly maximumWaiting?: number | undefined
}

export interface RecorderCounters extends Readonly<ExchangeCounters> {
  /** Connections that stopped being understood: what came after was passed on unread. */
  readonly opaqueConnections: number
  /** Answers to which there was no request. */
  readonly unmatchedAnswers: number
  /** Events written to either view. */
  readonly events: number
  /** Events that wait for one before them. */
  readonly waiting: number
  /** Events that had to be written later than they happened. */
  readonly overtaken: number
}

/** Turns traffic into histories: what wire formats have in common. */
export interface Recorder {
  now(): Nanos
  readonly counters: RecorderCounters
  /** How often the faults in force changed, as whoever changes them counts; stamped on every event. */
  epoch: number
  connection(options: { readonly node: string; readonly client: string }): ConnectionRecorder
  /** An event of the nemesis, in both views: a fault begins or ends, rules are exchanged. */
  note(f: string, value: Json): void
}

/** Records the requests of one connection. */
export interface ConnectionRecorder {
  /** The first byte of a request is here, from a client. It keeps its place until it is known what it asks. */
  begin(time: Nanos): Exchange
  /** All of a request is here at once: what it asks is said next. */
  beginWhole(time: Nanos): Exchange
  /** The proxy sends a request once more, of its own accord: the client knows nothing of it. */
  duplicate(original: Exchange, time: Nanos): Exchange
  /** The connection is no longer understood. */
  opaque(): void
  /** An answer came to which there is no request. */
  unmatchedAnswer(): void
}

export function createRecorder(options: RecorderOptions): Recorder {
  const startedAtMs = performance.now()
  const now = options.now ?? (() => nanos((performance.now() - startedAtMs) * 1e6))
  const maximumWaiting = options.maximumWaiting ?? 100_000
  const client = new EventOrder(options.client, maximumWaiting)
  const backend = options.backend === undefined ? undefined : new EventOrder(options.backend, maximumWaiting)
  const processes = new Processes()
  const retries = new Retries()
  const counters: ExchangeCounters = {
    operations: 0,
    open: 0,
    ok: 0,
    fail: 0,
    info: 0,
    unmatched: 0,
    incomplete: 0,
    keyedRetries: 0,
    blindRetries: 0,
    duplicates: 0,
  }
  let epoch = 0
  let epochMember = epochText(epoch)
  let opaqueConnections = 0
  let unmatchedAnswers = 0
  const sum = (of: (order: EventOrder) => number) => of(client) + (backend === undefined ? 0 : of(backend))

  const recorder: Recorder = {
    now,
    get epoch() {
      return epoch
    },
    set epoch(next) {
      epoch = next
      epochMember = epochText(next)
    },
    get counters() {
      return {
        ...counters,
        opaqueConnections,
        unmatchedAnswers,
        events: sum((order) => order.written),
        waiting: sum((order) => order.waiting),
        overtaken: sum((order) => order.overtaken),
      }
    },
    connection({ node, client: address }) {
      const named = nodeText(node)
      let tailEpoch = epoch
      let tail = `${named}${epochMember}`
      const recording: Recording = {
        client: address,
        lanes: processes.lanes(),
        retries,
        views: { client, backend },
        counters,
        tailText() {
          if (tailEpoch !== epoch) {
            tailEpoch = epoch
            tail = `${named}${epochMember}`
          }
          return tail
        },
        tailWithError: (error) => `${named}${errorText(error)}${epochMember}`,
      }
      return {
        begin: (time) => new Exchange(recording, time, 'begun'),
        beginWhole: (time) => new Exchange(recording, time, 'whole'),
        duplicate: (original, time) => new Exchange(recording, time, original),
        opaque() {
          opaqueConnections++
        },
        unmatchedAnswer() {
          unmatchedAnswers++
        },
      }
    },
    note(f, value) {
      const members = `${subjectText(f, undefined)}${valueText(value)}`
      const line = eventLine(now(), '"nemesis"', 'info', members, epochMember)
      client.append(line)
      backend?.append(line)
    },
  }
  return recorder
}
