import type { HttpFault, Random } from '@chaosproxy/faults'
import type { Captured } from './body-capture.ts'
import type { HttpRule } from './http-rule.ts'
import type { WholeMessage } from './reply.ts'
import { editMessage, makeUpReply } from './reply.ts'
import type { Turn } from './turn.ts'

/** However many rules duplicate it. */
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

/** What becomes of a request; what answers it, or leaves it without an answer, stands in its turn. */
export interface RequestPlan {
  readonly delay: { readonly durationMs: number; readonly rule: HttpRule } | undefined
  /** How many more times it is sent. */
  readonly copies: number
  readonly trickle: Trickle | undefined
  edit(raw: Buffer, headLength: number): WholeMessage
}

/** Puts a request before each rule in turn. One that is answered here, or lost, is put before no further rule. */
export function planRequest(
  rules: readonly HttpRule[],
  turn: Turn,
  body: Captured | undefined,
  chances: Chances,
): RequestPlan {
  const content = body !== undefined && 'bytes' in body ? body.bytes : undefined
  const edits: Extract<HttpFault, { readonly kind: 'edit-request' }>[] = []
  let delay: RequestPlan['delay']
  let copies = 0
  let trickle: Trickle | undefined
  for (const rule of rules) {
    if (!rule.isForBody(content) || !rule.strikes(chances.nowMs(), () => chances.randomFor(rule))) continue
    const { fault } = rule
    rule.hits++
    switch (fault.kind) {
      case 'lose-request':
        turn.silenced = fault.silence
        break
      case 'error-status':
        answerInstead(turn, fault.status, fault.body)
        break
      case 'rate-limit':
        answerInstead(turn, fault.status, 'too many requests\n')
        break
      case 'crash-before-reply':
        turn.crashes = true
        break
      case 'delay-request':
        delay = { durationMs: (delay?.durationMs ?? 0) + drawDelayMs(fault, rule, chances), rule }
        break
      case 'duplicate-request':
        copies = Math.min(MOST_COPIES, (copies + 1) * (fault.copies + 1) - 1)
        break
      case 'trickle-request':
        trickle = { pieceBytes: fault.pieceBytes, pauseMs: fault.pauseMs, rule }
        break
      case 'edit-request':
        edits.push(fault)
        break
      default:
        throw new Error(`${fault.kind} does not act on requests`)
    }
    if (turn.madeUp !== undefined || turn.silenced !== undefined) break
  }
  return {
    delay,
    copies,
    trickle,
    edit: (raw, headLength) => edits.reduce((message, edit) => editMessage(message, edit), { raw, headLength }),
  }
}

/** As a server would: without a body where none may be, and ending the connection where the client wants that. */
function answerInstead(turn: Turn, status: number, text: string): void {
  turn.madeUp = makeUpReply(status, turn.method === 'HEAD' ? '' : text, { close: turn.wantsClose })
  turn.endsConnection = turn.wantsClose
}

/** Evenly within the jitter, to both sides. */
export function drawDelayMs(
  { delayMs, jitterMs }: { readonly delayMs: number; readonly jitterMs: number },
  rule: HttpRule,
  chances: Chances,
): number {
  const spreadMs = jitterMs === 0 ? 0 : jitterMs * (2 * chances.randomFor(rule).next() - 1)
  return Math.max(0, delayMs + spreadMs)
}
