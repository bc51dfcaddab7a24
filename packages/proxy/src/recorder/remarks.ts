import type { Touches } from './call.ts'
import type { Place } from './event-order.ts'
import type { Remark, View } from './view.ts'

/** The first so many of each kind are named. */
const NAMED = 3
/** Kinds of requests that are counted apart; what comes after counts as other ones. */
const MOST_KINDS = 1000
const OTHER_KINDS = 'other requests'

/** Why what is passed on touches anything. */
export const NO_OPERATION = 'it may have written, and is no operation'

/** What is missing in the record, counted, with the first few of each kind. */
export interface RemarkCounters {
  /** Requests that no mapping recognises: passed on, not recorded. */
  readonly unmatched: number
  /** Of those, the ones that may have written. */
  readonly touched: number
  /** Requests and answers that a mapping recognises, and that lack what it looks for. */
  readonly notUnderstood: number
  readonly examples: {
    /** Each kind once, with how many there were. */
    readonly passedOn: readonly PassedOnExample[]
    readonly touched: readonly Remark[]
    readonly notUnderstood: readonly Remark[]
  }
}

export interface PassedOnExample {
  readonly what: string
  readonly count: number
  readonly mayWrite: boolean
}

/** The places of one request in the two views, where it has them. */
export interface Places {
  readonly client: Place | undefined
  readonly backend: Place | undefined
}

/** All that the recorder says of its own record. */
export class Remarks {
  readonly #views: readonly View[]
  readonly #client: View
  readonly #backend: View | undefined
  readonly #passedOn: Map<string, { count: number; mayWrite: boolean }> = new Map()
  readonly #examples: { readonly touched: Remark[]; readonly notUnderstood: Remark[] } = {
    touched: [],
    notUnderstood: [],
  }
  #unmatched = 0
  #touched = 0
  #notUnderstood = 0

  constructor(client: View, backend: View | undefined) {
    this.#client = client
    this.#backend = backend
    this.#views = backend === undefined ? [client] : [client, backend]
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

  /** Counted, and in the history with the first of its kind. What it touches is said apart, once it is on its way. */
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

  /** From now on in both views. */
  touched(remark: Remark, touches: Touches): void {
    if (!this.#countTouch(remark, touches)) return
    for (const view of this.#views) view.touched(remark, touches)
  }

  /** From the places on; where there is none, from now on. */
  touchedFrom({ client, backend }: Places, remark: Remark, touches: Touches): void {
    this.#countTouch(remark, touches)
    if (client === undefined) this.#client.touched(remark, touches)
    else this.#client.touchedFrom(client, remark, touches)
    if (backend === undefined) this.#backend?.touched(remark, touches)
    else this.#backend?.touchedFrom(backend, remark, touches)
  }

  /** Something that a client read: of any key, where none is given. */
  notUnderstood(remark: Remark, key: string | undefined): void {
    this.countNotUnderstood(remark)
    for (const view of this.#views) view.notUnderstood(remark, key)
  }

  /** Without a mark, for what the events themselves leave open. */
  countNotUnderstood(remark: Remark): void {
    this.#notUnderstood++
    remember(this.#examples.notUnderstood, remark)
  }

  /** The totals. Nothing is recorded any more. */
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
