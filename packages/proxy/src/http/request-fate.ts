import type { HttpFault } from '@chaosproxy/faults'
import type { Captured } from '@chaosproxy/wire/http'
import type { HttpRule } from './http-rule.ts'
import type { WholeMessage } from './reply.ts'
import { editMessage } from './reply.ts'
import { type Chances, type Draft, type RequestHarm, requestHarms, type Trickle } from './request-harms.ts'
import type { HttpTurn } from './turn.ts'

/** What becomes of a request. If it is answered here, or never answered, its turn says so. */
export interface RequestPlan {
  readonly delay: { readonly durationMs: number; readonly rule: HttpRule } | undefined
  /** How many more times it is sent. */
  readonly copies: number
  readonly trickle: Trickle | undefined
  /** Whether it is edited so that the server may do something else than what was asked. */
  readonly changesContent: boolean
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
  const draft: Draft = { turn, delay: undefined, copies: 0, trickle: undefined, edits: [] }
  for (const rule of rules) {
    if (!rule.isForBody(content) || !rule.strikes(chances.nowMs(), () => chances.randomFor(rule))) continue
    rule.hit(turn)
    harmOf(rule.fault)(draft, rule.fault, rule, chances)
    if (turn.madeUp !== undefined || turn.silenced !== undefined) break
  }
  const { delay, copies, trickle, edits } = draft
  return {
    delay,
    copies,
    trickle,
    changesContent: edits.some(changesContent),
    edit: (raw, headLength) => edits.reduce((message, edit) => editMessage(message, edit), { raw, headLength }),
  }
}

/** Edits of the body, and of conditions such as If-Match. */
const changesContent = ({ body, headers }: Draft['edits'][number]): boolean =>
  body !== undefined || Object.keys(headers ?? {}).some((name) => /^if-/i.test(name))

function harmOf({ kind }: HttpFault): RequestHarm<HttpFault['kind']> {
  const harm = requestHarms[kind]
  if (harm === undefined) throw new Error(`${kind} does not act on requests`)
  // The table pairs each kind with its own harm, which the compiler cannot follow through the lookup.
  return harm as RequestHarm<HttpFault['kind']>
}
