import type { Json } from './event.ts'

/** Whether the value of an answer takes the place of the invocation's. */
export type AnswerCounts = (asked: Json, answered: Json) => boolean

/** For an operation of this name; undefined if it is answered with something of another kind. */
export function answerCounts(f: string): AnswerCounts | undefined {
  if (f === 'write' || f === 'put') return isWritten
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
