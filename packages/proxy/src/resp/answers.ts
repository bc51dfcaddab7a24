import type { Json } from '@chaosproxy/history'
import type { Call, Completion } from '../recorder/call.ts'

/**
 * What an answer (see `respToJson`) says of a call; undefined where it is not understood. Errors are not asked about
 * here. `index` is the call's place among those of its command.
 */
export type Says = (answer: Json, call: Call, index: number) => Completion | undefined

/** One operation of a command, and what its answer says of it. */
export interface Part {
  readonly call: Call
  readonly says: Says
  /** It leaves the key's time to live as it is; what writes usually ends that. */
  readonly keepsTimeToLive?: true | undefined
  /** Of a hash, which may be there without it. */
  readonly isField?: true | undefined
  /** Where the operation does not say: what the answer says was there before. */
  readonly sees?: ((answer: Json) => 'value' | 'nothing' | undefined) | undefined
}

const ok = (value: Json): Completion => ({ type: 'ok', value })
const refused = (error: string): Completion => ({ type: 'fail', error })

/** The text that was read; null where there is none. Bytes that are no text are an object. */
const isText = (answer: Json | undefined): boolean =>
  typeof answer === 'string' || (typeof answer === 'object' && !Array.isArray(answer))

/** What was asked for was done. */
const done = (call: Call): Completion => ok(typeof call.value === 'symbol' ? null : call.value)

export const saysText: Says = (answer) => (isText(answer) ? ok(answer) : undefined)

/** An array of texts, one for each call. */
export const saysTexts: Says = (answer, _, index) => {
  const text = Array.isArray(answer) ? (answer[index] as Json | undefined) : undefined
  return text !== undefined && isText(text) ? ok(text) : undefined
}

export const saysOk: Says = (answer, call) => (answer === 'OK' ? done(call) : undefined)

/** Any number: how many there were, or how long it is now. */
export const saysCount: Says = (answer, call) => (typeof answer === 'number' ? done(call) : undefined)

/** OK, or null where its condition did not hold. */
export const saysOkOr =
  (error: string): Says =>
  (answer, call) =>
    answer === 'OK' ? done(call) : answer === null ? refused(error) : undefined

/** 1, or 0 where its condition did not hold. */
export const saysOneOr =
  (error: string): Says =>
  (answer, call) =>
    answer === 1 ? done(call) : answer === 0 ? refused(error) : undefined

/** The value that was there, of a cas that puts `value` in its place where `isPut` says so. */
export const saysOld =
  (value: Json, isPut: (old: Json) => boolean = () => true): Says =>
  (answer) =>
    isText(answer) ? ok([answer, isPut(answer) ? value : answer]) : undefined

/** The sum after `amount` was added. What was there before follows, except that 0 is what an absent key counts as. */
export const saysSum =
  (amount: number): Says =>
  (answer) => {
    if (typeof answer !== 'number' || !Number.isSafeInteger(answer - amount)) return undefined
    return ok(answer === amount ? [String(answer)] : [String(answer - amount), String(answer)])
  }

/**
 * Refusals after which certainly nothing was done, by their first word (Redis' own, its cluster's and its sentinels').
 * `ERR` is everything else that Redis finds wrong with a command before it carries it out.
 */
const DEFINITE: ReadonlySet<string> = new Set([
  ...['ERR', 'WRONGTYPE', 'WRONGPASS', 'NOAUTH', 'NOPERM', 'NOPROTO', 'OOM', 'READONLY', 'LOADING', 'MISCONF'],
  ...['NOREPLICAS', 'MASTERDOWN', 'MOVED', 'ASK', 'TRYAGAIN', 'CROSSSLOT', 'CLUSTERDOWN', 'BUSY', 'NOSCRIPT'],
  ...['EXECABORT', 'DENIED', 'BUSYKEY'],
])

/** Proxies before a Redis say `ERR` too when they have lost it, and then the command may have been carried out. */
const LOST_BY_A_PROXY = /time|connection|reset|refused|closed|unavailable|upstream|backend/i

/** @param isLate An error may come after a part of the command was done, as in a script. */
export function refusalOf(error: string, isLate = false): Completion {
  const [word = ''] = error.split(' ', 1)
  const isDefinite = DEFINITE.has(word) && !isLate && !(word === 'ERR' && LOST_BY_A_PROXY.test(error))
  return { type: isDefinite ? 'fail' : 'info', error }
}

export const isError = (answer: Json | undefined): answer is { readonly error: string } =>
  typeof answer === 'object' && answer !== null && 'error' in answer && typeof answer['error'] === 'string'
