import { type Budget, unlimited } from '../budget.ts'
import { type Encoded, NEVER } from '../encoded.ts'
import type { Lists } from './lists.ts'

/**
 * The order of each client's operations, as chains: of one client, what returned before another was called precedes it. A
 * client that waits for each answer is one thread of its completed operations; one whose operations overlap has as many as
 * it had open at once. An operation of unknown outcome has no successor, so it is a thread of its own.
 */
export interface Threads {
  readonly count: number
  /** Of each operation: its thread, and its place in it from 0. */
  readonly of: Int32Array
  readonly place: Int32Array
  /** The operations of thread t, in order, are members[start[t]] … members[start[t + 1] - 1]. */
  readonly start: Int32Array
  readonly members: Int32Array
  /**
   * What comes directly before an operation in other threads of its client: of each thread the last operation that does,
   * unless it comes before the one before in the operation's own thread already.
   */
  readonly before: Lists
  /** Some client has several threads of completed operations. */
  readonly isBranched: boolean
  /** Of each operation: 1 where it is only assumed to follow the one before it in its thread (see `joinThreads`). */
  readonly joined: Uint8Array
}

/** What there is to know of operations that are put in their clients' orders. */
export type Timed = Pick<Encoded, 'length' | 'calls' | 'returns' | 'clients'>

/** The threads of one client's completed operations, as far as they were made. */
interface Client {
  readonly threads: number[]
  /** Of each thread the last operation, and the one before it or -1. */
  readonly last: number[]
  readonly lastButOne: number[]
}

/**
 * `certain`: nothing is optional, so that an operation of unknown outcome that is the last of its client, as it is where an
 * unknown outcome retires a process and every process is a client, can be the last of a thread.
 *
 * @throws OutOfTime
 */
export function threadsOf(encoded: Timed, certain = false, budget: Budget = unlimited): Threads {
  const { length, returns, calls } = encoded
  const numbers = encoded.clients()
  const lastOfClient = new Map<number, number>()
  for (let i = 0; i < length && certain; i++) {
    budget.tick()
    lastOfClient.set(numbers[i], i)
  }
  const of = new Int32Array(length)
  const place = new Int32Array(length)
  const clients = new Map<number, Client>()
  const sizes: number[] = []
  const pairs: Pairs = { from: [], to: [] }
  let isBranched = false
  for (let i = 0; i < length; i++) {
    budget.tick()
    let client = clients.get(numbers[i])
    if (client === undefined) {
      client = { threads: [], last: [], lastButOne: [] }
      clients.set(numbers[i], client)
    }
    const isAlone = returns[i] === NEVER && lastOfClient.get(numbers[i]) !== i
    const free = isAlone ? NONE : freeThread(client.last, returns, calls[i])
    const previous = free === NONE ? NONE : client.last[free]
    if (client.threads.length > (free === NONE ? 0 : 1)) {
      listBefore(pairs, i, previous, client, encoded)
    }
    if (free === NONE) {
      of[i] = sizes.length
      if (!isAlone) {
        client.threads.push(sizes.length)
        client.last.push(i)
        client.lastButOne.push(NONE)
        if (client.threads.length > 1) isBranched = true
      }
      sizes.push(1)
    } else {
      of[i] = client.threads[free]
      place[i] = sizes[of[i]]++
      client.last[free] = i
      client.lastButOne[free] = previous
    }
  }
  return assemble({ of, place, sizes, before: listsOf(pairs, length), isBranched, joined: new Uint8Array(length) })
}

const NONE = -1

/** The first thread whose last operation had returned by then. */
function freeThread(last: readonly number[], returns: Int32Array, call: number): number {
  for (let t = 0; t < last.length; t++) if (returns[last[t]] < call) return t
  return NONE
}

/** What comes before what, by place. */
export interface Pairs {
  readonly from: number[]
  readonly to: number[]
}

/** Of a thread only the last operation can still have been open: those in it do not overlap. */
function listBefore(
  { from, to }: Pairs,
  operation: number,
  previous: number,
  { last, lastButOne }: Client,
  { calls, returns }: Timed,
): void {
  for (let t = 0; t < last.length; t++) {
    const before = returns[last[t]] < calls[operation] ? last[t] : lastButOne[t]
    if (before === NONE || before === previous) continue
    if (previous !== NONE && returns[before] < calls[previous]) continue
    from.push(before)
    to.push(operation)
  }
}

/** By ascending operation they come after. */
export function listsOf({ from, to }: Pairs, length: number): Lists {
  const start = new Int32Array(length + 1)
  for (const operation of to) start[operation + 1]++
  if (to.length > 0) for (let i = 0; i < length; i++) start[i + 1] += start[i]
  return { start, items: Int32Array.from(from) }
}

/** What `Threads` are made of: the thread and place of each operation, and how many operations each thread has. */
export interface Woven extends Pick<Threads, 'of' | 'place' | 'before' | 'isBranched' | 'joined'> {
  readonly sizes: readonly number[]
}

export function assemble({ sizes, of, place, before, isBranched, joined }: Woven): Threads {
  const start = new Int32Array(sizes.length + 1)
  for (let t = 0; t < sizes.length; t++) start[t + 1] = start[t] + sizes[t]
  const members = new Int32Array(of.length)
  for (let i = 0; i < of.length; i++) members[start[of[i]] + place[i]] = i
  return { count: sizes.length, of, place, start, members, before, isBranched, joined }
}
