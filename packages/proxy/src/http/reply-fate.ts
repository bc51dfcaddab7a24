import type { HttpFault } from '@chaosproxy/faults'
import { carryOut } from '../link/rule.ts'
import { type Candidate, candidateFor, type HttpRule } from './http-rule.ts'
import type { Trickle } from './pause.ts'
import { editReply, makeUpReply, offsetInContent, type Reply, withFields } from './reply.ts'
import type { Chances } from './request-harms.ts'
import type { HttpTurn } from './turn.ts'

export interface ReplyPlan {
  readonly lost: Extract<HttpFault, { readonly kind: 'lose-reply' }> | undefined
  readonly delay: { readonly durationMs: number; readonly rule: HttpRule } | undefined
  /** The faults that may hit the response, in order, without `lost` and `delay`. */
  readonly others: readonly Candidate[]
}

/** Returns the rules that may hit a response, now that its status is known. */
export function chosenForReply(turn: HttpTurn, status: number, client: string, chances: Chances): readonly Candidate[] {
  return turn.replyRules.flatMap((candidate) => {
    const { rule, state, body } = candidate
    if (state !== 'open') return candidate
    if (rule.searchesBody && !turn.isSearched) {
      rule.miss('the reply came before the end of the request')
      return []
    }
    if (turn.head === undefined) return []
    return candidateFor(rule, { head: turn.head, client, body, status }, chances.seat, chances.nowMs()) ?? []
  })
}

/** Plans which faults hit a response, up to the first fault that loses it. Returns undefined if no fault hits. */
export function planReply(candidates: readonly Candidate[], turn: HttpTurn, { seat }: Chances): ReplyPlan | undefined {
  let lost: ReplyPlan['lost']
  let delay: ReplyPlan['delay']
  const chosen = candidates.flatMap(({ rule, state }) => (state === 'chosen' ? rule : []))
  carryOut(
    chosen,
    (rule) => {
      const { fault } = rule
      if (fault.kind === 'lose-reply') {
        lost = fault
        return 'ends'
      }
      if (fault.kind !== 'delay-reply') return 'none'
      delay = { durationMs: (delay?.durationMs ?? 0) + rule.drawDelayMs(fault, seat), rule }
      return 'acts'
    },
    turn.name,
  )
  const others = candidates.filter(({ rule: { fault } }) => fault.kind !== 'lose-reply' && fault.kind !== 'delay-reply')
  return lost === undefined && delay === undefined && others.length === 0 ? undefined : { lost, delay, others }
}

/** The fate of a response that is not lost. */
export interface ReplyFate {
  /** The response that the client gets. If `bodyFollows` is true, the body of the server's response follows it. */
  readonly reply: Reply
  readonly trickle: Trickle | undefined
  /** The connection is reset after this many bytes of the response's content. */
  readonly truncate: { readonly bytes: number; readonly rule: HttpRule } | undefined
  readonly reorder: { readonly withinMs: number; readonly rule: HttpRule } | undefined
  /** Whether `reply` is already truncated. */
  readonly isCut: boolean
}

type Draft = { -readonly [Member in keyof ReplyFate]: ReplyFate[Member] }

export interface AnswerContext {
  readonly turn: HttpTurn
  /** Whether the server's response never ends. If it is replaced, the client gets no further response. */
  readonly isEndless: boolean
}

/** Applies a fault to a response. Returns whether it has hit. */
type ReplyHarm<Kind extends HttpFault['kind']> = (
  fate: Draft,
  fault: Extract<HttpFault, { readonly kind: Kind }>,
  rule: HttpRule,
  answer: AnswerContext & { readonly isChosen: boolean },
) => boolean

/** The effect of each kind of fault that acts on arriving responses. */
const harms: { readonly [Kind in HttpFault['kind']]?: ReplyHarm<Kind> } = {
  'stale-reply'(fate, _, rule, { turn, isChosen }) {
    const earlier = rule.earlier?.note(`${turn.method} ${turn.target}`, fate.reply)
    if (earlier === undefined || !isChosen) return false
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
    // `truncate-reply` hits only if the content is longer than `bytes`.
    return false
  },
  'trickle-reply'(fate, { pieceBytes, pauseMs }, rule) {
    fate.trickle = { pieceBytes, pauseMs, rule }
    return true
  },
  'reorder-replies'(fate, { withinMs }, rule) {
    fate.reorder = { withinMs, rule }
    // `reorder-replies` hits only if another response overtakes this one within `withinMs`.
    return false
  },
}

/** Applies the faults that hit a response: to the whole response if it is complete, otherwise to its head. */
export function applyFaults(candidates: readonly Candidate[], original: Reply, answer: AnswerContext): ReplyFate {
  const fate: Draft = {
    reply: original,
    trickle: undefined,
    truncate: undefined,
    reorder: undefined,
    isCut: false,
  }
  for (const { rule, state } of candidates) {
    const isChosen = state === 'chosen'
    if (harmOf(rule.fault)(fate, rule.fault, rule, { ...answer, isChosen })) rule.hit(answer.turn.name)
  }
  const { reply, truncate } = fate
  if (truncate === undefined || reply.bodyFollows) return fate
  const cutAt = offsetInContent(reply, truncate.bytes)
  if (cutAt === undefined) return { ...fate, truncate: undefined }
  truncate.rule.hit(answer.turn.name)
  return { ...fate, reply: { ...reply, raw: reply.raw.subarray(0, cutAt) }, isCut: true }
}

function harmOf({ kind }: HttpFault): ReplyHarm<HttpFault['kind']> {
  const harm = harms[kind]
  if (harm === undefined) throw new Error(`${kind} does not act on answers`)
  // The function `harms[kind]` accepts faults of this kind, but the compiler cannot infer that.
  return harm as ReplyHarm<HttpFault['kind']>
}
