import type { HttpFault, Random } from '@chaosproxy/faults'
import type { Captured } from '@chaosproxy/wire/http'
import type { HttpRule } from './http-rule.ts'
import type { WholeMessage } from './reply.ts'
import { editMessage, makeUpReply } from './reply.ts'
import type { HttpTurn } from './turn.ts'

/** No request is sent more often than this, however many rules duplicate it. */
const MOST_COPIES = 1000

export interface Chances {
  nowMs(): number
  randomFor(rule: HttpRule): Random
}

export interface Trickle {
  readonly pieceBytes: number
  readonly pauseMs: number
  readonly rule: HttpRule
}

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

/** A plan in the making. */
interface Draft {
  readonly turn: HttpTurn
  delay: RequestPlan['delay']
  copies: number
  trickle: Trickle | undefined
  readonly edits: Extract<HttpFault, { readonly kind: 'edit-request' }>[]
}

type RequestHarm<Kind extends HttpFault['kind']> = (
  draft: Draft,
  fault: Extract<HttpFault, { readonly kind: Kind }>,
  rule: HttpRule,
  chances: Chances,
) => void

/** Every kind of fault that acts on requests, and what it does. */
const harms: { readonly [Kind in HttpFault['kind']]?: RequestHarm<Kind> } = {
  'lose-request'({ turn }, { silence }) {
    turn.silenced = silence
  },
  'error-status': ({ turn }, { status, body }) => answerInstead(turn, status, body),
  'rate-limit': ({ turn }, { status }) => answerInstead(turn, status, 'too many requests\n'),
  'crash-before-reply'({ turn }) {
    turn.crashes = true
  },
  'delay-request'(draft, fault, rule, chances) {
    draft.delay = { durationMs: (draft.delay?.durationMs ?? 0) + drawDelayMs(fault, rule, chances), rule }
  },
  'duplicate-request'(draft, { copies }) {
    draft.copies = Math.min(MOST_COPIES, (draft.copies + 1) * (copies + 1) - 1)
  },
  'trickle-request'(draft, { pieceBytes, pauseMs }, rule) {
    draft.trickle = { pieceBytes, pauseMs, rule }
  },
  'edit-request': ({ edits }, fault) => void edits.push(fault),
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
    rule.hits++
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
  const harm = harms[kind]
  if (harm === undefined) throw new Error(`${kind} does not act on requests`)
  // The table pairs each kind with its own harm, which the compiler cannot follow through the lookup.
  return harm as RequestHarm<HttpFault['kind']>
}

/** Answers as a server would: no body for a HEAD, and the connection closed if the client asks for that. */
function answerInstead(turn: HttpTurn, status: number, text: string): void {
  turn.madeUp = makeUpReply(status, turn.method === 'HEAD' ? '' : text, { close: turn.wantsClose })
  turn.endsConnection = turn.wantsClose
}

/** The delay, give or take up to the jitter, evenly distributed. */
export function drawDelayMs(
  { delayMs, jitterMs }: { readonly delayMs: number; readonly jitterMs: number },
  rule: HttpRule,
  chances: Chances,
): number {
  const spreadMs = jitterMs === 0 ? 0 : jitterMs * (2 * chances.randomFor(rule).next() - 1)
  return Math.max(0, delayMs + spreadMs)
}
