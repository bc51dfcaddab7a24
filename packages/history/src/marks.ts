import type { Event, Json } from './event.ts'

/**
 * What the recorder says of its own record. `touched`: from here on the key is changed by something that is not an
 * operation of this history. `not-understood`: what a read returned is lost, since its answer was not understood.
 */
export interface Mark {
  readonly kind: 'touched' | 'not-understood'
  /** The key's name; undefined where it may be any key. */
  readonly key: string | undefined
  /** Event position, to be compared with `callEvent` and `returnEvent`: client events before the mark have smaller ones. */
  readonly position: number
  /** 1-based line in the file. */
  readonly line: number
  /** The request or command: `POST /login`, `EVAL`. */
  readonly what: string
  readonly why: string
}

/** Traffic that was passed on without being an operation. */
export interface PassedOn {
  readonly what: string
  readonly count: number
  /** Whether it may have changed what the operations are on; a `touched` mark then says from where on. */
  readonly mayWrite: boolean
}

/** Collects what the recorder says of its record. */
export class RecorderNotes {
  readonly marks: Mark[] = []
  readonly #passedOn: Map<string, PassedOn> = new Map()

  /** `position` is the number of client events before this one; events that this version does not know say nothing. */
  add({ f, key, value }: Event, position: number, line: number): void {
    const what = textAt(value, 'what')
    if (f === 'touched' || f === 'not-understood') {
      this.marks.push({ kind: f, key, position, line, what, why: textAt(value, 'why') })
    } else if (f === 'passed-on') {
      const count = memberOf(value, 'count')
      const mayWrite = memberOf(value, 'mayWrite') === true
      // The last one has the total.
      this.#passedOn.set(what, { what, count: typeof count === 'number' ? count : 1, mayWrite })
    }
  }

  passedOn(): readonly PassedOn[] {
    return [...this.#passedOn.values()]
  }
}

function textAt(value: Json, member: string): string {
  const text = memberOf(value, member)
  return typeof text === 'string' ? text : 'not said'
}

function memberOf(value: Json, member: string): Json | undefined {
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, member)) return undefined
  return (value as { readonly [name: string]: Json })[member]
}
