import { replacesWhole } from '../operations/meaning.ts'
import type { Json } from './event.ts'

/** A client's request, in the terms of histories and models. */
export interface Input {
  readonly f: string
  /** The object of the request; absent if there is only one object. */
  readonly key?: string
  /** As in the invocation's event: null for a read, `[old, new]` for a `cas`. */
  readonly value: Json
}

/**
 * How an invocation ended.
 *
 * - `ok`: `value` is the value read or delivered, or the requested value if the object returns no value.
 * - `fail`: the operation certainly had no effect.
 * - `info`: the operation may have had an effect, or may have one later.
 */
export type Completion = (
  | { readonly type: 'ok'; readonly value: Json }
  | {
      readonly type: 'fail'
      readonly error: string
      /**
       * True if the object processed the request and declined it. Absent if the object did not process the request, for
       * example because there was no leader.
       */
      readonly answered?: true | undefined
    }
  | { readonly type: 'info'; readonly error: string }
) & {
  /** Whether the client received an answer that it did not understand. */
  readonly misread?: true | undefined
  /** The node that received the request, if the client chose it. */
  readonly node?: string | undefined
}

/** Whether the completion shows that the object handled the request: it executed or declined it. */
export const isAnswer = (completion: Completion): boolean =>
  completion.type === 'ok' || (completion.type === 'fail' && completion.answered === true)

/** The value that a request writes: the new value of a cas; for any other function, the requested value. */
export const writtenValue = (f: string, value: Json): Json =>
  f === 'cas' && Array.isArray(value) ? (value.at(-1) ?? null) : value

/** Whether the value of an answer replaces the value of the invocation. */
export type AnswerCounts = (requested: Json, answered: Json) => boolean

/** Returns the `AnswerCounts` of the function `f`; undefined unless `f` is `cas` or replaces the whole value. */
export function answerCounts(f: string): AnswerCounts | undefined {
  if (replacesWhole(f)) return isWritten
  return f === 'cas' ? isPair : undefined
}

const ACKNOWLEDGED = /^(?:|ok|done|success|written|stored)$/i

/** Whether the answer to a write is the written value. An answer of another type is only a reply, such as a version. */
function isWritten(requested: Json, answered: Json): boolean {
  if (answered === null || (typeof answered === 'string' && ACKNOWLEDGED.test(answered))) return false
  if (requested === null) return answered !== true
  return typeof requested === typeof answered && Array.isArray(requested) === Array.isArray(answered)
}

const isPair = (_: Json, answered: Json): boolean => Array.isArray(answered) && answered.length === 2
