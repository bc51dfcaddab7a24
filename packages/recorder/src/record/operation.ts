import { isTooDeep, type Json, meaningOf, type Nanos, TOO_DEEP } from '@chaosproxy/history'
import {
  ALL_EDGES,
  type Call,
  type Edges,
  type Interpretation,
  nameOf,
  namesOfEdges,
  notUnderstood,
  UNSAID,
} from './call.ts'
import type { Extra, Line, RecordedEvent } from './event-line.ts'
import { eventLine, extraOf, joined, NO_EXTRA, subjectText, UNWRITTEN, valueText } from './event-line.ts'
import { outcomeOf } from './outcome.ts'
import type { Lanes } from './processes.ts'
import type { ConnectionRecording } from './recording.ts'
import type { Remark, View } from './view.ts'

/** An operation in the client's view and the backend's view. Has a process, and creates the lines of its events. */
export class Operation {
  readonly process: number
  readonly #recording: ConnectionRecording
  readonly #lanes: Lanes
  readonly #call: Call
  readonly #key: string | undefined
  readonly #extra: Extra
  readonly #subject: string
  readonly #input: string
  #client: 'open' | 'done' | 'unknown'
  #backend: 'unasked' | 'open' | 'done' | 'unknown' = 'unasked'
  #released = false
  /** Cached parts of the completion. They are usually the same in the client's view and in the backend's view. */
  #more: Extra | undefined
  #reported: { readonly value: Json; readonly text: string } | undefined

  /**
   * @param tick a moment at which the operation's process was idle.
   * @param isForClient whether the client's view contains the operation, too. Otherwise only the backend's view does.
   * @param extra further members of the operation's invocations.
   */
  constructor(
    recording: ConnectionRecording,
    lanes: Lanes,
    call: Call,
    key: string | undefined,
    tick: number | undefined,
    isForClient: boolean,
    extra: Extra,
  ) {
    this.process = lanes.take(tick)
    this.#recording = recording
    this.#lanes = lanes
    this.#call = call
    this.#key = key
    this.#extra = call.version === undefined ? extra : joined(extra, UNSAID_VERSION)
    this.#subject = subjectText(call.f, key)
    const requestValue = this.#requestValue
    this.#input = requestValue === undefined ? '' : valueText(requestValue)
    this.#client = isForClient ? 'open' : 'done'
    if (!isForClient) return
    recording.counters.operations++
    recording.counters.open++
    if (lanes.session === undefined) recording.counters.unnamed++
  }

  invokedByClient(time: Nanos): Line {
    this.#noteAbsence(this.#recording.views.client)
    return this.#invocation(time)
  }

  /** Call before the request is sent to the backend. */
  requested(): void {
    this.#backend = 'open'
  }

  invokedAtBackend(time: Nanos, view: View): Line {
    this.#backend = 'open'
    this.#noteAbsence(view)
    return this.#invocation(time)
  }

  /** Call when the client has its reply, or never will. `backend`: the backend's own reply. */
  endForClient(
    time: Nanos,
    edges: Edges,
    answer: Interpretation | undefined,
    backend: Interpretation | undefined,
    reason: string | undefined,
  ): void {
    if (this.#client !== 'open') return
    const { views, counters, retries, remarks } = this.#recording
    const outcome = this.#outcome(edges, answer, backend, reason)
    const type = typeOf(outcome)
    this.#client = type === 'info' ? 'unknown' : 'done'
    counters.open--
    counters[type]++
    if (answer === undefined || type === 'info') retries.unanswered(this.#call, this.process, this.#lanes.session)
    if (outcome.type === 'not-understood') remarks.countNotUnderstood(this.#remark(outcome.error))
    this.#end(views.client, time, edges, outcome)
  }

  /** Call when the client has hung up. The client may repeat the request before the recorder notices the lost reply. */
  mayBeRepeated(): void {
    if (this.#client !== 'open') return
    this.#recording.retries.unanswered(this.#call, this.process, this.#lanes.session)
  }

  /** Call when the backend has replied, or never will. */
  endAtBackend(time: Nanos, edges: Edges, answer: Interpretation | undefined, reason: string | undefined): void {
    if (this.#backend !== 'open') return
    const outcome = this.#outcome(edges, answer, answer, reason)
    this.#backend = typeOf(outcome) === 'info' ? 'unknown' : 'done'
    const { backend } = this.#recording.views
    if (backend !== undefined) this.#end(backend, time, edges, outcome)
  }

  /**
   * Releases the operation's process for further operations. Does nothing while the operation is open in the client's
   * or the backend's view, or if its outcome is unknown in one of them.
   */
  release(): void {
    if (this.#released || this.#client !== 'done') return
    if (this.#backend === 'open' || this.#backend === 'unknown') return
    this.#released = true
    this.#lanes.giveBack(this.process)
  }

  #outcome(
    edges: Edges,
    answer: Interpretation | undefined,
    backend: Interpretation | undefined,
    reason: string | undefined,
  ): Interpretation {
    if (answer?.type === 'ok') return 'value' in answer && isTooDeep(answer.value) ? TOO_DEEP_ANSWER : answer
    return outcomeOf({ edges, answer, backend, reason, harmless: this.#call.harmless === true })
  }

  #end(view: View, time: Nanos, edges: Edges, outcome: Interpretation): void {
    const key = this.#key
    if (outcome.type === 'not-understood') {
      const remark = this.#remark(outcome.error)
      // The value in the answer is unknown. For example, a queue may have delivered an element a second time.
      if (this.#call.harmless === true || meaningOf(this.#call.f)?.answers === 'value') view.notUnderstood(remark, key)
      else if (this.#call.value === UNSAID && this.#call.version === undefined)
        view.touched(remark, key === undefined ? 'everything' : { keys: [key] })
    } else if (outcome.type === 'ok' && key !== undefined && 'value' in outcome && outcome.value === null)
      view.seenAbsent(key)
    view.order.append(this.#completion(time, edges, outcome))
  }

  #remark(why: string): Remark {
    return { what: nameOf(this.#call), why }
  }

  /** If the operation writes null, notes that its key may become absent. */
  #noteAbsence(view: View): void {
    if (this.#call.value === null && this.#call.harmless !== true && this.#key !== undefined) view.seenAbsent(this.#key)
  }

  #completion(time: Nanos, edges: Edges, outcome: Interpretation): Line {
    const recording = this.#recording
    const { node } = recording
    const { process } = this
    const { f } = this.#call
    const key = this.#key
    const epoch = recording.epoch()
    const crossed = edges === ALL_EDGES ? NO_EXTRA : (edgesMembers[edges] ?? NO_EXTRA)
    const extra = joined(crossed, this.#moreOf(outcome))
    if (outcome.type !== 'ok') {
      const { error } = outcome
      const event = { index: UNWRITTEN, time, process, type: typeOf(outcome), f, key, node, error, epoch }
      const more = outcome.type === 'fail' && outcome.answered === true ? joined(ANSWERED, extra) : extra
      return lineOf(event, this.#subject, recording.tailWithError(error), more)
    }
    const isReported = 'value' in outcome && outcome.value !== this.#call.value
    if (isReported && this.#reported?.value !== outcome.value)
      this.#reported = { value: outcome.value, text: valueText(outcome.value) }
    const reported = isReported ? this.#reported : undefined
    const value = reported === undefined ? this.#requestValue : reported.value
    const text = reported === undefined ? this.#input : reported.text
    const event = { index: UNWRITTEN, time, process, type: outcome.type, f, key, value, node, epoch }
    return lineOf(event, `${this.#subject}${text}`, recording.tailText(), extra)
  }

  #moreOf(outcome: Interpretation): Extra {
    const { more } = this.#call
    if (more === undefined || outcome.type === 'fail') return NO_EXTRA
    // Not cached: the members change until all statements are answered.
    if (outcome.type !== 'ok') return extraOf(more())
    this.#more ??= extraOf(more())
    return this.#more
  }

  #invocation(time: Nanos): Line {
    const recording = this.#recording
    const { node } = recording
    const { process } = this
    const { f } = this.#call
    const { session, sessionMember } = this.#lanes
    const value = this.#requestValue
    const event = {
      index: UNWRITTEN,
      time,
      process,
      type: 'invoke',
      f,
      key: this.#key,
      value,
      node,
      session,
      epoch: recording.epoch(),
    } as const
    const tail = session === undefined ? recording.tailText() : recording.tailWith(sessionMember)
    return lineOf(event, `${this.#subject}${this.#input}`, tail, this.#extra)
  }

  get #requestValue(): Json | undefined {
    const { value, version } = this.#call
    if (value !== UNSAID) return value
    return version?.from === undefined ? undefined : [version.from, null]
  }
}

/** The member `unsaid` of an invocation. It says that only the completion contains the new version. */
const UNSAID_VERSION = extraOf({ unsaid: 'version' })

const lineOf = (event: RecordedEvent, members: string, tail: string, extra: Extra): Line =>
  extra === NO_EXTRA
    ? eventLine(event, members, tail)
    : eventLine(Object.assign(event, extra.members), members, `${tail}${extra.text}`)

const typeOf = (outcome: Interpretation): 'ok' | 'fail' | 'info' =>
  outcome.type === 'not-understood' ? 'info' : outcome.type

const TOO_DEEP_ANSWER = notUnderstood(`its value is ${TOO_DEEP}`)

/**
 * The member `answered` of a refusal. It says that the request reached the object, and the object itself refused it.
 */
const ANSWERED = extraOf({ answered: true })

/** For each set of edges (see `Edges`): the member `edges` of a completion, with the names of these edges. */
const edgesMembers: readonly Extra[] = Array.from({ length: ALL_EDGES + 1 }, (_, edges) =>
  extraOf({ edges: namesOfEdges(edges) }),
)
