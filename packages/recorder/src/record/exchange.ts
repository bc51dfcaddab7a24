import { isTooDeep, type Json, type Nanos, TOO_DEEP } from '@chaosproxy/history'
import type { Call, Completions, Edges, Interpretation, Understanding } from './call.ts'
import { EDGE, nameOf, UNSAID } from './call.ts'
import { completionsOfCopy, okOf, partOf } from './completions.ts'
import { type Extra, extraOf, joined, type Line, NO_EXTRA } from './event-line.ts'
import type { Place } from './event-order.ts'
import { Operation } from './operation.ts'
import { outcomeOf } from './outcome.ts'
import type { Lanes } from './processes.ts'
import type { ConnectionRecording } from './recording.ts'
import { remarkOf } from './remarks.ts'
import type { View } from './view.ts'

const NO_CALLS: readonly Call[] = []
const NO_OPERATIONS: readonly undefined[] = []

/**
 * How an exchange begins. `begun`: with the first byte of the request. `whole`: with the whole request. An `Exchange`:
 * as a duplicate of that exchange's request.
 */
export type Beginning = 'begun' | 'whole' | Exchange

/**
 * A request and its reply. Follows the request and the reply as they enter and leave the proxy, and writes their events
 * to the views of the client and of the backend. The caller reports each step when it happens, because the order of the
 * calls is the order of the histories.
 */
export class Exchange {
  readonly #recording: ConnectionRecording
  readonly #begunAt: Nanos
  /** Whether this request is a duplicate that the proxy sent without the client's knowledge. */
  readonly #isDuplicate: boolean
  /** Whether the proxy sent duplicates of this request. A duplicate may be executed even if the request is refused. */
  #isCopied = false
  #clientPlace: Place | undefined
  #backendPlace: Place | undefined
  #understanding: Understanding | undefined
  #lanes: Lanes
  #calls: readonly Call[] = NO_CALLS
  /** The operation of a request that has exactly one call and contains the key, as nearly all requests do. */
  #only: Operation | undefined
  /** The operation of each call, if `#only` is not set. Undefined for a call if only the reply contains its keys. */
  #operations: readonly (Operation | undefined)[] = NO_OPERATIONS
  /**
   * For each call whose keys only the reply contains: one operation for each key in the reply. For any other call, the
   * list is empty. Undefined until a reply contains keys of such a call.
   */
  #entries: readonly (readonly Operation[])[] | undefined
  /**
   * Whether the invocations wait for the reply, because only the reply contains their keys. Their places are reserved.
   */
  #waitsForClient = false
  #waitsForBackend = false
  #clientIsOver = false
  #extra: Extra = NO_EXTRA
  /**
   * Reports whether the request was refused. If it was, the marks on the keys that it might have changed are withdrawn.
   * Set only if the request may have changed keys.
   */
  #settle: ((isRefused: boolean) => void) | undefined
  /** The members that the events of all operations of the request have in common. */
  #shared: Extra = NO_EXTRA
  #edges: Edges = 0
  #forwardedAt: Nanos | undefined
  /** The backend's reply, which the client may never see. */
  #backendAnswer: Completions | undefined

  constructor(recording: ConnectionRecording, begunAt: Nanos, beginning: Beginning) {
    this.#recording = recording
    this.#begunAt = begunAt
    this.#lanes = recording.lanes
    this.#isDuplicate = typeof beginning !== 'string'
    if (beginning === 'begun') this.#clientPlace = recording.views.client.order.reserve()
    else if (beginning !== 'whole') {
      recording.counters.duplicates++
      this.#clientIsOver = true
      beginning.#isCopied = true
      this.#extra = extraOf({ duplicateOf: beginning.#process })
      if (beginning.#understanding !== undefined) this.called(beginning.#understanding)
    }
  }

  get calls(): readonly Call[] {
    return this.#calls
  }

  /** Call once, when the request's meaning is known. */
  called(requested: Understanding): void {
    const understanding = recordable(requested)
    this.#understanding = understanding
    this.#edges |= EDGE.clientIn
    if (understanding.kind === 'operations') this.#invoke(understanding)
    else this.#pass(understanding)
  }

  /** Call before the request's first byte is sent to the backend. */
  forwarded(time: Nanos): void {
    if (this.#forwardedAt !== undefined) return
    this.#forwardedAt = time
    this.#edges |= EDGE.backendOut
    const understanding = this.#understanding
    if (understanding?.kind === 'operations') this.#invokeBackend(time)
    else if (understanding !== undefined) this.#suppose(understanding)
    // A request that ended incomplete is never understood, so no place in the order of the events is reserved for it.
    else if ((this.#edges & EDGE.clientIn) === 0) this.#backendPlace = this.#recording.views.backend?.order.reserve()
  }

  /** Call when the backend's whole reply has arrived. */
  answered(time: Nanos, answer: Completions): void {
    this.#edges |= EDGE.backendIn
    this.#backendAnswer = answer
    this.settled(partOf(answer, 0)?.type === 'fail')
    this.#recording.counters.answered++
    this.#endBackend(time, answer, undefined)
    this.#release()
  }

  /** Call when the last byte of a reply, real or fabricated, was sent to the client. */
  delivered(time: Nanos, answer: Completions): void {
    this.#edges |= EDGE.clientOut
    this.#endClient(time, answer, undefined)
    this.#release()
  }

  /** Call if the client will get no reply. The backend may still send one. */
  lostForClient(time: Nanos, reason: string): void {
    this.#endClient(time, undefined, reason)
    this.#release()
  }

  /** Call when the client has hung up, and may repeat the request elsewhere. The backend may still reply. */
  mayBeRepeated(): void {
    for (const operation of this.#all()) operation.mayBeRepeated()
  }

  /** Call when neither the client nor the backend will send more of this exchange. */
  ended(time: Nanos, reason: string): void {
    this.settled(false)
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

  /**
   * The backend's reply to the client's own request. Undefined if the proxy sent duplicates, because the reply may
   * answer a duplicate.
   */
  get #saidToClient(): Completions | undefined {
    return this.#isCopied ? undefined : this.#backendAnswer
  }

  get #process(): number {
    return this.#only?.process ?? this.#operations[0]?.process ?? this.#entries?.[0]?.[0]?.process ?? 0
  }

  #invoke({ calls, session, final }: Extract<Understanding, { readonly kind: 'operations' }>): void {
    const { processes } = this.#recording
    this.#calls = calls
    // A duplicate is not the client's request, so it has a process of its own.
    if (this.#isDuplicate) this.#lanes = session === undefined ? processes.lanes() : processes.lanesOfCopy()
    else {
      if (session !== undefined) this.#lanes = processes.lanesOf(session)
      this.#extra = this.#correlate(calls[0])
    }
    if (final === true) this.#shared = extraOf({ final: true })
    this.#extra = joined(this.#extra, this.#shared)
    const tick = this.#clientPlace?.tick
    const { key } = calls[0]
    if (calls.length === 1 && key !== UNSAID) this.#only = this.#operation(calls[0], key, tick)
    else
      this.#operations = calls.map((call, i) =>
        call.key === UNSAID ? undefined : this.#operation(call, call.key, tick, i),
      )
    if (this.#operations.includes(undefined)) this.#wait()
    else if (!this.#isDuplicate) this.#invokeForClient()
    if (this.#forwardedAt !== undefined) this.#invokeBackend(this.#forwardedAt)
  }

  /** `part` distinguishes equal operations of one request, in the same way in all attempts. */
  #operation(call: Call, key: string | undefined, tick: number | undefined, part?: number | string): Operation {
    const extra = part === undefined ? this.#extra : this.#extraOf(call, part)
    return new Operation(this.#recording, this.#lanes, call, key, tick, !this.#clientIsOver, extra)
  }

  /**
   * Returns members by which retries are recognised. A request with an id is recognised as a whole; otherwise each
   * operation is recognised by itself.
   */
  #extraOf(call: Call, part: number | string): Extra {
    if ('requestId' in this.#extra.members) return joined(this.#extra, extraOf({ part: `${part}` }))
    if (part === 0 || typeof part === 'string' || this.#isDuplicate) return this.#extra
    return joined(this.#shared, this.#correlate(call))
  }

  #correlate(call: Call): Extra {
    const { retries, counters } = this.#recording
    const correlation = retries.correlate(call, this.#lanes.session)
    if (correlation === undefined) return NO_EXTRA
    if ('repeats' in correlation) counters.blindRetries++
    else if (correlation.attempt !== undefined) counters.keyedRetries++
    return extraOf(correlation)
  }

  /** Reserves the places of invocations whose keys only the reply contains. */
  #wait(): void {
    const { views, counters } = this.#recording
    this.#waitsForBackend = true
    if (this.#isDuplicate) return
    this.#waitsForClient = true
    this.#clientPlace ??= views.client.order.reserve()
    counters.open++
  }

  #invokeForClient(): void {
    const { order } = this.#recording.views.client
    const place = this.#clientPlace
    this.#clientPlace = undefined
    if (place !== undefined) order.fill(place, this.#clientInvocations())
    else if (this.#only !== undefined) order.append(this.#only.invokedByClient(this.#begunAt))
    else for (const line of this.#clientInvocations()) order.append(line)
  }

  #clientInvocations(): Line[] {
    return this.#all().map((operation) => operation.invokedByClient(this.#begunAt))
  }

  #invokeBackend(time: Nanos): void {
    const view = this.#recording.views.backend
    if (view === undefined) {
      for (const operation of this.#all()) operation.requested()
      return
    }
    const place = this.#backendPlace
    if (this.#waitsForBackend) {
      this.#backendPlace = place ?? view.order.reserve()
      return
    }
    this.#backendPlace = undefined
    if (place === undefined && this.#only !== undefined) {
      view.order.append(this.#only.invokedAtBackend(time, view))
      return
    }
    const lines = this.#all().map((operation) => operation.invokedAtBackend(time, view))
    if (place !== undefined) view.order.fill(place, lines)
    else for (const line of lines) view.order.append(line)
  }

  #pass(understanding: Exclude<Understanding, { readonly kind: 'operations' }>): void {
    const { remarks } = this.#recording
    const { what, touches } = understanding
    const remark = remarkOf(understanding)
    if (!this.#isDuplicate) {
      if (understanding.kind === 'passed-on') {
        if (understanding.isOwn !== true) remarks.passedOn(what, touches !== 'nothing')
      } else if (touches === 'nothing') remarks.notUnderstood(remark, understanding.key)
      else remarks.countNotUnderstood(remark)
    }
    // A request that was never sent changes nothing.
    if (touches === 'nothing' || this.#forwardedAt === undefined) this.#cancelPlaces()
    else this.#suppose(understanding)
  }

  /** Marks the keys that the request may change. The marks are withdrawn if it is refused. */
  #suppose(understanding: Exclude<Understanding, { readonly kind: 'operations' }>): void {
    const { touches } = understanding
    if (touches === 'nothing') return
    const places = [this.#clientPlace, this.#backendPlace]
    this.#settle = this.#recording.remarks.supposed(places, remarkOf(understanding), touches)
    this.#forgetPlaces()
  }

  /**
   * Call for a request that is not an operation. Pass `true` if the request was refused, and `false` if it was not
   * refused or if this never becomes known.
   */
  settled(isRefused: boolean): void {
    this.#settle?.(isRefused && !this.#isCopied && !this.#isDuplicate)
    this.#settle = undefined
  }

  #endClient(time: Nanos, answer: Completions | undefined, reason: string | undefined): void {
    if (this.#clientIsOver || this.#calls.length === 0) return
    if (this.#waitsForClient) this.#resolveForClient(answer, reason)
    this.#clientIsOver = true
    const backend = this.#saidToClient
    if (this.#only !== undefined)
      this.#only.endForClient(time, this.#edges, partOf(answer, 0), partOf(backend, 0), reason)
    else
      this.#end(answer, (operation, completion, i) =>
        operation.endForClient(time, this.#edges, completion, partOf(backend, i), reason),
      )
  }

  #endBackend(time: Nanos, answer: Completions | undefined, reason: string | undefined): void {
    if (this.#calls.length === 0) return
    if (this.#waitsForBackend) this.#resolveAtBackend(answer, reason)
    const completions = this.#isDuplicate ? completionsOfCopy(answer) : answer
    if (this.#only !== undefined) this.#only.endAtBackend(time, this.#edges, partOf(completions, 0), reason)
    else
      this.#end(completions, (operation, completion) => operation.endAtBackend(time, this.#edges, completion, reason))
  }

  #end(
    answer: Completions | undefined,
    end: (operation: Operation, completion: Interpretation | undefined, i: number) => void,
  ): void {
    for (const i of this.#calls.keys()) {
      const completion = partOf(answer, i)
      const operation = this.#operations[i]
      if (operation !== undefined) end(operation, completion, i)
      else
        this.#entries?.[i]?.forEach((entry, j) => {
          end(entry, completion?.type === 'ok' && 'entries' in completion ? okOf(completion.entries[j]) : completion, i)
        })
    }
  }

  #resolveForClient(answer: Completions | undefined, reason: string | undefined): void {
    this.#recording.counters.open--
    this.#learn(answer)
    const place = this.#clientPlace
    this.#clientPlace = undefined
    if (place === undefined) return
    const { views, counters } = this.#recording
    const invocations = this.#clientInvocations()
    const lost = this.#lost(views.client, place, answer, reason, (type) => {
      counters.operations++
      counters[type]++
    })
    views.client.order.fill(place, [...invocations, ...lost])
  }

  #resolveAtBackend(answer: Completions | undefined, reason: string | undefined): void {
    this.#waitsForBackend = false
    this.#learn(answer)
    const place = this.#backendPlace
    const time = this.#forwardedAt
    const view = this.#recording.views.backend
    this.#backendPlace = undefined
    if (view === undefined || time === undefined || place === undefined) return
    const invocations = this.#all().map((operation) => operation.invokedAtBackend(time, view))
    view.order.fill(place, [...invocations, ...this.#lost(view, place, answer, reason)])
  }

  /** Creates operations from the keys and values in the reply. */
  #learn(answer: Completions | undefined): void {
    if (this.#entries !== undefined) return
    const tick = this.#clientPlace?.tick ?? this.#backendPlace?.tick
    const entries = this.#calls.map((call, i) => {
      const completion = call.key === UNSAID ? partOf(answer, i) : undefined
      if (completion?.type !== 'ok' || !('entries' in completion)) return undefined
      return completion.entries.map(({ key }, j) => this.#operation(call, key, tick, `${i}.${j}`))
    })
    if (entries.some((entry) => entry !== undefined)) this.#entries = entries.map((entry) => entry ?? [])
  }

  /** Returns marks for the keys of calls without an answer. */
  #lost(
    view: View,
    place: Place,
    answer: Completions | undefined,
    reason: string | undefined,
    count: (type: 'fail' | 'info') => void = () => undefined,
  ): readonly Line[] {
    if (this.#entries !== undefined) return []
    return this.#calls.flatMap((call, i) => {
      if (call.key !== UNSAID) return []
      const harmless = call.harmless === true
      const outcome = outcomeOf({
        edges: this.#edges,
        answer: partOf(answer, i),
        backend: partOf(view === this.#recording.views.client ? this.#saidToClient : this.#backendAnswer, i),
        reason,
        harmless,
      })
      const isOpen = outcome.type === 'info' || outcome.type === 'not-understood'
      count(isOpen ? 'info' : 'fail')
      if (!isOpen) return []
      const remark = { what: nameOf(call), why: `${outcome.error}, so its key is unknown` }
      if (outcome.type === 'not-understood' && view === this.#recording.views.client)
        this.#recording.remarks.countNotUnderstood(remark)
      if (!harmless) return view.creationLostLines(place, remark)
      view.notUnderstood(remark, undefined)
      return []
    })
  }

  #all(): readonly Operation[] {
    if (this.#only !== undefined) return [this.#only]
    return this.#calls.flatMap((_, i) => this.#operations[i] ?? this.#entries?.[i] ?? [])
  }

  #release(): void {
    if (this.#only !== undefined) this.#only.release()
    else for (const operation of this.#all()) operation.release()
  }

  #cancelPlaces(): void {
    const { client, backend } = this.#recording.views
    if (this.#clientPlace !== undefined) client.order.cancel(this.#clientPlace)
    if (this.#backendPlace !== undefined) backend?.order.cancel(this.#backendPlace)
    this.#forgetPlaces()
  }

  #forgetPlaces(): void {
    this.#clientPlace = undefined
    this.#backendPlace = undefined
  }
}

/**
 * Returns the meaning of a request. If a history cannot hold the request's values, the request is not recorded as an
 * operation, and the keys that it may change are marked as touched.
 */
function recordable(requested: Understanding): Understanding {
  if (requested.kind !== 'operations') return requested
  const call = requested.calls.find(({ value, version }) => isUnwritable(value) || isUnwritable(version?.from))
  if (call === undefined) return requested
  const changed = requested.calls.filter(({ harmless }) => harmless !== true)
  const keys = changed.flatMap(({ key }) => (typeof key === 'string' ? [key] : []))
  return {
    kind: 'not-understood',
    what: nameOf(call),
    why: `its value is ${TOO_DEEP}`,
    key: typeof call.key === 'string' ? call.key : undefined,
    touches: changed.length === 0 ? 'nothing' : keys.length === changed.length ? { keys } : 'everything',
  }
}

const isUnwritable = (value: Json | typeof UNSAID | undefined): boolean =>
  typeof value === 'object' && value !== null && isTooDeep(value)
