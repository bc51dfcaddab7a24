import { errorText } from '@chaosproxy/history'
import { MalformedMessage } from '@chaosproxy/wire'
import type { Touches, Understanding } from './call.ts'
import type { Place } from './event-order.ts'
import type { Remark, View } from './view.ts'

const NAMED = 3
/** Maximum number of kinds of unrecorded requests that are counted separately. */
const MOST_KINDS = 1000
const OTHER_KINDS = 'other requests'

/** Why an unrecorded request puts marks on keys. */
export const NO_OPERATION = 'the request may have written, and is not recorded as an operation'

export interface RemarkCounters {
  /** Number of unrecorded requests. */
  readonly unmatched: number
  /** Number of unrecorded requests that may have written. */
  readonly touched: number
  /** Number of requests and replies without a required part. */
  readonly notUnderstood: number
  readonly examples: {
    readonly passedOn: readonly { readonly what: string; readonly count: number; readonly mayWrite: boolean }[]
    readonly touched: readonly Remark[]
    readonly notUnderstood: readonly Remark[]
  }
}

/**
 * The place of a request in the history of each view: first the client's view, then the backend's. Undefined for a view
 * in which the request has no place.
 */
export type Places = readonly (Place | undefined)[]

/**
 * Reports what became of a request: `refused`, it changed nothing; `ended`, it changes nothing more; `lasting`, it may
 * still change keys.
 */
export type Settle = (fate: 'refused' | 'ended' | 'lasting') => void

export class Remarks {
  readonly #views: readonly View[]
  readonly #passedOn: Map<string, { count: number; mayWrite: boolean }> = new Map()
  readonly #examples: { readonly touched: Remark[]; readonly notUnderstood: Remark[] } = {
    touched: [],
    notUnderstood: [],
  }
  #unmatched = 0
  #touched = 0
  #supposed = 0
  #notUnderstood = 0

  /** @param views the client's and, if it is recorded, the backend's */
  constructor(views: readonly View[]) {
    this.#views = views
  }

  get counters(): RemarkCounters {
    return {
      unmatched: this.#unmatched,
      touched: this.#touched,
      notUnderstood: this.#notUnderstood,
      examples: {
        passedOn: [...this.#passedOn].slice(0, NAMED).map(([what, rest]) => ({ what, ...rest })),
        touched: [...this.#examples.touched],
        notUnderstood: [...this.#examples.notUnderstood],
      },
    }
  }

  /**
   * Counts a request that was passed on without being recorded. Writes an event to the histories for the first request
   * of a kind, and for the first request of a kind that may write. Does not mark the keys that the request may change:
   * `touched` and `supposed` do.
   */
  passedOn(what: string, mayWrite: boolean): void {
    this.#unmatched++
    const known = this.#passedOn.get(what)
    if (known !== undefined && (known.mayWrite || !mayWrite)) {
      known.count++
      return
    }
    const kind = known !== undefined || this.#passedOn.size < MOST_KINDS ? what : OTHER_KINDS
    const counted = this.#passedOn.get(kind)
    if (counted === undefined) this.#passedOn.set(kind, { count: 1, mayWrite })
    else {
      counted.count++
      counted.mayWrite ||= mayWrite
      if (kind === OTHER_KINDS) return
    }
    this.#notePassedOn(kind)
  }

  /**
   * Marks keys as changed outside the record, from now on. Marks them in the client's view and, if it is recorded, in
   * the backend's.
   */
  touched(remark: Remark, touches: Touches): void {
    if (!this.#countTouch(remark, touches)) return
    for (const view of this.#views) view.touched(remark, touches)
  }

  /**
   * Marks keys that a request may change. Pass `true` to the returned function if the request was refused. Pass `false`
   * if it was not refused, or if this stays unknown.
   */
  supposed(places: Places, remark: Remark, touches: Touches): (isRefused: boolean) => void {
    const settle = this.doubted(remark, touches, places)
    return (isRefused) => settle(isRefused ? 'refused' : 'lasting')
  }

  /**
   * Marks keys as possibly changed while a request is in progress. The mark begins at the request's position in the
   * history, or at the end of the history if the request has no position. If the request is refused, the mark is
   * withdrawn.
   */
  doubted(remark: Remark, touches: Touches, places: Places = []): Settle {
    const mark = ++this.#supposed
    const ticks = this.#views.map((view, at) => view.supposed(remark, touches, mark, places[at]))
    return (fate) => {
      if (fate !== 'refused' && !this.#countTouch(remark, touches)) return
      for (const [at, view] of this.#views.entries())
        if (fate === 'lasting') view.confirmed(touches, ticks[at] ?? 0)
        else view.note(fate === 'refused' ? 'withdrawn' : 'settled', { mark })
    }
  }

  /** Marks a read as unknown. Without a key, the read may be of any key. */
  notUnderstood(remark: Remark, key: string | undefined): void {
    this.countNotUnderstood(remark)
    for (const view of this.#views) view.notUnderstood(remark, key)
  }

  /**
   * Counts a request or reply that was not understood, without writing to the histories. Call it if other events in the
   * histories already show what is unknown.
   */
  countNotUnderstood(remark: Remark): void {
    this.#notUnderstood++
    remember(this.#examples.notUnderstood, remark)
  }

  /** Writes the totals. Nothing may be recorded afterwards. */
  finish(): void {
    for (const [what, { count }] of this.#passedOn) if (count > 1) this.#notePassedOn(what)
  }

  #countTouch(remark: Remark, touches: Touches): boolean {
    if (touches === 'nothing') return false
    this.#touched++
    remember(this.#examples.touched, remark)
    return true
  }

  #notePassedOn(what: string): void {
    const counted = this.#passedOn.get(what)
    if (counted === undefined) return
    const { count, mayWrite } = counted
    for (const view of this.#views) view.note('passed-on', { what, count, mayWrite })
  }
}

function remember(examples: Remark[], remark: Remark): void {
  if (examples.length >= NAMED) return
  if (examples.some(({ what, why }) => what === remark.what && why === remark.why)) return
  examples.push(remark)
}

export function remarkOf(understanding: Exclude<Understanding, { readonly kind: 'operations' }>): Remark {
  const { what } = understanding
  return { what, why: understanding.kind === 'passed-on' ? NO_OPERATION : understanding.why }
}

/** Describes a connection whose reader threw an error. */
export const unreadable = (protocol: string, error: unknown): string =>
  error instanceof MalformedMessage
    ? `a connection that does not speak ${protocol} (${error.message})`
    : `a connection of ${protocol} with a message that chaos failed to read (${errorText(error)})`
