import type { HttpFault } from '@chaosproxy/faults'
import type { Json } from '@chaosproxy/history'
import type { Effect, Seat } from '../link/rule.ts'
import type { HttpRule } from './http-rule.ts'
import type { Trickle } from './pause.ts'
import { type Edit, makeUpReply, withFields } from './reply.ts'
import type { HttpTurn } from './turn.ts'

/** The most copies of a request, however many faults duplicate it. */
const MOST_COPIES = 1000

export interface Chances {
  nowMs(): number
  readonly seat: Seat
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
) => Effect

export const requestHarms: { readonly [Kind in HttpFault['kind']]?: RequestHarm<Kind> } = {
  'lose-request'({ turn }, { silence }) {
    turn.silenced = silence
    return 'ends'
  },
  'error-status': ({ turn }, { status, body, headers }) => answerInstead(turn, status, body, headers),
  'rate-limit': ({ turn }, fault, rule, chances) =>
    rule.takesToken(fault, chances.nowMs())
      ? 'none'
      : answerInstead(turn, fault.status, 'too many requests\n', fault.headers),
  'crash-before-reply'({ turn }) {
    turn.crashes = true
    return 'acts'
  },
  'delay-request'(draft, fault, rule, { seat }) {
    draft.delay = { durationMs: (draft.delay?.durationMs ?? 0) + rule.drawDelayMs(fault, seat), rule }
    return 'acts'
  },
  'duplicate-request'(draft, { copies }, rule) {
    const { turn } = draft
    const isLast = turn.isHttp10 && turn.wantsClose
    if (turn.switches || isLast) {
      rule.miss(isLast ? 'the connection ends with the request (HTTP/1.0)' : MAY_SWITCH)
      return 'none'
    }
    draft.copying.push(rule)
    draft.copies = Math.min(MOST_COPIES, (draft.copies + 1) * (copies + 1) - 1)
    return 'acts'
  },
  'trickle-request'(draft, { pieceBytes, pauseMs }, rule) {
    draft.trickle = { pieceBytes, pauseMs, rule }
    return 'acts'
  },
  'edit-request'({ edits }, fault) {
    edits.push(fault)
    return 'acts'
  },
}

/** What a user-defined fault does with a request. A `status` is the proxy's response in place of the server's. */
export type RequestVerdict =
  | 'pass'
  | 'lose'
  | { readonly delayMs: number }
  | { readonly status: number; readonly body?: string | undefined }

/** Registers what a user-defined kind of fault does with requests. */
export function addRequestHarm<Harm>(
  kind: string,
  meet: (harm: Harm, request: { readonly method: string; readonly target: string }) => RequestVerdict,
): void {
  const open: { [kind: string]: unknown } = requestHarms
  open[kind] = (draft: Draft, harm: Harm, rule: HttpRule): Effect => {
    const { turn } = draft
    const verdict = meet(harm, { method: turn.method, target: turn.target })
    if (verdict === 'pass') return 'none'
    if (verdict === 'lose') {
      turn.silenced = 'reset'
      return 'ends'
    }
    if ('status' in verdict) return answerInstead(turn, verdict.status, verdict.body ?? '', undefined)
    draft.delay = { durationMs: (draft.delay?.durationMs ?? 0) + verdict.delayMs, rule }
    return 'acts'
  }
}

const MAY_SWITCH = 'after the request the connection may change its protocol'

/** Responds in place of the server. The connection then closes if the client asked for that. */
function answerInstead(turn: HttpTurn, status: number, text: string, headers: Json | undefined): Effect {
  const reply = makeUpReply(status, text, { close: turn.wantsClose, method: turn.method })
  turn.madeUp = withFields(reply, headers)
  turn.endsConnection = turn.wantsClose
  return 'ends'
}
