import type { Operation } from '../history.ts'
import { Undecided } from '../proof.ts'
import type { Core } from './patterns.ts'
import { copiesOf, doing, isInvented, type Message, type Queue } from './work-queue-record.ts'

// Whether the messages of a queue are delivered in the order of their enqueues.

/**
 * A message with a single copy. Its enqueue took effect between the lines `inFrom` and `inTo`, and its first take
 * between `outFrom` and `outTo`.
 */
interface Life {
  readonly message: Message
  readonly inFrom: number
  readonly inTo: number
  readonly outFrom: number
  readonly outTo: number
}

const showsOf = (message: Message): readonly Operation[] =>
  message.steps.flatMap((each) => (each.does === 'take' || each.count > 0 ? [each.of] : []))

const isOne = (message: Message): boolean =>
  copiesOf(message) === 1 && !showsOf(message).some((each) => isInvented(message, each))

function livesOf(queue: Queue, message: Message): readonly Life[] {
  const shows = showsOf(message)
  if (shows.length === 0) return []
  const takes = doing(message, 'take').map((each) => each.of)
  const [enqueue] = doing(message, 'enqueue')
  const ends = [
    ...shows.map((each) => each.return),
    enqueue?.of.outcome === 'ok' ? enqueue.of.return : Number.POSITIVE_INFINITY,
  ]
  const place = queue.initial.indexOf(message.text) - queue.initial.length
  const [inFrom, inTo] = enqueue === undefined ? [place, place] : [enqueue.of.line, Math.min(...ends)]
  const calls = (takes.length > 0 ? takes : shows).map(({ line }) => line)
  const late = takes.length > 0 ? Math.min(...calls) : Math.max(...calls)
  const outTo = Math.min(Number.POSITIVE_INFINITY, ...takes.map((each) => each.return))
  return [{ message, inFrom, inTo, outFrom: Math.max(late, inFrom), outTo }]
}

/**
 * Returns two messages that were taken in the wrong order: the first was enqueued before the second, but taken or seen
 * after the second was taken. If there are no such messages, there is a legal order (Henzinger, Sezgin & Vafeiadis
 * 2013).
 */
function overtakingIn(queue: Queue, messages: readonly Message[]): readonly [first: Life, later: Life] | undefined {
  const lives = messages.filter(isOne).flatMap((each) => livesOf(queue, each))
  const entered = lives.toSorted((a, b) => b.inTo - a.inTo)
  let last: Life | undefined
  for (const later of lives.toSorted((a, b) => a.inFrom - b.inFrom)) {
    for (let next = entered.at(-1); next !== undefined && next.inTo < later.inFrom; next = entered.at(-1)) {
      entered.pop()
      if (last === undefined || next.outFrom > last.outFrom) last = next
    }
    if (last !== undefined && last.outFrom > later.outTo) return [last, later]
  }
  return undefined
}

export function isOutOfOrder(queue: Queue, core: Core): boolean {
  const isNamed = ({ steps }: Message): boolean => steps.some(({ of: { line } }) => core?.has(line) ?? true)
  const named = queue.messages.filter(isNamed)
  const pair = overtakingIn(queue, named)
  if (pair === undefined && core !== undefined && queue.messages.some(isRepeated)) throw new Undecided(REPEATED)
  if (pair === undefined) return false
  const [{ message: first }, { message, outTo }] = pair
  const lines = new Set([...first.steps, ...message.steps].map(({ of: { line } }) => line))
  // An unanswered take may have received the first message.
  if (queue.unanswered.some(({ line }) => line < outTo)) return false
  return core === undefined || [...core].every((line) => lines.has(line))
}

const REPEATED = 'the verifier covers the order of distinct messages, and one message appeared several times'

const isRepeated = (message: Message): boolean =>
  copiesOf(message) > 0 && showsOf(message).length > 0 && !isOne(message)

export const whyOrderIsOpen = (queue: Queue): string | undefined =>
  queue.messages.some(isRepeated)
    ? REPEATED
    : overtakingIn(queue, queue.messages) === undefined
      ? undefined
      : 'a take of unknown outcome may have received the message that was overtaken'
