import type { HttpFault } from '@chaosproxy/faults'
import type { HttpRule } from './http-rule.ts'
import type { WholeReply } from './reply.ts'
import { editMessage, makeUpReply, statusLine } from './reply.ts'
import { type Chances, drawDelayMs, type Trickle } from './request-harms.ts'
import type { HttpTurn } from './turn.ts'

/** What the rules do to an answer whose head has arrived. */
export interface ReplyPlan {
  /** The client never gets it. */
  readonly lost: Extract<HttpFault, { readonly kind: 'lose-reply' }> | undefined
  readonly delay: { readonly durationMs: number; readonly rule: HttpRule } | undefined
  /** Rules that need the whole answer, in their order. */
  readonly whole: readonly HttpRule[]
}

/** Asks each rule whether it strikes this answer, up to the first that loses it. */
export function planReply(turn: HttpTurn, status: number, chances: Chances): ReplyPlan | undefined {
  let lost: ReplyPlan['lost']
  let delay: ReplyPlan['delay']
  const whole: HttpRule[] = []
  for (const rule of turn.replyRules) {
    if (!rule.isForStatus(status)) continue
    const strikes = rule.strikes(chances.nowMs(), () => chances.randomFor(rule))
    const { fault } = rule
    if (fault.kind === 'stale-reply') {
      // It must see every answer, or it would have no earlier one to give.
      rule.servesEarlier = strikes
      whole.push(rule)
    } else if (!strikes) continue
    else if (fault.kind === 'lose-reply') {
      rule.hit(turn)
      lost = fault
      break
    } else if (fault.kind === 'delay-reply') {
      rule.hit(turn)
      delay = { durationMs: (delay?.durationMs ?? 0) + drawDelayMs(fault, rule, chances), rule }
    } else whole.push(rule)
  }
  return lost === undefined && delay === undefined && whole.length === 0 ? undefined : { lost, delay, whole }
}

/** What becomes of a whole answer. */
export interface ReplyFate {
  readonly reply: WholeReply
  readonly trickle: Trickle | undefined
  /** The connection is reset after this many bytes of the answer. */
  readonly truncateAt: number | undefined
  readonly reorder: { readonly withinMs: number; readonly rule: HttpRule } | undefined
}

type Draft = { -readonly [Member in keyof ReplyFate]: ReplyFate[Member] }

interface Answer {
  readonly turn: HttpTurn
  /** False for answers that must not have a body. */
  readonly hasBody: boolean
}

/** Returns whether the rule has hit. */
type ReplyHarm<Kind extends HttpFault['kind']> = (
  fate: Draft,
  fault: Extract<HttpFault, { readonly kind: Kind }>,
  rule: HttpRule,
  answer: Answer,
) => boolean

/** Every kind of fault that acts on whole answers, and what it does. */
const harms: { readonly [Kind in HttpFault['kind']]?: ReplyHarm<Kind> } = {
  'stale-reply'(fate, _, rule, { turn }) {
    const earlier = rule.earlier?.note(`${turn.method} ${turn.target}`, fate.reply)
    if (earlier === undefined || !rule.servesEarlier) return false
    fate.reply = earlier
    return true
  },
  'error-status'(fate, { status, body }, _, { hasBody }) {
    fate.reply = makeUpReply(status, hasBody ? body : '', { close: false })
    return true
  },
  'edit-reply'(fate, { headers, status, body }, _, { hasBody }) {
    const { reply } = fate
    const message = editMessage(reply, {
      headers,
      body: hasBody ? body : undefined,
      firstLine: status === undefined ? undefined : statusLine(status),
    })
    const content = body === undefined || !hasBody ? reply.body : { bytes: Buffer.from(body) }
    fate.reply = { ...reply, ...message, status: status ?? reply.status, body: content }
    return true
  },
  'truncate-reply'(fate, { bytes }) {
    const { raw, headLength } = fate.reply
    if (raw.length - headLength <= bytes) return false
    fate.truncateAt = headLength + bytes
    return true
  },
  'trickle-reply'(fate, { pieceBytes, pauseMs }, rule) {
    fate.trickle = { pieceBytes, pauseMs, rule }
    return true
  },
  'reorder-replies'(fate, { withinMs }, rule) {
    fate.reorder = { withinMs, rule }
    // It hits only if another answer comes in time.
    return false
  },
}

/** Applies each rule that strikes an answer, in turn. */
export function suffer(rules: readonly HttpRule[], original: WholeReply, answer: Answer): ReplyFate {
  const fate: Draft = { reply: original, trickle: undefined, truncateAt: undefined, reorder: undefined }
  for (const rule of rules) if (harmOf(rule.fault)(fate, rule.fault, rule, answer)) rule.hit(answer.turn)
  return fate
}

function harmOf({ kind }: HttpFault): ReplyHarm<HttpFault['kind']> {
  const harm = harms[kind]
  if (harm === undefined) throw new Error(`${kind} does not act on whole answers`)
  // The table pairs each kind with its own harm, which the compiler cannot follow through the lookup.
  return harm as ReplyHarm<HttpFault['kind']>
}
