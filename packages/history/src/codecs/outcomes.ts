import { isNoError } from '../event/error.ts'
import type { Json } from '../event/event.ts'
import { canonical } from '../tables/value.ts'
import { isObject } from './json-text.ts'
import { meaningsOf, plain } from './roles.ts'

/** The outcome of an operation. `nothing`: the object that it needs does not exist. */
export type Outcome = 'ok' | 'fail' | 'info' | 'nothing'

/** Words for outcomes, without case and separators. A word is `fail` only if the operation had no effect. */
const WORDS: ReadonlyMap<string, Outcome> = meaningsOf({
  ok: `ok okay success succeeded successful done complete completed true yes ack acked acknowledged
    committed commit applied accepted created updated written stored passed finished found hit`,
  fail: `fail failed failure rejected aborted abort refused denied conflict
    preconditionfailed conditionfailed mismatch notapplied notexecuted badrequest invalid`,
  info: `info unknown timeout timedout pending crash crashed error indeterminate maybe false no
    unavailable exception lost hung noresponse cancelled canceled deadlineexceeded reset`,
  nothing: 'notfound missing miss nosuchkey keynotfound nokey absent empty',
})

/** The outcome that a value names, if any. `isCode`: 0 is success. */
export function outcomeOf(value: Json, isCode = false): Outcome | undefined {
  if (typeof value === 'boolean') return value ? 'ok' : 'info'
  if (typeof value === 'number') return isCode && value === 0 ? 'ok' : outcomeOfStatus(value)
  if (typeof value === 'string') {
    const [, status] = /^(?:HTTP\/[\d.]+ )?([1-5]\d\d)(?: |$)/i.exec(value) ?? []
    return status === undefined ? WORDS.get(plain(value)) : outcomeOfStatus(Number(status))
  }
  return isObject(value) ? outcomeOfObject(value) : undefined
}

/** After 202, 408, 499 and 5xx, the request may or may not have been executed. */
function outcomeOfStatus(status: number): Outcome | undefined {
  if (!Number.isInteger(status) || status < 200 || status > 599 || (status >= 300 && status < 400)) return undefined
  if (status < 300) return status === 202 ? 'info' : 'ok'
  if (status === 404 || status === 410) return 'nothing'
  return status >= 500 || status === 408 || status === 499 ? 'info' : 'fail'
}

/** Whether an error leaves the outcome of the operation unknown, even if the status says that it failed. */
export const isOpenError = (error: string): boolean =>
  /time[d ]?-?out|ETIMEDOUT|ECONNRESET|EPIPE|connection (?:reset|lost|closed)|socket hang up|broken pipe|deadline exceeded/i.test(
    error,
  )

/**
 * Returns the outcome that the error in an answer shows; undefined if the answer has no error member. Programs in Go
 * name errors ErrNoKey and ErrTimeout, and use OK if there is no error.
 */
export function outcomeOfError(error: Json | undefined): Outcome | undefined {
  if (error === undefined) return undefined
  const reason = reasonIn(error)
  if (reason === undefined) return 'ok'
  return WORDS.get(plain(reason).replace(/^err(?:or)?(?=.)/, '')) ?? 'info'
}

/** The reason for a failure; undefined if the member says that there was none. */
export function reasonIn(error: Json | undefined): string | undefined {
  if (error === undefined) return undefined
  const text = typeof error === 'string' ? error : canonical(error)
  return isNoError(text) ? undefined : text
}

/** Whether an answer is probably the text of an error, and no value. */
export const isErrorText = (answer: string): boolean => /^\w*(?:error|exception)\b/i.test(answer) || isOpenError(answer)

/** Whether the reply to a write probably says that it failed, as NOT_STORED and "permission denied" do. */
export const isTrouble = (reply: string): boolean =>
  isErrorText(reply) ||
  /\b(?:not|fail(?:ed|ure)?|rejected|refused|denied|aborted|exceeded|expired|too)\b/i.test(
    reply.replaceAll(/[_-]/g, ' '),
  )

const OUTCOME_NAMES = new Set(['status', 'statuscode', 'code', 'ok', 'success', 'outcome', 'state', 'result'])
const REASON_NAMES = new Set(['error', 'err', 'message', 'msg', 'reason', 'detail', 'details'])

/**
 * Returns the outcome of an object that contains an outcome, a reason or both: `{"status":"ok"}`,
 * `{"error":"timeout"}`.
 */
function outcomeOfObject(members: { readonly [member: string]: Json }): Outcome | undefined {
  const names = Object.keys(members)
  if (names.length === 0 || !names.every((name) => OUTCOME_NAMES.has(plain(name)) || REASON_NAMES.has(plain(name))))
    return undefined
  for (const name of names) {
    if (!OUTCOME_NAMES.has(plain(name))) continue
    const outcome = outcomeOf(members[name] ?? null, plain(name).endsWith('code'))
    if (outcome !== undefined) return outcome
  }
  const error = names.find((name) => /^err/.test(plain(name)))
  if (error === undefined) return undefined
  const why = members[error] ?? null
  return why === null || why === '' || why === false ? 'ok' : 'info'
}
