import type { HttpFault, Random } from '@chaosproxy/faults'
import type { Json } from '@chaosproxy/history'
import type { HttpRule } from './http-rule.ts'
import type { Trickle } from './pause.ts'
import { type Edit, makeUpReply, withFields } from './reply.ts'
import type { HttpTurn } from './turn.ts'

/** No request is sent more often than this, however many faults duplicate it. */
const MOST_COPIES = 1000

export interface Chances {
  nowMs(): number
  randomFor(rule: HttpRule): Random
}

/** An unfinished plan. */
export interface Draft {
  readonly turn: HttpTurn
  delay: { readonly durationMs: number; readonly rule: HttpRule } | undefined
  copies: number
  /** The faults that duplicate the request. */
  readonly copying: HttpRule[]
  trickle: Trickle | undefined
  readonly edits: Edit[]
}

export type RequestHarm<Kind extends HttpFault['kind']> = (
  draft: Draft,
  fault: Extract<HttpFault, { readonly kind: Kind }>,
  rule: HttpRule,
  chances: Chances,
) => void

export const requestHarms: { readonly [Kind in HttpFault['kind']]?: RequestHarm<Kind> } = {
  'lose-request'({ turn }, { silence }) {
    turn.silenced = silence
  },
  'error-status': ({ turn }, { status, body, headers }) => answerInstead(turn, status, body, headers),
  'rate-limit': ({ turn }, { status, headers }) => answerInstead(turn, status, 'too many requests\n', headers),
  'crash-before-reply'({ turn }) {
    turn.crashes = true
  },
  'delay-request'(draft, fault, rule, chances) {
    draft.delay = { durationMs: (draft.delay?.durationMs ?? 0) + drawDelayMs(fault, rule, chances), rule }
  },
  'duplicate-request'(draft, { copies }, rule) {
    const { turn } = draft
    if (turn.switches) return rule.takeBack('after the request the connection may change its protocol')
    if (turn.isHttp10 && turn.wantsClose) return rule.takeBack('the connection ends with the request (HTTP/1.0)')
    draft.copying.push(rule)
    draft.copies = Math.min(MOST_COPIES, (draft.copies + 1) * (copies + 1) - 1)
  },
  'trickle-request'(draft, { pieceBytes, pauseMs }, rule) {
    draft.trickle = { pieceBytes, pauseMs, rule }
  },
  'edit-request': ({ edits }, fault) => void edits.push(fault),
}

/** Responds like a server, and closes the connection if the client asks for that. */
function answerInstead(turn: HttpTurn, status: number, text: string, headers: Json | undefined): void {
  const reply = makeUpReply(status, text, { close: turn.wantsClose, method: turn.method })
  turn.madeUp = withFields(reply, headers)
  turn.endsConnection = turn.wantsClose
}

/** The delay plus or minus up to the jitter, uniformly distributed. */
export function drawDelayMs(
  { delayMs, jitterMs }: { readonly delayMs: number; readonly jitterMs: number },
  rule: HttpRule,
  chances: Chances,
): number {
  const spreadMs = jitterMs === 0 ? 0 : jitterMs * (2 * chances.randomFor(rule).next() - 1)
  return Math.max(0, delayMs + spreadMs)
}
