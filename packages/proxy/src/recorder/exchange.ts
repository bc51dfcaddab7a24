import type { EventType, Nanos } from '@chaos/history'
import type { Call, Completion, Edges } from './call.ts'
import { ALL_EDGES, EDGE, namesOfEdges } from './call.ts'
import { eventLine, extraText, subjectText, valueText } from './event-line.ts'
import type { EventOrder, Place } from './event-order.ts'
import { outcomeOf } from './outcome.ts'
import type { Lanes } from './processes.ts'
import type { Retries } from './retries.ts'

/** What the exchanges of one connection share. */
export interface Recording {
  /** The backend that is asked, and the rules in force, as lines have them. */
  tailText(): string
  /** The same with a reason between the two. */
  tailWithError(error: string): string
  /** The client's address: attempts of one client are told from those of others by it. */
  readonly client: string
  readonly lanes: Lanes
  readonly retries: Retries
  /** What the client saw, and what the backend was asked and answered. */
  readonly views: { readonly client: EventOrder; readonly backend: EventOrder | undefined }
  readonly counters: ExchangeCounters
}

export interface ExchangeCounters {
  /** Recorded operations, by how they ended for the client; `open` ones have not ended yet. */
  operations: number
  open: number
  ok: number
  fail: number
  info: number
  /** Requests that no mapping recognises: passed on, not recorded. */
  unmatched: number
  /** Requests that never arrived in full, so that nothing can be said of them. */
  incomplete: number
  /** Attempts beyond the first under one name, and repetitions without one. */
  keyedRetries: number
  blindRetries: number
  /** Requests that the proxy itself sent once more. */
  duplicates: number
}

/** How much of a request is here when it is begun: its first byte, all of it, or as much as the original it repeats. */
export type Beginning = 'begun' | 'whole' | Exchange

/**
 * One request and its answer on their way over the edges of the proxy, and their events in both views. The caller tells
 * what happens as it happens; the order of its calls is the order of the histories. Times are of the recorder's clock.
 */
export class Exchange {
  readonly #recording: Recording
  readonly #begunAt: Nanos
  /** The proxy made it up: the client knows nothing of it. */
  readonly #isDuplicate: boolean
  #clientPlace: Place | undefined
  #backendPlace: Place | undefined
  #call: Call | undefined
  #process = 0
  #edges: Edges = 0
  #forwardedAt: Nanos | undefined
  #client: 'open' | 'done' | 'unknown' = 'open'
  #backend: 'unasked' | 'open' | 'done' | 'unknown' = 'unasked'
  #released = false
  /** Parts of its lines. */
  #subject = ''
  #input = ''
  #extra = ''

  constructor(recording: Recording, begunAt: Nanos, beginning: Beginning) {
    this.#recording = recording
    this.#begunAt = begunAt
    this.#isDuplicate = typeof beginning !== 'string'
    if (beginning === 'begun') {
      // Its process is taken together with its place: none that is given back only later stands open there.
      this.#clientPlace = recording.views.client.reserve()
      this.#process = recording.lanes.take()
    } else if (beginning !== 'whole') {
      this.#client = 'done'
      this.#extra = extraText({ duplicateOf: beginning.#process })
      recording.counters.duplicates++
      this.called(beginning.#call)
    }
  }

  /** What the request asks, where it is known: undefined until `called`, and where no mapping recognises it. */
  get call(): Call | undefined {
    return this.#call
  }

  get edges(): Edges {
    return this.#edges
  }

  /** The whole request is here, and is this call; undefined where no mapping recognises it. Once. */
  called(call: Call | undefined): void {
    const { lanes, counters } = this.#recording
    this.#edges |= EDGE.clientIn
    if (call === undefined) {
      if (!this.#isDuplicate) counters.unmatched++
      this.#cancelPlaces()
      return
    }
    this.#call = call
    if (this.#clientPlace === undefined) this.#process = lanes.take()
    this.#subject = subjectText(call.f, call.key)
    this.#input = valueText(call.value)
    if (!this.#isDuplicate) this.#invokeForClient(call)
    if (this.#forwardedAt !== undefined) this.#invokeBackend(this.#forwardedAt)
  }

  /** Its first byte is about to be handed to the backend. */
  forwarded(time: Nanos): void {
    if (this.#forwardedAt !== undefined) return
    this.#forwardedAt = time
    this.#edges |= EDGE.backendOut
    if (this.#call !== undefined) this.#invokeBackend(time)
    // What no mapping recognises has no place in a history.
    else if ((this.#edges & EDGE.clientIn) === 0) this.#backendPlace = this.#recording.views.backend?.reserve()
  }

  /** The backend's whole answer is here. */
  answered(time: Nanos, answer: Completion): void {
    this.#edges |= EDGE.backendIn
    this.#endBackend(time, answer, undefined)
    this.#release()
  }

  /** The client was handed the last byte of an answer, be it the backend's or one made up. */
  delivered(time: Nanos, answer: Completion): void {
    this.#edges |= EDGE.clientOut
    this.#endClient(time, answer, undefined)
    this.#release()
  }

  /** The client will never get an answer; the backend may still give one. */
  lostForClient(time: Nanos, reason: string): void {
    this.#endClient(time, undefined, reason)
    this.#release()
  }

  /** No more will be seen of it, on either side. */
  ended(time: Nanos, reason: string): void {
    if ((this.#edges & EDGE.clientIn) === 0) {
      this.#recording.counters.incomplete++
      this.#edges |= EDGE.clientIn
      this.#cancelPlaces()
      return
    }
    this.#endClient(time, undefined, reason)
    this.#endBackend(time, undefined, reason)
    this.#release()
  }

  #invokeForClient(call: Call): void {
    const { retries, client, counters, views } = this.#recording
    const correlation = retries.correlate(client, call)
    if (correlation !== undefined) {
      this.#extra = extraText(correlation)
      if ('repeats' in correlation) counters.blindRetries++
      else if (correlation.attempt !== undefined) counters.keyedRetries++
    }
    counters.operations++
    counters.open++
    const place = this.#clientPlace
    this.#clientPlace = undefined
    fillOrAppend(views.client, place, this.#line('invoke', this.#begunAt, this.#input, this.#extra))
  }

  #invokeBackend(time: Nanos): void {
    this.#backend = 'open'
    const { backend } = this.#recording.views
    if (backend === undefined) return
    const place = this.#backendPlace
    this.#backendPlace = undefined
    fillOrAppend(backend, place, this.#line('invoke', time, this.#input, this.#extra))
  }

  #endClient(time: Nanos, answer: Completion | undefined, reason: string | undefined): void {
    const call = this.#call
    if (call === undefined || this.#client !== 'open') return
    const { views, counters, retries, client } = this.#recording
    const outcome = this.#outcome(call, answer, reason)
    this.#client = outcome.type === 'info' ? 'unknown' : 'done'
    counters.open--
    counters[outcome.type]++
    if (answer === undefined || outcome.type === 'info') retries.unanswered(client, call, this.#process)
    views.client.append(this.#completion(time, outcome))
  }

  #endBackend(time: Nanos, answer: Completion | undefined, reason: string | undefined): void {
    const call = this.#call
    if (call === undefined || this.#backend !== 'open') return
    const outcome = this.#outcome(call, answer, reason)
    this.#backend = outcome.type === 'info' ? 'unknown' : 'done'
    const { backend } = this.#recording.views
    if (backend !== undefined) backend.append(this.#completion(time, outcome))
  }

  #outcome(call: Call, answer: Completion | undefined, reason: string | undefined): Completion {
    if (answer?.type === 'ok') return answer
    return outcomeOf({ edges: this.#edges, answer, reason, harmless: call.harmless === true })
  }

  /** The process goes on to other operations once this one has ended in both views, and in neither as unknown. */
  #release(): void {
    if (this.#released || this.#call === undefined || this.#client !== 'done') return
    if (this.#backend === 'open' || this.#backend === 'unknown') return
    this.#released = true
    this.#recording.lanes.giveBack(this.#process)
  }

  #completion(time: Nanos, outcome: Completion): string {
    const extra = this.#edges === ALL_EDGES ? '' : edgesText(this.#edges)
    if (outcome.type !== 'ok') {
      const tail = this.#recording.tailWithError(outcome.error)
      return eventLine(time, String(this.#process), outcome.type, this.#subject, `${tail}${extra}`)
    }
    const output = outcome.value === this.#call?.value ? this.#input : valueText(outcome.value)
    return this.#line('ok', time, output, extra)
  }

  #line(type: EventType, time: Nanos, value: string, extra: string): string {
    const tail = this.#recording.tailText()
    const more = extra === '' ? tail : `${tail}${extra}`
    return eventLine(time, String(this.#process), type, `${this.#subject}${value}`, more)
  }

  #cancelPlaces(): void {
    const { views, lanes } = this.#recording
    if (this.#clientPlace !== undefined) {
      views.client.cancel(this.#clientPlace)
      lanes.giveBack(this.#process)
    }
    if (this.#backendPlace !== undefined) views.backend?.cancel(this.#backendPlace)
    this.#clientPlace = undefined
    this.#backendPlace = undefined
  }
}

function fillOrAppend(order: EventOrder, place: Place | undefined, line: string): void {
  if (place === undefined) order.append(line)
  else order.fill(place, line)
}

/** The edges' names, made once for each set of them. */
const edgesText = (edges: Edges): string => edgesTexts[edges] ?? ''
const edgesTexts: readonly string[] = Array.from({ length: ALL_EDGES + 1 }, (_, edges) =>
  extraText({ edges: namesOfEdges(edges) }),
)
