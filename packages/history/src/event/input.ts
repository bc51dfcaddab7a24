import { replacesWhole } from '../operations/meaning.ts'
import type { Json } from './event.ts'

/** A client's request, in the words of histories and models. */
export interface Input {
  readonly f: string
  /** The object it addresses; absent if there is only one. */
  readonly key?: string
  /** As in the invocation's event: null for a read, `[old, new]` for a `cas`. */
  readonly value: Json
}

/**
 * How an invocation ended. `ok` has the value for the history: what was read or handed out or, if the object answers
 * nothing, what was asked. `fail`: certainly had no effect. `info`: may have, now or later.
 */
export type Completion = (
  | { readonly type: 'ok'; readonly value: Json }
  | {
      readonly type: 'fail'
      readonly error: string
      /**
       * The object itself declined: the lock is held, the cas found another value. Absent if no object was asked, as for
       * want of a leader, a quorum or time.
       */
      readonly answered?: true | undefined
    }
  | { readonly type: 'info'; readonly error: string }
) & {
  /** The node that was asked, if the client itself chose it, as one does that looks for the primary. */
  readonly node?: string | undefined
}

/** Whether the object carried out what it was asked, or declined it. */
export const isAnswer = (completion: Completion): boolean =>
  completion.type === 'ok' || (completion.type === 'fail' && completion.answered === true)

/** The value that a write or a cas leaves behind; what any other operation was asked. */
export const writtenValue = (f: string, value: Json): Json =>
  f === 'cas' && Array.isArray(value) ? (value.at(-1) ?? null) : value

/** Whether the value of an answer takes the place of the invocation's. */
export type AnswerCounts = (asked: Json, answered: Json) => boolean

/** For an operation of this name; undefined if it is answered with something of another kind. */
export function answerCounts(f: string): AnswerCounts | undefined {
  if (replacesWhole(f)) return isWritten
  return f === 'cas' ? isPair : undefined
}

const ACKNOWLEDGED = /^(?:|ok|done|success|written|stored)$/i

/** A value of another kind is no value but a reply: a version, or that it was done. */
function isWritten(asked: Json, answered: Json): boolean {
  if (answered === null || (typeof answered === 'string' && ACKNOWLEDGED.test(answered))) return false
  if (asked === null) return answered !== true
  return typeof asked === typeof answered && Array.isArray(asked) === Array.isArray(answered)
}

const isPair = (_: Json, answered: Json): boolean => Array.isArray(answered) && answered.length === 2
