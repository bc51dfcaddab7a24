import { type Completion, canonical, type Input, type Json } from '@chaosproxy/history'
import type { Tagged } from '@chaosproxy/protocols'
import { textOf } from '@chaosproxy/recorder/routes'
import { type Exchange, REFUSALS, type WrittenRequest } from './exchange.ts'
import type { NodeAddress } from './planned-clients.ts'

/** A write or read that the rehearsal tried. `exchange` is undefined if no answer arrived. */
export interface Tried {
  readonly address: NodeAddress
  readonly input: Input
  /** Undefined if the route table created no request for the input. */
  readonly request: WrittenRequest | undefined
  readonly exchange: Exchange | undefined
  readonly completion: Completion
}

export type Answered = Tried & { readonly exchange: Exchange }

export const isAnswered = (tried: Tried): tried is Answered => tried.exchange !== undefined

/** The judgement of a rehearsal that wrote to every node, and in which every write failed. */
type WriteJudgement =
  | {
      readonly type: 'refused'
      readonly refusal: Answered
      readonly besides: Answered | undefined
    }
  /** The answers do not prove that the declaration is wrong. For example, the cluster may have no leader. */
  | { readonly type: 'unclear' }

/**
 * Judges writes that all failed. Blames the declaration if a node gives a refusal that no state of a cluster explains,
 * or if every node redirects.
 */
export function judgeWrites(tried: readonly Tried[]): WriteJudgement {
  const answered = tried.filter(isAnswered)
  if (answered.length < tried.length) return { type: 'unclear' }
  const refused = answered.filter(({ exchange }) => REFUSALS.has(exchange.answer.status))
  // If a node answers with neither a refusal nor a redirect, the cluster may have no leader. The refusals of other
  // nodes then prove nothing: followers may refuse even correct requests.
  if (answered.some(({ exchange: { answer } }) => !REFUSALS.has(answer.status) && !isRedirect(answer.status)))
    return { type: 'unclear' }
  const refusal =
    refused.find(({ exchange }) => REFUSED_VALUES.has(exchange.answer.status)) ??
    refused[0] ??
    (answered.every(({ exchange }) => isRedirect(exchange.answer.status)) ? answered[0] : undefined)
  if (refusal === undefined) return { type: 'unclear' }
  const { answer } = refusal.exchange
  const besides = refused.find(
    ({ input, exchange }) =>
      canonical(input.value) !== canonical(refusal.input.value) && textOf(exchange.answer.body) !== textOf(answer.body),
  )
  return { type: 'refused', refusal, besides }
}

/** Statuses that refuse the content of a request. If a number is refused so, the rehearsal writes a text instead. */
export const REFUSED_VALUES: ReadonlySet<number> = new Set([400, 422])

export const isRedirect = (status: number): boolean => [301, 302, 307, 308].includes(status)

export function isUnmapped(tried: Tried): tried is Answered {
  const { completion } = tried
  if (!isAnswered(tried) || completion.type === 'ok') return false
  const { status } = tried.exchange.answer
  return status < 500 && [':', ', and'].some((next) => completion.error.startsWith(`status ${status}${next}`))
}

export type ReadJudgement = Tagged<
  'type',
  {
    fits: unknown
    /** The service returns the written number as text. */
    text: unknown
    /** The answer has the written value at `place`, which the table does not read. */
    elsewhere: { place: string }
    absent: unknown
    'other-type': unknown
    refused: unknown
    /** There is no answer, or the answer does not prove an error in the declaration. */
    unclear: unknown
  }
>

/** @param written the written value in the form in which the route table records it */
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

/** Returns whether `found` is the text of the written number: `"7"` for 7. */
const isTextOf = (found: Json, written: Json): boolean => typeof written === 'number' && found === String(written)

function kindOf(value: Json): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}

/** Returns the place of a value in an answer, as route tables write it: `json.data.value`. */
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
