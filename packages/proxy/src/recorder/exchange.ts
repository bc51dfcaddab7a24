import type { EventType, Json, Nanos } from '@chaos/history'
import type { Call, Completion, Edges } from './call.ts'
import { ALL_EDGES, EDGE, namesOfEdges } from './call.ts'
import { eventMembers } from './event-line.ts'
import type { EventOrder, Place } from './event-order.ts'
import { outcomeOf } from './outcome.ts'
import type { Lanes } from './processes.ts'
import type { Retries } from './retries.ts'

/** What the exchanges of one connection share. */
export interface Recording {
  /** The backend that is asked. */
  readonly node: string
  /** The client's address: attempts of one client are told from those of others by it. */
  readonly client: string
  readonly lanes: Lanes
  readonly retries: Retries
  /** What the client saw, and what the backend was asked and answered. */
  readonly views: { readonly client: EventOrder; readonly backend: EventOrder | undefined }
  readonly counters: ExchangeCounters
  epoch(): number
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

/**
 * One request and its answer on their way over the edges of the proxy, and their events in both views. The caller tells
 * what happens as it happens; the order of its calls is the order of the histories. Times are of the recorder's clock.
 */
export class Exchange {
  readonly #recording: Recording
  readonly #begunAt: Nanos
  /** Undefined for what the proxy made up: the client knows nothing of it. */
  #clientPlace: Place | undefined
  #backendPlace: Place | undefined
  #call: Call | undefined
  #process = 0
  #edges: Edges = 0
  #forwardedAt: Nanos | undefined
  #client: 'open' | 'done' | 'unknown' = 'open'
  #backend: 'unasked' | 'open' | 'done' | 'unknown' = 'unasked'
  #released = false
  #extra: { readonly [member: string]: Json } | undefined

  constructor(recording: Recording, begunAt: Nanos, original?: Exchange) {
    this.#recording = recording
    this.#begunAt = begunAt
    if (original === undefined) {
      this.#clientPlace = recording.views.client.reserve()
      return
    }
    this.#client = 'done'
    this.#extra = { duplicateOf: original.#process }
    recording.counters.duplicates++
  }

  /** What the request asks, where it is known: undefined until `called`, and where no mapping recognises it. */
  get call(): Call | undefined {
    return this.#call
  }

  get process(): number {
    return this.#process
  }

  get edges(): Edges {
    return this.#edges
  }

  /** The whole request is here, and is this call; undefined where no mapping recognises it. Once. */
  called(call: Call | undefined): void {
    const { views, counters, retries, client, lanes } = this.#recording
    this.#edges |= EDGE.clientIn
    if (call === undefined) {
      if (this.#clientPlace !== undefined) counters.unmatched++
      this.#cancelPlaces()
      return
    }
    this.#call = call
    this.#process = lanes.take()
    if (this.#clientPlace !== undefined) {
      const correlation = retries.correlate(client, call)
      if (correlation !== undefined) {
        this.#extra = correlation
        if ('repeats' in correlation) counters.blindRetries++
        else if (correlation.attempt !== undefined) counters.keyedRetries++
      }
      counters.operations++
      counters.open++
      views.client.fill(this.#clientPlace, this.#event('invoke', this.#begunAt, call.value, undefined, this.#extra))
      this.#clientPlace = undefined
    }
    if (this.#forwardedAt !== undefined) this.#invokeBackend(call, this.#forwardedAt)
  }

  /** Its first byte is about to be handed to the backend. */
  forwarded(time: Nanos): void {
    if (this.#forwardedAt !== undefined) return
    this.#forwardedAt = time
    this.#edges |= EDGE.backendOut
    // What no mapping recognises has no place in a history.
    if (this.#call === undefined && (this.#edges & EDGE.clientIn) !== 0) return
    this.#backendPlace = this.#recording.views.backend?.reserve()
    if (this.#call !== undefined) this.#invokeBackend(this.#call, time)
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
      if (this.#clientPlace !== undefined) this.#recording.counters.incomplete++
      this.#cancelPlaces()
      return
    }
    this.#endClient(time, undefined, reason)
    this.#endBackend(time, undefined, reason)
    this.#release()
  }

  #invokeBackend(call: Call, time: Nanos): void {
    this.#backend = 'open'
    const place = this.#backendPlace
    if (place === undefined) return
    this.#backendPlace = undefined
    this.#recording.views.backend?.fill(place, this.#event('invoke', time, call.value, undefined, this.#extra))
  }

  #endClient(time: Nanos, answer: Completion | undefined, reason: string | undefined): void {
    const call = this.#call
    if (call === undefined || this.#client !== 'open') return
    const { views, counters, retries, client } = this.#recording
    const outcome = outcomeOf({ edges: this.#edges, answer, reason, harmless: call.harmless === true })
    this.#client = outcome.type === 'info' ? 'unknown' : 'done'
    counters.open--
    counters[outcome.type]++
    if (answer === undefined || outcome.type === 'info') retries.unanswered(client, call, this.#process)
    views.client.append(this.#completion(time, outcome))
  }

  #endBackend(time: Nanos, answer: Completion | undefined, reason: string | undefined): void {
    const call = this.#call
    if (call === undefined || this.#backend !== 'open') return
    const outcome = outcomeOf({ edges: this.#edges, answer, reason, harmless: call.harmless === true })
    this.#backend = outcome.type === 'info' ? 'unknown' : 'done'
    this.#recording.views.backend?.append(this.#completion(time, outcome))
  }

  /** The process goes on to other operations once this one has ended in both views, and in neither as unknown. */
  #release(): void {
    if (this.#released || this.#call === undefined || this.#client !== 'done') return
    if (this.#backend === 'open' || this.#backend === 'unknown') return
    this.#released = true
    this.#recording.lanes.giveBack(this.#process)
  }

  #completion(time: Nanos, outcome: Completion): string {
    const extra = this.#edges === ALL_EDGES ? undefined : { edges: namesOfEdges(this.#edges) }
    return outcome.type === 'ok'
      ? this.#event('ok', time, outcome.value, undefined, extra)
      : this.#event(outcome.type, time, undefined, outcome.error, extra)
  }

  #event(
    type: EventType,
    time: Nanos,
    value: Json | undefined,
    error: string | undefined,
    extra: { readonly [member: string]: Json } | undefined,
  ): string {
    const { node, epoch } = this.#recording
    const { f = '', key } = this.#call ?? {}
    return eventMembers({ time, process: this.#process, type, f, key, value, node, error, extra, epoch: epoch() })
  }

  #cancelPlaces(): void {
    const { views } = this.#recording
    if (this.#clientPlace !== undefined) views.client.cancel(this.#clientPlace)
    if (this.#backendPlace !== undefined) views.backend?.cancel(this.#backendPlace)
    this.#clientPlace = undefined
    this.#backendPlace = undefined
  }
}
