import { type Completion, canonical, type Input, type Json } from '@chaosproxy/history'
import { type Exchange, REFUSALS, textOf, type WrittenRequest } from './exchange.ts'
import type { NodeAddress } from './planned-clients.ts'

/** A write or read of a rehearsal. Without an exchange there was no answer. */
export interface Tried {
  readonly address: NodeAddress
  readonly input: Input
  /** Undefined if the table could make none. */
  readonly request: WrittenRequest | undefined
  readonly exchange: Exchange | undefined
  readonly completion: Completion
}

/** A tried operation that was answered. */
export type Answered = Tried & { readonly exchange: Exchange }

export const isAnswered = (tried: Tried): tried is Answered => tried.exchange !== undefined

/** The meaning of writes that did not work, one or more for each node. */
export type WriteJudgement =
  | {
      readonly type: 'refused'
      readonly shown: Answered
      /** Another value, refused with another answer. */
      readonly besides: Answered | undefined
    }
  /** Nothing speaks against the set-up: no answer, no leader, too many requests. */
  | { readonly type: 'unclear' }

/**
 * Judges writes of which none worked. A redirect or a refusal that depends on the state of a cluster counts only beside
 * one that does not, unless every node redirects: then nobody takes the write.
 */
export function judgeWrites(tried: readonly Tried[]): WriteJudgement {
  const answered = tried.filter(isAnswered)
  if (answered.length < tried.length) return { type: 'unclear' }
  const refused = answered.filter(({ exchange }) => REFUSALS.has(exchange.answer.status))
  // Beside a node that has no leader yet, what the others refuse may be what followers refuse.
  if (answered.some(({ exchange: { answer } }) => !REFUSALS.has(answer.status) && !isRedirect(answer.status)))
    return { type: 'unclear' }
  const shown =
    refused.find(({ exchange }) => REFUSED_VALUES.has(exchange.answer.status)) ??
    refused[0] ??
    (answered.every(({ exchange }) => isRedirect(exchange.answer.status)) ? answered[0] : undefined)
  if (shown === undefined) return { type: 'unclear' }
  const { answer } = shown.exchange
  const besides = refused.find(
    ({ input, exchange }) =>
      canonical(input.value) !== canonical(shown.input.value) && textOf(exchange.answer.body) !== textOf(answer.body),
  )
  return { type: 'refused', shown, besides }
}

/** Statuses that refuse what a request contains, which a text in place of a number may mend. */
export const REFUSED_VALUES: ReadonlySet<number> = new Set([400, 422])

export const isRedirect = (status: number): boolean => [301, 302, 307, 308].includes(status)

/** Whether the route table does not say what the answer to a read means. */
export function isUnsaid(tried: Tried): tried is Answered {
  const { completion } = tried
  if (!isAnswered(tried) || completion.type === 'ok') return false
  const { status } = tried.exchange.answer
  return status < 500 && [':', ', and'].some((next) => completion.error.startsWith(`status ${status}${next}`))
}

/** The meaning of a read after a write that worked. */
export type ReadJudgement =
  | { readonly type: 'fits' }
  /** The service answers the text of the number that was written. */
  | { readonly type: 'text' }
  /** The table reads another member than the one that has what was written, which is at this place. */
  | { readonly type: 'elsewhere'; readonly place: string }
  | { readonly type: 'absent' }
  | { readonly type: 'other-type' }
  | { readonly type: 'refused' }
  /** Nothing speaks against the set-up: no answer, or another value of the same type, which a run judges. */
  | { readonly type: 'unclear' }

/** @param written what the table records of the write */
export function judgeRead(written: Json, { exchange, completion }: Tried): ReadJudgement {
  const found = completion.type === 'ok' ? completion.value : undefined
  if (found !== undefined && canonical(found) === canonical(written)) return { type: 'fits' }
  if (found !== undefined && isTextOf(found, written)) return { type: 'text' }
  if (exchange === undefined) return { type: 'unclear' }
  const { status } = exchange.answer
  if (NOT_FOUND.has(status)) return { type: 'absent' }
  if (status >= 300) return { type: REFUSALS.has(status) || isRedirect(status) ? 'refused' : 'unclear' }
  const place = placeOf(written, exchange.answer)
  if (place !== undefined) return { type: 'elsewhere', place }
  if (found === undefined || found === null) return { type: 'absent' }
  return { type: kindOf(found) === kindOf(written) ? 'unclear' : 'other-type' }
}

const NOT_FOUND: ReadonlySet<number> = new Set([404, 410])

/** Whether it is the text of the number: `"7"` of 7. */
const isTextOf = (found: Json, written: Json): boolean => typeof written === 'number' && found === String(written)

function kindOf(value: Json): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}

/** The place of a value in an answer, as route tables name places: `json.data.value`. */
function placeOf(value: Json, { body }: Exchange['answer']): string | undefined {
  const text = textOf(body)
  let json: Json
  try {
    json = JSON.parse(text)
  } catch {
    return text.trim() === String(value) ? 'body' : undefined
  }
  return (
    placeIn(json, 'json', (found) => canonical(found) === canonical(value)) ??
    placeIn(json, 'json', (found) => isTextOf(found, value))
  )
}

function placeIn(json: Json, at: string, isIt: (value: Json) => boolean): string | undefined {
  if (isIt(json)) return at
  if (json === null || typeof json !== 'object') return undefined
  for (const [name, member] of Object.entries(json)) {
    const found = placeIn(member as Json, `${at}.${name}`, isIt)
    if (found !== undefined) return found
  }
  return undefined
}
