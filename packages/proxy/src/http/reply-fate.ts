import type { HttpFault } from '@chaosproxy/faults'
import type { HttpRule } from './http-rule.ts'
import type { Trickle } from './pause.ts'
import { editReply, makeUpReply, offsetInContent, type Reply, withFields } from './reply.ts'
import { type Chances, drawDelayMs } from './request-harms.ts'
import type { HttpTurn } from './turn.ts'

/** The effect of the faults on a response whose head has arrived. */
export interface ReplyPlan {
  /** The fault that keeps the response from the client. */
  readonly lost: Extract<HttpFault, { readonly kind: 'lose-reply' }> | undefined
  readonly delay: { readonly durationMs: number; readonly rule: HttpRule } | undefined
  /** The other faults that hit it, in order. */
  readonly rules: readonly HttpRule[]
}

/** Asks each fault whether it hits this response, up to the first that loses it. */
export function planReply(turn: HttpTurn, status: number, chances: Chances): ReplyPlan | undefined {
  let lost: ReplyPlan['lost']
  let delay: ReplyPlan['delay']
  const rules: HttpRule[] = []
  for (const rule of turn.replyRules) {
    if (!rule.isForStatus(status)) continue
    if (rule.searchesBody && !turn.isSearched) {
      rule.miss('the reply came before the end of the request')
      continue
    }
    const strikes = rule.strikes(chances.nowMs(), () => chances.randomFor(rule))
    const { fault } = rule
    if (fault.kind === 'stale-reply') {
      // It must see every response, to have an earlier one to replay.
      rule.servesEarlier = strikes
      rules.push(rule)
    } else if (!strikes) continue
    else if (fault.kind === 'lose-reply') {
      rule.hit(turn)
      lost = fault
      break
    } else if (fault.kind === 'delay-reply') {
      rule.hit(turn)
      delay = { durationMs: (delay?.durationMs ?? 0) + drawDelayMs(fault, rule, chances), rule }
    } else rules.push(rule)
  }
  return lost === undefined && delay === undefined && rules.length === 0 ? undefined : { lost, delay, rules }
}

/** The fate of a response that is not lost. */
export interface ReplyFate {
  /** What the client gets. If its body follows, it is the server's. */
  readonly reply: Reply
  readonly trickle: Trickle | undefined
  /** The connection is reset after this many bytes of its content. */
  readonly truncate: { readonly bytes: number; readonly rule: HttpRule } | undefined
  readonly reorder: { readonly withinMs: number; readonly rule: HttpRule } | undefined
  /** Whether `reply` is already truncated. */
  readonly isCut: boolean
}

type Draft = { -readonly [Member in keyof ReplyFate]: ReplyFate[Member] }

export interface AnswerContext {
  readonly turn: HttpTurn
  /** Whether the server's response does not end, so nothing may follow one in its place. */
  readonly isEndless: boolean
}

/** Returns whether the fault has hit. */
type ReplyHarm<Kind extends HttpFault['kind']> = (
  fate: Draft,
  fault: Extract<HttpFault, { readonly kind: Kind }>,
  rule: HttpRule,
  answer: AnswerContext,
) => boolean

/** Every kind of fault that acts on arriving responses, and its effect. */
const harms: { readonly [Kind in HttpFault['kind']]?: ReplyHarm<Kind> } = {
  'stale-reply'(fate, _, rule, { turn }) {
    const earlier = rule.earlier?.note(`${turn.method} ${turn.target}`, fate.reply)
    if (earlier === undefined || !rule.servesEarlier) return false
    fate.reply = earlier
    return true
  },
  'error-status'(fate, { status, body, headers }, _, { turn: { method }, isEndless }) {
    fate.reply = withFields(makeUpReply(status, body, { close: isEndless, method }), headers)
    return true
  },
  'edit-reply'(fate, { headers, status, body }, _, { turn: { method }, isEndless }) {
    const { reply } = fate
    const edited = editReply(reply, { headers, status, body }, method)
    const isReplaced = reply.bodyFollows && !edited.bodyFollows
    fate.reply = isReplaced && isEndless ? editReply(edited, { headers: { Connection: 'close' } }, method) : edited
    return true
  },
  'truncate-reply'(fate, { bytes }, rule) {
    fate.truncate = { bytes: Math.min(bytes, fate.truncate?.bytes ?? bytes), rule }
    // It hits only if there is more content.
    return false
  },
  'trickle-reply'(fate, { pieceBytes, pauseMs }, rule) {
    fate.trickle = { pieceBytes, pauseMs, rule }
    return true
  },
  'reorder-replies'(fate, { withinMs }, rule) {
    fate.reorder = { withinMs, rule }
    // It hits only if another response comes in time.
    return false
  },
}

/** Applies each fault that hits a response in turn: to its head, or to all of it if that has arrived. */
export function suffer(rules: readonly HttpRule[], original: Reply, answer: AnswerContext): ReplyFate {
  const fate: Draft = {
    reply: original,
    trickle: undefined,
    truncate: undefined,
    reorder: undefined,
    isCut: false,
  }
  for (const rule of rules) if (harmOf(rule.fault)(fate, rule.fault, rule, answer)) rule.hit(answer.turn)
  const { reply, truncate } = fate
  if (truncate === undefined || reply.bodyFollows) return fate
  const cutAt = offsetInContent(reply, truncate.bytes)
  if (cutAt === undefined) return { ...fate, truncate: undefined }
  truncate.rule.hit(answer.turn)
  return { ...fate, reply: { ...reply, raw: reply.raw.subarray(0, cutAt) }, isCut: true }
}

function harmOf({ kind }: HttpFault): ReplyHarm<HttpFault['kind']> {
  const harm = harms[kind]
  if (harm === undefined) throw new Error(`${kind} does not act on answers`)
  // The table pairs each kind with its own effect, which the compiler cannot follow through the lookup.
  return harm as ReplyHarm<HttpFault['kind']>
}
