import type { Json } from '@chaosproxy/history'
import { type Call, declined, type Interpretation, ok } from '../record/call.ts'
import { redisErrors } from './errors.ts'

/**
 * Interprets a reply to a call. The reply is in the form of `respToJson`, and never an error. `index` is the call's
 * position within its command.
 */
export type Interpret = (answer: Json, call: Call, index: number) => Interpretation | undefined

export interface CommandOperation {
  readonly call: Call
  readonly interpret: Interpret
  /** Whether the operation leaves the key's time to live in force. Most writes end it. */
  readonly keepsTimeToLive?: true | undefined
  /** Whether the operation is on a field of a hash. The hash may exist without the field. */
  readonly isField?: true | undefined
  /**
   * Returns whether the reply shows that the key had a value before the command. Present only if the completion does
   * not show this.
   */
  readonly sees?: ((answer: Json) => 'value' | 'nothing' | undefined) | undefined
}

export const isList = (answer: Json | undefined): answer is readonly Json[] => Array.isArray(answer)

/** Returns the element at a position of a list; undefined if the reply is not a list. */
export const elementOf = (answer: Json | undefined, at: number): Json | undefined =>
  isList(answer) ? answer[at] : undefined

/**
 * Whether a reply is a value that was read: a string, null, or an object. An object stands for bytes that are not text.
 */
const isText = (answer: Json | undefined): boolean =>
  typeof answer === 'string' || (typeof answer === 'object' && !Array.isArray(answer))

const done = (call: Call): Interpretation => ok(typeof call.value === 'symbol' ? null : call.value)

export const interpretText: Interpret = (answer) => (isText(answer) ? ok(answer) : undefined)

/** Interprets a list that has one string for each call. */
export const interpretTexts: Interpret = (answer, _, index) => {
  const text = elementOf(answer, index)
  return text !== undefined && isText(text) ? ok(text) : undefined
}

export const interpretOk: Interpret = (answer, call) => (answer === 'OK' ? done(call) : undefined)

/** Interprets any number as success. */
export const interpretCount: Interpret = (answer, call) => (typeof answer === 'number' ? done(call) : undefined)

/**
 * Interprets `yes` as success and `no` as a failed condition. The result of a success is `value`; by default, the value
 * of the call.
 */
export const interpretEither =
  (yes: Json, no: Json, error: string, value?: Json): Interpret =>
  (answer, call) =>
    answer === yes ? (value === undefined ? done(call) : ok(value)) : answer === no ? declined(error) : undefined

/** Interprets OK, or null for a failed condition. */
export const interpretOkOr = (error: string, value?: Json): Interpret => interpretEither('OK', null, error, value)

/** Interprets 1 as success, and 0 as a failed condition. */
export const interpretOneOr = (error: string): Interpret => interpretEither(1, 0, error)

/**
 * Interprets a reply with the old value of a cas. If `isPut` returns true for the old value, the cas has written
 * `value`; otherwise it has written nothing.
 */
export const interpretOld =
  (value: Json, isPut: (old: Json) => boolean = () => true): Interpret =>
  (answer) =>
    isText(answer) ? ok([answer, isPut(answer) ? value : answer]) : undefined

export const interpretList: Interpret = (answer) => (isList(answer) ? ok(answer) : undefined)

export const interpretString: Interpret = (answer) => (typeof answer === 'string' ? ok(answer) : undefined)

/**
 * Interprets the sum that an addition returns. The sum also shows the old value. If the old value is 0, the key may
 * have been absent.
 */
export const interpretSum =
  (amount: number): Interpret =>
  (answer) => {
    if (typeof answer !== 'number' || !Number.isSafeInteger(answer - amount)) return undefined
    return ok(answer === amount ? [String(answer)] : [String(answer - amount), String(answer)])
  }

const DEFINITE: ReadonlySet<string> = new Set(
  redisErrors.filter(({ means }) => means === 'fail').flatMap(({ texts: words }) => words),
)

/**
 * A proxy in front of Redis also answers `ERR` if it loses the server. The server may then have executed the command.
 */
const LOST_BY_A_PROXY = /time|connection|reset|refused|closed|unavailable|upstream|backend/i

/** @param isLate whether a part of the command may have been done before the error, as in a script. */
export function refusalOf(error: string, isLate = false): Interpretation {
  const [word = ''] = error.split(' ')
  const isDefinite = DEFINITE.has(word) && !isLate && !(word === 'ERR' && LOST_BY_A_PROXY.test(error))
  return { type: isDefinite ? 'fail' : 'info', error }
}

export const isError = (answer: Json | undefined): answer is { readonly error: string } =>
  typeof answer === 'object' && answer !== null && 'error' in answer && typeof answer['error'] === 'string'
