import { canonical, type Json, type Nanos, type SessionSource } from '@chaosproxy/history'
import type { Touches } from './call.ts'
import { epochText, errorText, eventLine, nodeText, subjectText, UNWRITTEN, valueText } from './event-line.ts'
import type { LineSink } from './event-order.ts'
import { Exchange } from './exchange.ts'
import { type Expiry, openExpiry } from './expiry.ts'
import { Processes, Ticks } from './processes.ts'
import type { ConnectionRecording, ExchangeCounters } from './recording.ts'
import { NO_OPERATION, type RemarkCounters, Remarks, type Settle } from './remarks.ts'
import { Retries } from './retries.ts'
import { View } from './view.ts'

export interface RecorderOptions {
  readonly client: LineSink
  /** Receives the history of the backends' requests and replies. */
  readonly backend?: LineSink | undefined
  /** Monotonic nanoseconds since the run's start. */
  readonly now: () => Nanos
  /** Maximum number of events that wait for an earlier event, such as a slow upload. By default 100,000. */
  readonly maximumWaiting?: number | undefined
  readonly sessions?: SessionSource | undefined
}

export interface RecorderCounters extends Readonly<ExchangeCounters>, RemarkCounters {
  /** Number of connections that could no longer be parsed. */
  readonly opaqueConnections: number
  /** Number of replies without a request. Errors do not count, because a server may send one before it hangs up. */
  readonly unmatchedAnswers: number
  /**
   * Counts overwrites: a client writes a key that another client has written since the first client read it. An
   * overwrite may undo an update.
   */
  readonly overwrites: OverwriteCounters
  /** Total number of events written to the clients' history and to the backends' history. */
  readonly events: number
  /** Number of events that wait for an earlier event. */
  readonly waiting: number
  /** Number of events that lost their places in the history, because too many later events were waiting for them. */
  readonly overtaken: number
}

interface OverwriteCounters {
  /** The key of the first overwrite; undefined if there was none. */
  readonly first: string | undefined
  /** Number of overwritten keys, exact up to 10,000. */
  readonly keys: number
  readonly times: number
}

interface RecordedConnection {
  readonly node: string
  readonly client: string
  /** Whether clients resend a request only as the first request on a new connection; by default at any time. */
  readonly repeatsFirst?: boolean | undefined
}

export interface ConnectionRecorder {
  /** Call when a request's first byte arrives. The order of these calls is the order of requests in the history. */
  begin(time: Nanos): Exchange
  /**
   * Call instead of `begin` when all bytes of a request arrive at once. Next, call `called` on the exchange with the
   * meaning of the request.
   */
  beginWhole(time: Nanos): Exchange
  /** Call when the proxy repeats a request without the client's knowledge. */
  duplicate(original: Exchange, time: Nanos): Exchange
  /** Call when the connection can no longer be parsed. Call it before clients can see what the connection changes. */
  opaque(what: string, touches: Touches): void
  /** Call for each request that unreadable bytes may contain, before the server gets them. */
  mayHaveRequested(what: string, touches: Touches): void
  /** Call before the server gets a request that a fault has changed. The request may change these keys. */
  altered(touches: Touches): void
  /**
   * Call if a part of a request is not understood. Returns a function to call once the outcome is known. If `touches`
   * is `nothing`, only the values that the request read are unknown.
   */
  doubted(what: string, why: string, touches: Touches): Settle
  /** Call when a reply arrives that belongs to no request, unless the reply is an error. */
  unmatchedAnswer(): void
  /**
   * Call when a client overwrites a key that other clients have written since this client read it. The read and the
   * write must be independent operations.
   */
  overwrote(key: string): void
  hungUp(): void
}

/**
 * Maximum number of overwritten keys that are counted exactly. There is a limit because a recording may last for days.
 */
const MOST_OVERWRITTEN = 10_000

function firstOf(keys: ReadonlySet<string>): string | undefined {
  for (const key of keys) return key
  return undefined
}

const OPAQUE = 'from here on the connection is not understood'

const ALTERED = {
  what: 'a request that a fault changed',
  why: 'the server received something other than what is recorded; faults that change only replies keep the record complete',
}

export const createRecorder = (options: RecorderOptions): Recorder => new Recorder(options)

/** Turns traffic of any wire format into histories. */
export class Recorder {
  /** Bound to the recorder, because callers keep this function as their clock. */
  readonly now: () => Nanos
  /** The client's view and, if it is recorded, the backend's view. */
  readonly #views: readonly [client: View, ...backend: View[]]
  readonly #remarks: Remarks
  readonly #processes: Processes
  readonly #retries = new Retries()
  /** Each protocol's initial value of all keys, as canonical JSON. Undefined: the value is unknown. */
  readonly #starts: Set<string | undefined> = new Set()
  #start: { readonly value: Json } | undefined
  readonly #sources: SessionSource[]
  readonly #counters: ExchangeCounters = {
    operations: 0,
    open: 0,
    ok: 0,
    fail: 0,
    info: 0,
    answered: 0,
    unnamed: 0,
    incomplete: 0,
    keyedRetries: 0,
    blindRetries: 0,
    duplicates: 0,
  }
  #mapping: 'routes' | undefined
  #epoch = 0
  #epochMember = epochText(0)
  #opaqueConnections = 0
  #unmatchedAnswers = 0
  readonly #overwritten: Set<string> = new Set()
  #overwrites = 0

  constructor(options: RecorderOptions) {
    const ticks = new Ticks()
    const { now, maximumWaiting = 100_000 } = options
    const viewOn = (sink: LineSink) => new View({ sink, maximumWaiting, ticks, now })
    this.now = now
    const client = viewOn(options.client)
    this.#views = options.backend === undefined ? [client] : [client, viewOn(options.backend)]
    this.#remarks = new Remarks(this.#views)
    this.#processes = new Processes(ticks)
    this.#sources = options.sessions === undefined ? [] : [options.sessions]
  }

  /** How often the set of faults in force has changed so far. Every event contains this number. */
  get epoch(): number {
    return this.#epoch
  }

  set epoch(next: number) {
    this.#epoch = next
    this.#epochMember = epochText(next)
  }

  get counters(): RecorderCounters {
    const sum = (of: (order: View['order']) => number) => this.#views.reduce((all, { order }) => all + of(order), 0)
    return {
      ...this.#counters,
      ...this.#remarks.counters,
      opaqueConnections: this.#opaqueConnections,
      unmatchedAnswers: this.#unmatchedAnswers,
      overwrites: { first: firstOf(this.#overwritten), keys: this.#overwritten.size, times: this.#overwrites },
      events: sum((order) => order.written),
      waiting: sum((order) => order.waiting),
      overtaken: sum((order) => order.overtaken),
    }
  }

  connection({ node, client, repeatsFirst = false }: RecordedConnection): ConnectionRecorder {
    const { tailText, tailWith, tailWithError } = this.#tails(nodeText(node))
    const [clientView, backend] = this.#views
    const retries = this.#retries.forConnection({ client, repeatsFirst })
    const recording: ConnectionRecording = {
      node,
      epoch: () => this.#epoch,
      tailText,
      tailWith,
      tailWithError,
      lanes: this.#processes.lanes(),
      processes: this.#processes,
      retries,
      remarks: this.#remarks,
      views: { client: clientView, backend },
      counters: this.#counters,
    }
    return {
      begin: (time) => new Exchange(recording, time, 'begun'),
      beginWhole: (time) => new Exchange(recording, time, 'whole'),
      duplicate: (original, time) => new Exchange(recording, time, original),
      opaque: (what, touches) => {
        this.#opaqueConnections++
        this.#remarks.touched({ what, why: OPAQUE }, touches)
      },
      mayHaveRequested: (what, touches) => {
        if (touches === 'nothing') this.#remarks.passedOn(what, false)
        else this.#remarks.touched({ what, why: 'bytes that are not HTTP/1.1 may contain this request' }, touches)
      },
      altered: (touches) => this.#remarks.touched(ALTERED, touches),
      doubted: (what, why, touches) => {
        if (touches !== 'nothing') return this.#remarks.doubted({ what, why }, touches)
        this.#remarks.notUnderstood({ what, why }, undefined)
        return () => {}
      },
      unmatchedAnswer: () => {
        this.#unmatchedAnswers++
      },
      overwrote: (key) => {
        this.#overwrites++
        if (this.#overwritten.size < MOST_OVERWRITTEN) this.#overwritten.add(key)
      },
      hungUp: () => retries.ended(),
    }
  }

  /**
   * Returns functions that print the end of a connection's line: the member `node`, any other members, and `epoch`.
   * `tailText` caches its text until the epoch changes.
   */
  #tails(node: string): Pick<ConnectionRecording, 'tailText' | 'tailWith' | 'tailWithError'> {
    let tailEpoch = this.#epoch
    let tail = `${node}${this.#epochMember}`
    return {
      tailText: () => {
        if (tailEpoch !== this.#epoch) {
          tailEpoch = this.#epoch
          tail = `${node}${this.#epochMember}`
        }
        return tail
      },
      tailWith: (members) => `${node}${members}${this.#epochMember}`,
      tailWithError: (error) => `${node}${errorText(error)}${this.#epochMember}`,
    }
  }

  /** Writes an event of the nemesis, such as the beginning of a fault, to every view (see `#views`). */
  note(f: string, value: Json): void {
    const members = `${subjectText(f, undefined)}${valueText(value)}`
    const event = {
      index: UNWRITTEN,
      time: this.now(),
      process: 'nemesis',
      type: 'info',
      f,
      value,
      epoch: this.#epoch,
    } as const
    for (const { order } of this.#views) order.append(eventLine({ ...event }, members, this.#epochMember))
  }

  /** Declares how a protocol's clients are named, before any of its traffic is recorded. */
  clientsBy(source: SessionSource): void {
    if (!this.#sources.some(({ by }) => by === source.by)) this.#sources.push(source)
  }

  /** The sources of clients' names, for the histories' header. */
  get sessions(): SessionSource {
    const named = this.#sources.filter((source) => source.named)
    if (named.length === 0) return { by: 'connection', named: false }
    return { by: named.map(({ by }) => by).join(', '), named: true }
  }

  /** Declares that requests are mapped by a route table. Call it before anything is recorded. */
  readByRoutes(): void {
    this.#mapping = 'routes'
  }

  /** For the histories' header: whether a route table maps requests. */
  get mapping(): 'routes' | undefined {
    return this.#mapping
  }

  /**
   * Declares the initial value of all keys of a protocol, before any of its traffic is recorded; undefined if it is
   * unknown.
   */
  startsWith(initial: { readonly value: Json } | undefined): void {
    this.#starts.add(initial === undefined ? undefined : canonical(initial.value))
    this.#start = initial
  }

  /** The initial value of all keys for the histories' header, or "unknown". */
  get initial(): Json {
    return this.#starts.size === 1 && this.#start !== undefined ? this.#start.value : 'unknown'
  }

  /** Marks keys as changed outside the record. Call it before any client can see the change. */
  touched(what: string, why: string, touches: Exclude<Touches, 'nothing'>): void {
    this.#remarks.touched({ what, why }, touches)
  }

  /**
   * Marks keys as possibly changed by a request that may still be refused. Later, call the returned function: with true
   * if the request was refused, and with false if it was executed or its outcome stays unknown.
   */
  supposed(what: string, why: string, touches: Touches): (isRefused: boolean) => void {
    return this.#remarks.supposed([], { what, why }, touches)
  }

  /** Records that the server may remove a key. Call it before any client can see the key absent. */
  expiring(key: string): Expiry {
    return openExpiry(key, {
      views: this.#views,
      lanes: this.sessions.named ? this.#processes.lanesOfExpiry() : this.#processes.lanes(),
      now: this.now,
      epoch: () => this.#epoch,
    })
  }

  /** Records that a key is certainly absent. Call it before the first request for the key. */
  absent(key: string): void {
    this.expiring(key).ended('ok')
  }

  /** Counts a request that was passed on and is not an operation. */
  passedOn(what: string, touches: Touches): void {
    this.#remarks.passedOn(what, touches !== 'nothing')
    this.#remarks.touched({ what, why: NO_OPERATION }, touches)
  }

  /** Marks the result of a read as unknown. Without a key, the read may be of any key. */
  notUnderstood(what: string, why: string, key?: string): void {
    this.#remarks.notUnderstood({ what, why }, key)
  }

  /** Writes the totals. Nothing may be recorded afterwards. */
  finish(): void {
    this.#remarks.finish()
  }
}
