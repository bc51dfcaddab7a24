import { type Budget, unlimited } from '../limits/budget.ts'
import { type Encoded, NEVER } from './encoded.ts'
import type { Lists } from './lists.ts'

/**
 * The order within each client, as threads. Each operation of a thread precedes the next one. An operation precedes
 * those of its client that were called after its return, so a client with overlapping operations has several threads.
 * An operation of unknown outcome precedes no other operation, so it is alone in its thread.
 */
export interface Threads {
  readonly count: number
  /** By operation: its thread, and its position in that thread from 0. */
  readonly of: Int32Array
  readonly place: Int32Array
  /** The operations of thread t, in order, are members[start[t]] … members[start[t + 1] - 1]. */
  readonly start: Int32Array
  readonly members: Int32Array
  /** By operation: its direct predecessors in other threads of its client. */
  readonly before: Lists
  /** Whether the completed operations of some client form several threads, because some of them overlap. */
  readonly isBranched: boolean
  /** By operation: 1 if its order after the previous one is only assumed (see `joinThreads`). */
  readonly joined: Uint8Array
}

/**
 * Returns a function that yields the next operation of a thread. It yields -1 if the thread has ended or the next
 * operation must wait. `position` holds the number of operations taken, by thread. Created once for each search,
 * because its loops call the function millions of times.
 */
export function nextIn(
  { start, members, before, of, place }: Threads,
  position: Int32Array,
): (thread: number) => number {
  return (thread) => {
    const at = start[thread] + position[thread]
    if (at === start[thread + 1]) return -1
    const operation = members[at]
    for (let n = before.start[operation]; n < before.start[operation + 1]; n++) {
      const needed = before.items[n]
      if (position[of[needed]] <= place[needed]) return -1
    }
    return operation
  }
}

/** The columns that determine the order within clients. */
export type Timed = Pick<Encoded, 'length' | 'calls' | 'returns' | 'clients' | 'isTied'>

/** The threads of one client that later operations of the client may join (see `Threads`). */
interface Client {
  readonly threads: number[]
  /** By thread: its last operation, and the one before that, or -1. */
  readonly last: number[]
  readonly lastButOne: number[]
}

/**
 * Computes the threads (see `Threads`). If `certain`, every order must contain all operations, even those of unknown
 * outcome. The last operation of a client can then follow the client's completed operations in their thread, even if
 * its outcome is unknown.
 *
 * @throws OutOfTime
 */
export function threadsOf(encoded: Timed, certain: boolean, budget: Budget = unlimited): Threads {
  if (encoded.isTied === true) return tiedThreads(encoded, budget)
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

/**
 * Computes the threads of a tied history (see `History.isTied`): one for the completed operations of each client, and
 * one for each other operation.
 *
 * @throws OutOfTime
 */
function tiedThreads({ length, calls, returns, clients }: Timed, budget: Budget): Threads {
  const numbers = clients()
  const of = new Int32Array(length)
  const place = new Int32Array(length)
  const threadOf = new Map<number, number>()
  const sizes: number[] = []
  const members: number[][] = []
  const returned: number[] = []
  const pairs: Pairs = { from: [], to: [] }
  for (let i = 0; i < length; i++) {
    budget.look(1 + members.length)
    for (const [t, own] of members.entries()) while (returns[own[returned[t]]] < calls[i]) returned[t]++
    const known = returns[i] === NEVER ? undefined : threadOf.get(numbers[i])
    const thread = known ?? sizes.length
    const last = threadOf.get(numbers[i]) ?? NONE
    listReturned(pairs, i, { members, returned, calls, returns, own: thread, last })
    if (known === undefined) {
      sizes.push(0)
      members.push([])
      returned.push(0)
      if (returns[i] !== NEVER) threadOf.set(numbers[i], thread)
    }
    of[i] = thread
    place[i] = sizes[thread]++
    if (returns[i] !== NEVER) members[thread].push(i)
  }
  return assemble({
    of,
    place,
    sizes,
    before: listsOf(pairs, length),
    isBranched: true,
    joined: new Uint8Array(length),
  })
}

interface Returned extends Pick<Timed, 'calls' | 'returns'> {
  readonly members: readonly (readonly number[])[]
  readonly returned: readonly number[]
  /**
   * `own`: the thread of the operation. `last`: the thread of the completed operations of the same client, or NONE if
   * the client has none yet.
   */
  readonly own: number
  readonly last: number
}

/** Lists the direct predecessors of an operation in other threads. */
function listReturned(
  { from, to }: Pairs,
  operation: number,
  { members, returned, calls, returns, own, last }: Returned,
): void {
  const before: number[] = []
  let latestCall = NONE
  for (const [t, some] of members.entries()) {
    if (t === own) continue
    const at = t === last ? some.length : returned[t]
    if (at === 0) continue
    before.push(some[at - 1])
    latestCall = Math.max(latestCall, calls[some[at - 1]])
  }
  for (const each of before) {
    if (returns[each] < latestCall) continue
    from.push(each)
    to.push(operation)
  }
}

const NONE = -1

function freeThread(last: readonly number[], returns: Int32Array, call: number): number {
  for (let t = 0; t < last.length; t++) if (returns[last[t]] < call) return t
  return NONE
}

/** Pairs of an operation and one of its predecessors. */
export interface Pairs {
  readonly from: number[]
  readonly to: number[]
}

/**
 * Adds the predecessors of an operation. Operations of one thread do not overlap, so at most the last operation of each
 * thread can be open.
 */
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

/** Returns, for each operation, the list of its predecessors. The pairs must be sorted by `to`. */
export function listsOf({ from, to }: Pairs, length: number): Lists {
  const start = new Int32Array(length + 1)
  for (const operation of to) start[operation + 1]++
  if (to.length > 0) for (let i = 0; i < length; i++) start[i + 1] += start[i]
  return { start, items: Int32Array.from(from) }
}

/** Assembles `Threads`. */
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
