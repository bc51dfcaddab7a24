import type { Json, Nanos, SessionSource } from '@chaosproxy/history'
import { canonical, nanos } from '@chaosproxy/history'
import type { Touches } from './call.ts'
import { epochText, errorText, eventLine, nodeText, subjectText, valueText } from './event-line.ts'
import type { LineSink } from './event-order.ts'
import { Exchange } from './exchange.ts'
import { Processes, Ticks } from './processes.ts'
import type { ExchangeCounters, Recording } from './recording.ts'
import type { RemarkCounters } from './remarks.ts'
import { NO_OPERATION, Remarks } from './remarks.ts'
import { Retries } from './retries.ts'
import { View } from './view.ts'

export interface RecorderOptions {
  /** What the clients saw. */
  readonly client: LineSink
  /** What the backends were asked and answered. */
  readonly backend?: LineSink | undefined
  /** Nanoseconds from the run's start, monotonic. By default from now. */
  readonly now?: (() => Nanos) | undefined
  /** Events that may wait for one before them which is not known yet (a slow upload's); 100,000 by default. */
  readonly maximumWaiting?: number | undefined
  /** As with `clientsBy`. */
  readonly sessions?: SessionSource | undefined
}

export interface RecorderCounters extends Readonly<ExchangeCounters>, RemarkCounters {
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
  /** Of what is recorded over one of its ways, this names the clients. Said before anything is. */
  clientsBy(source: SessionSource): void
  /** For the histories' header: by what clients are told apart on any of the ways, and whether that names them on some. */
  readonly sessions: SessionSource
  /** What keys hold before anything is recorded over one of its ways; undefined where that is not known. */
  startsWith(initial: { readonly value: Json } | undefined): void
  /** For the histories' header: what all keys hold at the start, or the text "unknown". */
  readonly initial: Json
  /** Outside the record, these keys are changed from now on. To be said before that can be seen. */
  touched(what: string, why: string, touches: Exclude<Touches, 'nothing'>): void
  /** A request that is no operation is passed on. */
  passedOn(what: string, touches: Touches): void
  /** What a read returned is not known; of any key, where none is given. */
  notUnderstood(what: string, why: string, key?: string): void
  /** Nothing is recorded any more: the totals are written. */
  finish(): void
}

/** Records the requests of one connection. */
export interface ConnectionRecorder {
  /** The first byte of a request is here, from a client. It keeps its place until it is known what it asks. */
  begin(time: Nanos): Exchange
  /** All of a request is here at once: what it asks is said next. */
  beginWhole(time: Nanos): Exchange
  /** The proxy sends a request once more, of its own accord: the client knows nothing of it. */
  duplicate(original: Exchange, time: Nanos): Exchange
  /** The connection is no longer understood: `what` says what it became. To be said before what it touches can be seen. */
  opaque(what: string, touches: Touches): void
  /** An answer came to which there is no request. */
  unmatchedAnswer(): void
}

export function createRecorder(options: RecorderOptions): Recorder {
  const startedAtMs = performance.now()
  const now = options.now ?? (() => nanos((performance.now() - startedAtMs) * 1e6))
  const maximumWaiting = options.maximumWaiting ?? 100_000
  const ticks = new Ticks()
  const viewOn = (sink: LineSink) => new View({ sink, maximumWaiting, ticks, now })
  const client = viewOn(options.client)
  const backend = options.backend === undefined ? undefined : viewOn(options.backend)
  const remarks = new Remarks(client, backend)
  const processes = new Processes(ticks)
  const retries = new Retries()
  const starts: Set<string | undefined> = new Set()
  let start: { readonly value: Json } | undefined
  const sources: SessionSource[] = options.sessions === undefined ? [] : [options.sessions]
  const counters: ExchangeCounters = {
    operations: 0,
    open: 0,
    ok: 0,
    fail: 0,
    info: 0,
    unnamed: 0,
    incomplete: 0,
    keyedRetries: 0,
    blindRetries: 0,
    duplicates: 0,
  }
  let epoch = 0
  let epochMember = epochText(epoch)
  let opaqueConnections = 0
  let unmatchedAnswers = 0
  const sum = (of: (order: View['order']) => number) =>
    of(client.order) + (backend === undefined ? 0 : of(backend.order))

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
        ...remarks.counters,
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
        processes,
        retries,
        remarks,
        views: { client, backend },
        counters,
        tailText() {
          if (tailEpoch !== epoch) {
            tailEpoch = epoch
            tail = `${named}${epochMember}`
          }
          return tail
        },
        tailWith: (members) => `${named}${members}${epochMember}`,
        tailWithError: (error) => `${named}${errorText(error)}${epochMember}`,
      }
      return {
        begin: (time) => new Exchange(recording, time, 'begun'),
        beginWhole: (time) => new Exchange(recording, time, 'whole'),
        duplicate: (original, time) => new Exchange(recording, time, original),
        opaque(what, touches) {
          opaqueConnections++
          remarks.touched({ what, why: 'from here on the connection is not understood' }, touches)
        },
        unmatchedAnswer() {
          unmatchedAnswers++
        },
      }
    },
    note(f, value) {
      const members = `${subjectText(f, undefined)}${valueText(value)}`
      const line = eventLine(now(), '"nemesis"', 'info', members, epochMember)
      client.order.append(line)
      backend?.order.append(line)
    },
    clientsBy(source) {
      if (!sources.some(({ by }) => by === source.by)) sources.push(source)
    },
    get sessions() {
      const named = sources.filter((source) => source.named)
      if (named.length === 0) return { by: 'connection', named: false }
      return { by: named.map(({ by }) => by).join(', '), named: true }
    },
    startsWith(initial) {
      starts.add(initial === undefined ? undefined : canonical(initial.value))
      start = initial
    },
    get initial() {
      return starts.size === 1 && start !== undefined ? start.value : 'unknown'
    },
    touched: (what, why, touches) => remarks.touched({ what, why }, touches),
    passedOn(what, touches) {
      remarks.passedOn(what, touches !== 'nothing')
      remarks.touched({ what, why: NO_OPERATION }, touches)
    },
    notUnderstood: (what, why, key) => remarks.notUnderstood({ what, why }, key),
    finish: () => remarks.finish(),
  }
  return recorder
}
