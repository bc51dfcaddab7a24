import { elementsOf, FAIL, type History, INFO, type Json, OK, type ValueId } from '@chaosproxy/history'
import type { ByStart } from '../judge/entry.ts'
import { nameOfKey } from '../object/model/late-reads.ts'
import { NULL_ID } from './gaps.ts'
import { DEQUEUE, DRAIN, ENQUEUE, queueNumbers } from './operations.ts'

/** A message of one queue, by event positions. */
interface Message {
  readonly id: number
  /** How often it was put in, without refused enqueues. */
  puts: number
  refused: number
  takes: number
  /** When it was first asked to be put in, and when that was acknowledged. */
  putCall: number
  putReturn: number
  /** When it was first asked for, and when it came. */
  takeCall: number
  takeReturn: number
}

interface Messages {
  readonly messages: Map<number, Message>
  acknowledged: number
  /** How many more messages may have been taken than were seen. */
  untold: number
}

const NEVER_SEEN = Number.POSITIVE_INFINITY
const AS_NOTHING = "Say what was there: --initial '[]' for nothing"

/** What came out of bags that was not put in before, or more often. */
export const bagByStart = (history: History): ByStart => byStart(history, 'bag', () => undefined)

/** The same for queues, and messages that came out in another order than they were put in. */
export const queueByStart = (history: History): ByStart => byStart(history, 'queue', outOfOrder)

/** An observation that only the initial content explains. */
interface Sight {
  readonly seen: string
  /** What must have been there, with its verb. */
  readonly only: string
}

type Look = (queue: Messages, show: (message: Message) => string, where: string) => Sight | undefined

function byStart(history: History, kind: string, look: Look): ByStart {
  const found: Sight[] = []
  const show = ({ id }: Message): string => JSON.stringify(history.values.json(id as ValueId))
  for (const [key, queue] of messagesByKey(history)) {
    const where = nameOfKey(history, key, kind)
    const strange = [...queue.messages.values()].flatMap((each) => strangeIn(each, show(each), where))
    if (strange.length > 0) found.push(...strange)
    else found.push(...[noneOfThese(queue, where) ?? look(queue, show, where)].filter((each) => each !== undefined))
  }
  const words = found.map(({ seen, only }) => `${seen}, which is right only if ${only} there at the start`)
  return { found: words, remedy: AS_NOTHING }
}

/** The observations of one message that only the initial content explains, regardless of other messages. */
function strangeIn(message: Message, shown: string, where: string): readonly Sight[] {
  const { puts, takes, refused, putCall, takeReturn } = message
  const only = `${shown} was`
  if (takes === 0) return []
  if (puts === 0) return refused === 0 ? [] : [{ seen: `${shown} was refused by ${where} and came out of it`, only }]
  if (takes > puts) {
    const times = puts === 1 ? 'once' : `${puts} times`
    return [{ seen: `${shown} was taken out of ${where} ${takes} times and put in ${times}`, only }]
  }
  return takeReturn < putCall ? [{ seen: `${shown} was taken out of ${where} before it was put in`, only }] : []
}

/** Whatever was put in may be lost if nothing of it came out. */
function noneOfThese({ messages, acknowledged }: Messages, where: string): Sight | undefined {
  const taken = [...messages.values()].filter(({ takes }) => takes > 0)
  if (acknowledged === 0 || taken.length === 0 || taken.some(({ puts }) => puts > 0)) return undefined
  const what = acknowledged === 1 ? 'the message' : `the ${acknowledged} messages`
  return { seen: `nothing came out of ${where} of ${what} put in, only what nobody put in`, only: 'all of that was' }
}

/**
 * Looks at messages that were put in once: one that came out before another that was put in before it, or before one that
 * nobody put in. Of those that never came out, operations of unknown outcome may have taken some.
 */
const outOfOrder: Look = ({ messages, untold }, show, where) => {
  const own = [...messages.values()].filter(({ puts }) => puts === 1)
  const taken = own.filter(({ takes }) => takes === 1)
  const first = leastOf(taken, ({ takeReturn }) => takeReturn)
  const latest = leastOf(taken, ({ putCall }) => -putCall)
  if (first === undefined || latest === undefined) return undefined
  const foreign = [...messages.values()].find(
    ({ puts, takeCall }) => puts === 0 && isBetween(first.takeReturn, takeCall),
  )
  if (foreign !== undefined)
    return {
      seen: `${show(first)} came out of ${where} before ${show(foreign)}, which nobody put in`,
      only: 'both were',
    }
  const overtaken = overtakenIn(taken)
  if (overtaken !== undefined) {
    const [sooner, later] = overtaken.map(show)
    return { seen: `${sooner} came out of ${where} before ${later}, which was put in first`, only: `${sooner} was` }
  }
  const missing = own.filter(({ takes, putReturn }) => takes === 0 && putReturn < latest.putCall)
  const [one] = missing
  if (one === undefined || missing.length <= untold) return undefined
  const seen = `${show(latest)} came out of ${where}, and ${show(one)}, which was put in first, never did`
  return { seen, only: `${show(latest)} was` }
}

const isBetween = (after: number, position: number): boolean => after < position && position < NEVER_SEEN

function leastOf(messages: readonly Message[], by: (message: Message) => number): Message | undefined {
  let least: Message | undefined
  for (const each of messages) if (least === undefined || by(each) < by(least)) least = each
  return least
}

/** A message that came out before another that was put in before it. */
function overtakenIn(taken: readonly Message[]): readonly [sooner: Message, later: Message] | undefined {
  const byReturn = taken.toSorted((a, b) => a.putReturn - b.putReturn)
  let next = 0
  let last: Message | undefined
  for (const each of taken.toSorted((a, b) => a.putCall - b.putCall)) {
    for (; next < byReturn.length && byReturn[next].putReturn < each.putCall; next++)
      if (last === undefined || byReturn[next].takeCall > last.takeCall) last = byReturn[next]
    if (last !== undefined && each.takeReturn < last.takeCall) return [each, last]
  }
  return undefined
}

function messagesByKey(history: History): ReadonlyMap<number, Messages> {
  const { operations, values } = history
  const { f, key, outcome, input, output, callEvent, returnEvent, length } = operations
  const numbers = history.functions.map((name) => queueNumbers[name])
  const queues = new Map<number, Messages>()
  const queueOf = (row: number): Messages => {
    const queue = queues.get(key[row]) ?? { messages: new Map(), acknowledged: 0, untold: 0 }
    queues.set(key[row], queue)
    return queue
  }
  const messageIn = ({ messages }: Messages, id: number): Message => {
    const blank = { id, puts: 0, refused: 0, takes: 0, putCall: NEVER_SEEN, putReturn: NEVER_SEEN }
    const message = messages.get(id) ?? { ...blank, takeCall: NEVER_SEEN, takeReturn: NEVER_SEEN }
    messages.set(id, message)
    return message
  }
  const take = (row: number, id: number): void => {
    if (id === NULL_ID) return
    const message = messageIn(queueOf(row), id)
    message.takes++
    message.takeCall = Math.min(message.takeCall, callEvent[row])
    message.takeReturn = Math.min(message.takeReturn, returnEvent[row])
  }
  for (let row = 0; row < length; row++) {
    const isDone = outcome[row] === OK
    if (numbers[f[row]] === ENQUEUE) {
      const message = messageIn(queueOf(row), input[row])
      if (outcome[row] === FAIL) message.refused++
      if (outcome[row] !== OK && outcome[row] !== INFO) continue
      message.puts++
      message.putCall = Math.min(message.putCall, callEvent[row])
      if (isDone) message.putReturn = Math.min(message.putReturn, returnEvent[row])
      if (isDone) queueOf(row).acknowledged++
    } else if (numbers[f[row]] === DEQUEUE) {
      if (isDone) take(row, output[row])
      else if (outcome[row] === INFO) queueOf(row).untold++
    } else if (numbers[f[row]] === DRAIN) {
      if (isDone) for (const each of drained(values.json(output[row] as ValueId))) take(row, values.id(each))
      else if (outcome[row] === INFO) queueOf(row).untold = NEVER_SEEN
    }
  }
  return queues
}

const drained = (output: Json): readonly Json[] => elementsOf(output) ?? []
