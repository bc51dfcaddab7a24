import { type Covered, createCovered } from './covered.ts'
import { createMessage, createWaiting, type Message, type MessageName, type Waiting } from './message.ts'

/** Why no order explains what was recorded so far. */
export type Impossible =
  /** It came out, but nobody had put it in, or it had come out before. */
  | { readonly is: 'not there'; readonly message: MessageName }
  /** It came out after another that was put in later, or after the queue was empty. */
  | { readonly is: 'too late'; readonly message: MessageName }
  /** It must have come out earlier, and no dequeue can have taken it. */
  | { readonly is: 'left behind'; readonly message: MessageName }
  /** It came out, and then its enqueue turned out certainly not to have happened. */
  | { readonly is: 'never put in' }
  /** A dequeue found nothing, though all the time something was in. */
  | { readonly is: 'never empty' }

/** Why a violation may have been missed. */
export type Doubt =
  /** A dequeue that found nothing still waits for others to end. */
  | 'open'
  /** Dequeues of unknown outcome may have taken one message or another. */
  | 'ambiguous'
  /** The initial content may explain what came out. */
  | 'lost'

/** An operation in flight. */
export interface Flight {
  readonly call: number
  /** Absent unless it is an enqueue. */
  readonly message: Message | undefined
  readonly isDrain: boolean
}

export interface MessageMonitor {
  /** Undefined if an equal message may still be in: then it is unclear which one comes out. */
  put(position: number, name: MessageName): Flight | undefined
  /** A dequeue, or a drain: dequeues until one finds nothing. */
  take(position: number, isDrain: boolean): Flight
  /** What came out, or nothing of an enqueue; and whether it found nothing then. */
  succeeded(position: number, flight: Flight, out: readonly MessageName[], isEmpty: boolean): Impossible | undefined
  failed(flight: Flight): Impossible | undefined
  /** Its outcome stays unknown. */
  abandoned(flight: Flight): Impossible | undefined
  /** Whether such a message may be in, or may have been put in. */
  holds(name: MessageName): boolean
  doubt(): Doubt | undefined
  retained(): number
}

export interface Start {
  /** Whether messages come out in the order they were put in. */
  readonly isInOrder: boolean
  /** Undefined if unknown: then messages that nobody put in were there at first. */
  readonly messages: readonly MessageName[] | undefined
}

interface Found {
  readonly call: number
  readonly return: number
}

interface Watching {
  readonly isInOrder: boolean
  /** Whether messages that nobody put in may have been there at first. */
  readonly isAnyStart: boolean
  /** Those that may come out, by name. */
  readonly byName: Map<MessageName, Message>
  /** Acknowledged ones that may stay for ever. */
  readonly waiting: Waiting
  /** Acknowledged ones that must have been taken, by deadline. */
  readonly owed: Message[]
  /** Dequeues in flight, in order of call. */
  readonly takers: Set<Flight>
  /** Calls of dequeues of unknown outcome that are not charged with a message yet, ascending. */
  readonly unknown: number[]
  /** The first call of a drain of unknown outcome: from then on, anything may have been taken. */
  drained: number
  /** When messages that came out had certainly been in, as far as that may still matter. */
  readonly covered: Covered
  /** Dequeues that found nothing, whose moment is still open, by return. */
  readonly found: Found[]
  /** The latest call of an enqueue whose message came out. */
  latest: number
  /** The event by which messages that nobody put in must have been taken out. */
  firstOut: number
  isAmbiguous: boolean
}

/** The order of those that were there at first, before all events. */
export const AT_FIRST = -1_000_000_000

/**
 * Watches one queue or bag of distinct messages, event by event.
 *
 * A message is certainly in from the return of its enqueue to the call of the dequeue that returned it (its interval, with
 * each end reduced to what the other allows). An order exists exactly if every message that came out was put in, once;
 * each dequeue that found nothing has a moment outside of these intervals; and, for a queue, no message was put in
 * entirely before another and taken out entirely after it (see `queue.ts`).
 *
 * So once a message comes out, those acknowledged before its enqueue was called must have been taken by dequeues called
 * by now: they are owed, with this deadline. Each needs a dequeue of its own, in flight or of unknown outcome, that was
 * called before its deadline. Since all these sets of dequeues are nested, it is enough to count. When no dequeue in
 * flight is that old any more, one of unknown outcome is used up and the message forgotten.
 *
 * A dequeue that found nothing is decided once no earlier dequeue is in flight: until then, these may have taken what
 * was in. If the moments it leaves differ in what dequeues of unknown outcome have to have taken, nothing is demanded,
 * and the monitor is ambiguous from then on.
 */
export function createMessageMonitor(start: Start): MessageMonitor {
  const watching = begin(start)
  return {
    put: (position, name) => put(watching, position, name),
    take(call, isDrain) {
      const flight: Flight = { call, message: undefined, isDrain }
      watching.takers.add(flight)
      return flight
    },
    succeeded(position, flight, out, isEmpty) {
      if (flight.message !== undefined) return wasPut(watching, flight.message, position)
      watching.takers.delete(flight)
      for (const name of out) {
        const impossible = cameOut(watching, name, flight.call, position)
        if (impossible !== undefined) return impossible
      }
      const found = { call: flight.call, return: position }
      if (isEmpty && (watching.isAnyStart || !isFree(watching, found))) watching.found.push(found)
      return settle(watching)
    },
    failed(flight) {
      const { message } = flight
      if (message === undefined) {
        watching.takers.delete(flight)
        return settle(watching)
      }
      if (message.isGone) return { is: 'never put in' }
      forget(watching, message)
      return undefined
    },
    abandoned(flight) {
      if (flight.message !== undefined) return undefined
      watching.takers.delete(flight)
      if (flight.isDrain) watching.drained = Math.min(watching.drained, flight.call)
      else insert(watching.unknown, flight.call, (call) => call)
      return settle(watching)
    },
    holds: (name) => watching.byName.has(name),
    doubt: () => (watching.isAmbiguous ? 'ambiguous' : watching.found.length > 0 ? 'open' : undefined),
    retained: () =>
      watching.byName.size +
      watching.takers.size +
      watching.unknown.length +
      watching.covered.size() +
      watching.found.length,
  }
}

function begin({ isInOrder, messages }: Start): Watching {
  const byName = new Map<MessageName, Message>()
  const waiting = createWaiting()
  for (const [i, name] of (messages ?? []).entries()) {
    const message = createMessage(name, AT_FIRST + i, AT_FIRST + i)
    byName.set(name, message)
    waiting.push(message)
  }
  return {
    isInOrder,
    isAnyStart: messages === undefined,
    byName,
    waiting,
    owed: [],
    takers: new Set(),
    unknown: [],
    drained: Number.POSITIVE_INFINITY,
    covered: createCovered(),
    found: [],
    latest: Number.NEGATIVE_INFINITY,
    firstOut: Number.POSITIVE_INFINITY,
    isAmbiguous: false,
  }
}

function put({ byName }: Watching, position: number, name: MessageName): Flight | undefined {
  if (byName.has(name)) return undefined
  const message = createMessage(name, position)
  byName.set(name, message)
  return { call: position, message, isDrain: false }
}

function wasPut({ waiting }: Watching, message: Message, position: number): undefined {
  if (message.isGone) return
  message.acknowledged = position
  waiting.push(message)
}

function forget({ byName }: Watching, message: Message): void {
  byName.delete(message.name)
  message.isGone = true
}

function cameOut(watching: Watching, name: MessageName, call: number, position: number): Impossible | undefined {
  const { isInOrder, isAnyStart, byName, waiting, owed, covered } = watching
  let message = byName.get(name)
  if (message === undefined) {
    if (!isAnyStart) return { is: 'not there', message: name }
    message = createMessage(name, AT_FIRST, AT_FIRST)
    message.deadline = watching.firstOut
  } else {
    forget(watching, message)
    const at = owed.indexOf(message)
    if (at !== -1) owed.splice(at, 1)
    else if (message.acknowledged !== Number.POSITIVE_INFINITY) waiting.left()
  }
  if (message.deadline < call) return { is: 'too late', message: name }
  covered.add(Math.min(message.acknowledged, position), Math.max(message.call, call))
  if (!isInOrder || message.call <= watching.latest) return undefined
  watching.latest = message.call
  if (message.call > AT_FIRST) watching.firstOut = Math.min(watching.firstOut, position)
  for (let next = waiting.first(); next !== undefined && next.acknowledged < message.call; next = waiting.first()) {
    next.deadline = position
    waiting.shift()
    owed.push(next)
  }
  return undefined
}

/** Decides the questions that no dequeue in flight can affect any more. */
function settle(watching: Watching): Impossible | undefined {
  const { takers, found, covered } = watching
  const [first] = takers
  const oldest = first?.call ?? Number.POSITIVE_INFINITY
  while (found.length > 0 && found[0].return < oldest) {
    const [next] = found
    if (!decide(watching, next)) return { is: 'never empty' }
    found.shift()
  }
  const other = firstLeftBehind(watching)
  if (other !== undefined) return { is: 'left behind', message: other.name }
  const watched = found.reduce((least, { call }) => Math.min(least, call), oldest)
  useUp(watching, watched)
  if (watched === Number.POSITIVE_INFINITY || covered.size() > MANY) covered.forget(watched)
  return undefined
}

const MANY = 64

/** Whether there was a moment at which nothing need have been in. */
function isFree(watching: Watching, { call, return: until }: Found): boolean {
  const { waiting, owed, covered } = watching
  const from = owed.reduce((latest, { deadline }) => Math.max(latest, Math.floor(deadline)), call)
  const gaps = covered.gaps(from, Math.min(until, waiting.first()?.acknowledged ?? until))
  if (gaps === undefined) return false
  watching.firstOut = Math.min(watching.firstOut, gaps.last)
  return true
}

/** Whether a dequeue may have found nothing, now that all dequeues in flight were called after it. */
function decide(watching: Watching, found: Found): boolean {
  if (isFree(watching, found)) return true
  const { waiting, owed, covered, unknown, drained } = watching
  const gaps = covered.gaps(found.call, found.return)
  if (gaps === undefined) return false
  const stuck = waiting.before(gaps.first)
  const takers = drained < found.return ? Number.POSITIVE_INFINITY : countBefore(unknown, found.return)
  if (stuck.length > takers) return false
  const isInWay = ({ acknowledged, deadline }: Message): boolean => acknowledged < found.return && deadline > found.call
  if (owed.some(isInWay) || waiting.before(gaps.last).length !== stuck.length) {
    watching.isAmbiguous = true
    return true
  }
  for (const message of stuck) {
    message.deadline = gaps.last
    waiting.shift()
    insert(owed, message, ({ deadline }) => deadline)
  }
  watching.firstOut = Math.min(watching.firstOut, gaps.last)
  return firstLeftBehind(watching) === undefined
}

/** The first that is owed without a dequeue that can have taken it. */
function firstLeftBehind({ owed, takers, unknown, drained }: Watching): Message | undefined {
  if (owed.length === 0) return undefined
  const calls: number[] = []
  let drain = drained
  for (const { call, isDrain } of takers) {
    calls.push(call)
    if (isDrain && call < drain) drain = call
  }
  return owed.find(
    ({ deadline }, i) => drain > deadline && countBefore(calls, deadline) + countBefore(unknown, deadline) <= i,
  )
}

/** Charges owed messages that no dequeue in flight can have taken to dequeues of unknown outcome. */
function useUp(watching: Watching, watched: number): void {
  const { owed, unknown, drained } = watching
  while (owed.length > 0 && owed[0].deadline < watched) {
    const [message] = owed.splice(0, 1)
    forget(watching, message)
    if (drained > message.deadline) unknown.splice(countBefore(unknown, message.deadline) - 1, 1)
  }
}

/** How many of these ascending numbers are less than this one. */
function countBefore(ascending: readonly number[], limit: number): number {
  let count = 0
  while (count < ascending.length && ascending[count] < limit) count++
  return count
}

/** Into an ascending list, after its equals. */
function insert<Item>(list: Item[], item: Item, by: (item: Item) => number): void {
  let at = list.length
  while (at > 0 && by(list[at - 1]) > by(item)) at--
  list.splice(at, 0, item)
}
