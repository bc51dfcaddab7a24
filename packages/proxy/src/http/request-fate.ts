import type { HttpFault } from '@chaosproxy/faults'
import type { Captured } from '@chaosproxy/wire/http'
import type { HttpRule } from './http-rule.ts'
import { type Edit, editMessage, type WholeMessage } from './reply.ts'
import { type Chances, type Draft, type RequestHarm, requestHarms, type Trickle } from './request-harms.ts'
import type { HttpTurn } from './turn.ts'

/** What becomes of a request. If it is answered here, or never answered, its turn says so. */
export interface RequestPlan {
  readonly delay: { readonly durationMs: number; readonly rule: HttpRule } | undefined
  /** How many more times it is sent. */
  readonly copies: number
  readonly trickle: Trickle | undefined
  /** Rules that need the body: to send it again, or in pieces. */
  readonly needBody: readonly HttpRule[]
  /** Whether anything but the bytes as they came is sent, or later. */
  readonly touchesMessage: boolean
  readonly replacesBody: boolean
  /** Whether the server may not be asked any more for the 100 that the client waits for. */
  readonly changesExpectation: boolean
  /** Whether it is edited so that the server may do something else than what was asked. */
  readonly changesContent: boolean
  /** The edited message. `raw` may be the head alone; then a body follows only if it is replaced. */
  edit(raw: Buffer, headLength: number): WholeMessage
}

/** Applies each rule to a request in turn. No further rule sees one that is answered here, or lost. */
export function planRequest(
  rules: readonly HttpRule[],
  turn: HttpTurn,
  body: Captured | undefined,
  chances: Chances,
): RequestPlan {
  const content = body !== undefined && 'bytes' in body ? body.bytes : undefined
  const draft: Draft = { turn, delay: undefined, copies: 0, trickle: undefined, edits: [], needBody: [] }
  for (const rule of rules) {
    if (!rule.isForBody(content) || !rule.strikes(chances.nowMs(), () => chances.randomFor(rule))) continue
    rule.hit(turn)
    harmOf(rule.fault)(draft, rule.fault, rule, chances)
    if (turn.madeUp !== undefined || turn.silenced !== undefined) break
  }
  const { delay, copies, trickle, edits, needBody } = draft
  return {
    delay,
    copies,
    trickle,
    needBody,
    touchesMessage: delay !== undefined || edits.length > 0 || needBody.length > 0,
    replacesBody: edits.some(({ body: newBody }) => newBody !== undefined),
    changesExpectation: edits.some(({ headers }) => namesField(headers, /^expect$/i)),
    changesContent: edits.some(changesContent),
    edit: (raw, headLength) => edits.reduce((message, edit) => editMessage(message, edit), { raw, headLength }),
  }
}

/** Edits of the body, and of conditions such as If-Match. */
const changesContent = ({ body, headers }: Draft['edits'][number]): boolean =>
  body !== undefined || namesField(headers, /^if-/i)

const namesField = (headers: Edit['headers'], name: RegExp): boolean =>
  Object.keys(headers ?? {}).some((field) => name.test(field))

function harmOf({ kind }: HttpFault): RequestHarm<HttpFault['kind']> {
  const harm = requestHarms[kind]
  if (harm === undefined) throw new Error(`${kind} does not act on requests`)
  // The table pairs each kind with its own harm, which the compiler cannot follow through the lookup.
  return harm as RequestHarm<HttpFault['kind']>
}
