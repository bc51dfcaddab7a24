import type { HttpFault } from '@chaosproxy/faults'
import type { HttpRule } from './http-rule.ts'
import type { WholeReply } from './reply.ts'
import { editMessage, makeUpReply, statusLine } from './reply.ts'
import type { Chances, Trickle } from './request-fate.ts'
import { drawDelayMs } from './request-fate.ts'
import type { Turn } from './turn.ts'

/** What the rules want of an answer whose head is here. */
export interface ReplyPlan {
  /** The client never gets it. */
  readonly lost: Extract<HttpFault, { readonly kind: 'lose-reply' }> | undefined
  readonly delay: { readonly durationMs: number; readonly rule: HttpRule } | undefined
  /** Rules that need all of it, in their order. */
  readonly whole: readonly HttpRule[]
}

/** Asks each rule whether it strikes this answer. One that loses it is the last to be asked. */
export function planReply(rules: readonly HttpRule[], status: number, chances: Chances): ReplyPlan | undefined {
  let lost: ReplyPlan['lost']
  let delay: ReplyPlan['delay']
  const whole: HttpRule[] = []
  for (const rule of rules) {
    if (!rule.isForStatus(status)) continue
    const strikes = rule.strikes(chances.nowMs(), () => chances.randomFor(rule))
    const { fault } = rule
    if (fault.kind === 'stale-reply') {
      // It has to have seen answers to know an earlier one.
      rule.servesEarlier = strikes
      whole.push(rule)
    } else if (!strikes) continue
    else if (fault.kind === 'lose-reply') {
      rule.hits++
      lost = fault
      break
    } else if (fault.kind === 'delay-reply') {
      rule.hits++
      delay = { durationMs: (delay?.durationMs ?? 0) + drawDelayMs(fault, rule, chances), rule }
    } else whole.push(rule)
  }
  return lost === undefined && delay === undefined && whole.length === 0 ? undefined : { lost, delay, whole }
}

/** What becomes of a whole answer. */
export interface ReplyFate {
  readonly reply: WholeReply
  readonly trickle: Trickle | undefined
  /** After so much of its body, the connection is reset. */
  readonly truncateAt: number | undefined
  readonly reorder: { readonly withinMs: number; readonly rule: HttpRule } | undefined
}

/** Puts an answer before each rule that strikes it, in turn. `hasBody` is false for answers that must not have one. */
export function suffer(rules: readonly HttpRule[], turn: Turn, original: WholeReply, hasBody: boolean): ReplyFate {
  let reply = original
  let trickle: Trickle | undefined
  let truncateAt: number | undefined
  let reorder: ReplyFate['reorder']
  for (const rule of rules) {
    const { fault } = rule
    switch (fault.kind) {
      case 'stale-reply': {
        const earlier = rule.earlier?.note(`${turn.method} ${turn.target}`, reply)
        if (earlier === undefined || !rule.servesEarlier) continue
        reply = earlier
        break
      }
      case 'error-status':
        reply = makeUpReply(fault.status, hasBody ? fault.body : '', { close: false })
        break
      case 'edit-reply': {
        const { headers, status, body } = fault
        const message = editMessage(reply, {
          headers,
          body: hasBody ? body : undefined,
          firstLine: status === undefined ? undefined : statusLine(status),
        })
        const content = body === undefined || !hasBody ? reply.body : { bytes: Buffer.from(body) }
        reply = { ...reply, ...message, status: status ?? reply.status, body: content }
        break
      }
      case 'truncate-reply':
        if (reply.raw.length - reply.headLength <= fault.bytes) continue
        truncateAt = reply.headLength + fault.bytes
        break
      case 'trickle-reply':
        trickle = { pieceBytes: fault.pieceBytes, pauseMs: fault.pauseMs, rule }
        break
      case 'reorder-replies':
        // It bites only if another answer comes in time.
        reorder = { withinMs: fault.withinMs, rule }
        continue
      default:
        throw new Error(`${fault.kind} does not act on whole answers`)
    }
    rule.hits++
  }
  return { reply, trickle, truncateAt, reorder }
}
