import type { MessageName } from './message.ts'
import { AT_FIRST, createMessageMonitor, type Flight, type Impossible, type MessageMonitor } from './monitor.ts'

/** An operation in flight, as each of the two monitors knows it. */
interface Twofold {
  /** Absent unless it is an enqueue. */
  readonly name: MessageName | undefined
  supposed: Flight | undefined
  certain: Flight | undefined
  /** Whether it was called before the queue was first found empty. */
  isEarly: boolean
}

interface Put {
  readonly name: MessageName
  readonly return: number
}

interface Watching {
  readonly isInOrder: boolean
  /** Supposes that what was put in comes out before an equal message that was there at first; undefined once that failed. */
  supposed: MessageMonitor | undefined
  /** Begins when the queue is found empty, and knows only later events. */
  certain: MessageMonitor | undefined
  readonly flights: Map<Flight, Twofold>
  /** Enqueues that returned while some dequeue was in flight. */
  recent: Put[]
  readonly unknownPuts: MessageName[]
  unknownTakes: number
  isUnknownDrain: boolean
}

/**
 * Watches one queue or bag whose initial content is unknown, by two monitors. One supposes that a message was there at
 * first only if nobody had put it in; while it finds an order, there is one. The other begins as soon as a dequeue finds
 * nothing: whatever was in it before is gone then, so what it finds impossible is. Enqueues that overlapped that dequeue may
 * have come before or after the moment, so to the second they have an unknown outcome.
 */
export function createMonitorFromAny(isInOrder: boolean): MessageMonitor {
  const watching: Watching = {
    isInOrder,
    supposed: createMessageMonitor({ isInOrder, messages: undefined }),
    certain: undefined,
    flights: new Map(),
    recent: [],
    unknownPuts: [],
    unknownTakes: 0,
    isUnknownDrain: false,
  }
  const { flights } = watching
  return {
    put: (position, name) => called(watching, { call: position, isDrain: false }, name),
    take: (position, isDrain) => called(watching, { call: position, isDrain }, undefined),
    succeeded: (position, flight, out, isEmpty) => succeeded(watching, flight, { position, out, isEmpty }),
    failed(flight) {
      const { supposed, certain } = endOf(watching, flight)
      suppose(watching, (monitor) => supposed && monitor.failed(supposed))
      return certain && watching.certain?.failed(certain)
    },
    abandoned(flight) {
      const { name, supposed, certain } = endOf(watching, flight)
      if (name !== undefined) watching.unknownPuts.push(name)
      else if (flight.isDrain) watching.isUnknownDrain = true
      else watching.unknownTakes++
      suppose(watching, (monitor) => supposed && monitor.abandoned(supposed))
      return certain && watching.certain?.abandoned(certain)
    },
    holds: (name) => watching.certain?.holds(name) === true,
    doubt: () => (watching.supposed === undefined ? 'lost' : watching.supposed.doubt()),
    retained: () =>
      (watching.supposed?.retained() ?? 0) +
      (watching.certain?.retained() ?? 0) +
      flights.size +
      watching.recent.length +
      watching.unknownPuts.length,
  }
}

/** Passes a call to both monitors. Gives up one that cannot distinguish messages any more. */
function called(
  watching: Watching,
  { call, isDrain }: Pick<Flight, 'call' | 'isDrain'>,
  name: MessageName | undefined,
): Flight {
  const pass = (monitor: MessageMonitor | undefined): Flight | undefined =>
    name === undefined ? monitor?.take(call, isDrain) : monitor?.put(call, name)
  const [supposed, certain] = [pass(watching.supposed), pass(watching.certain)]
  if (supposed === undefined) watching.supposed = undefined
  if (certain === undefined) giveUpCertainty(watching)
  const flight: Flight = { call, message: undefined, isDrain }
  watching.flights.set(flight, { name, supposed, certain, isEarly: false })
  return flight
}

/** Until the queue is found empty again. */
function giveUpCertainty(watching: Watching): void {
  watching.certain = undefined
  for (const flight of watching.flights.values()) flight.certain = undefined
}

function endOf({ flights }: Watching, flight: Flight): Twofold {
  const twofold = flights.get(flight)
  if (twofold === undefined) throw new Error('an operation ends that was never called')
  flights.delete(flight)
  return twofold
}

/** What is impossible only on a supposition ends the supposition. */
function suppose(watching: Watching, step: (monitor: MessageMonitor) => Impossible | undefined): void {
  if (watching.supposed !== undefined && step(watching.supposed) !== undefined) watching.supposed = undefined
}

interface Answer {
  readonly position: number
  readonly out: readonly MessageName[]
  readonly isEmpty: boolean
}

function succeeded(watching: Watching, flight: Flight, { position, out, isEmpty }: Answer): Impossible | undefined {
  const { name, supposed, certain, isEarly } = endOf(watching, flight)
  suppose(watching, (monitor) => supposed && monitor.succeeded(position, supposed, out, isEmpty))
  if (name !== undefined) note(watching, { name, return: position })
  const monitor = watching.certain
  if (monitor === undefined) {
    if (isEmpty) becomeCertain(watching, flight.call)
    return undefined
  }
  if (certain === undefined) return undefined
  if (!isEarly) return monitor.succeeded(position, certain, out, isEmpty)
  if (name !== undefined) return monitor.abandoned(certain)
  // It may have taken this before the queue was empty, or after that.
  if (out.some((each) => monitor.holds(each))) {
    giveUpCertainty(watching)
    return undefined
  }
  return monitor.failed(certain)
}

const MANY = 64

/** Keeps in mind a message whose enqueue may overlap a dequeue that is in flight. */
function note(watching: Watching, put: Put): void {
  watching.recent.push(put)
  if (watching.recent.length < MANY) return
  let oldest = Number.POSITIVE_INFINITY
  for (const [{ call }, { name }] of watching.flights) if (name === undefined) oldest = Math.min(oldest, call)
  watching.recent = watching.recent.filter((each) => each.return > oldest)
}

/** At some moment since this call, the queue was empty. */
function becomeCertain(watching: Watching, since: number): void {
  const { isInOrder, flights, recent, unknownPuts, unknownTakes, isUnknownDrain } = watching
  const monitor = createMessageMonitor({ isInOrder, messages: [] })
  const unclear = [...unknownPuts, ...recent.filter((put) => put.return > since).map(({ name }) => name)]
  const open = Array.from(flights.values(), ({ name }) => name).filter((name) => name !== undefined)
  if (new Set([...unclear, ...open]).size < unclear.length + open.length) return
  for (const name of unclear) monitor.put(AT_FIRST, name)
  for (let n = 0; n < unknownTakes; n++) monitor.abandoned(monitor.take(AT_FIRST, false))
  if (isUnknownDrain) monitor.abandoned(monitor.take(AT_FIRST, true))
  for (const [{ call, isDrain }, twofold] of flights) {
    twofold.isEarly = true
    twofold.certain = twofold.name === undefined ? monitor.take(call, isDrain) : monitor.put(AT_FIRST, twofold.name)
  }
  watching.certain = monitor
}
