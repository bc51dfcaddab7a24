import { type Budget, unlimited } from '../budget.ts'
import { type Encoded, NEVER } from '../encoded.ts'

/**
 * Program order as chains. Each process is one thread of its completed operations; an operation of unknown outcome has no
 * successor in its process, so it is a thread of its own that begins after its predecessor.
 */
export interface Threads {
  readonly count: number
  /** Of each operation: its thread, and its place in it from 0. */
  readonly of: Int32Array
  readonly place: Int32Array
  /** The operations of thread t, in order, are members[start[t]] … members[start[t + 1] - 1]. */
  readonly start: Int32Array
  readonly members: Int32Array
  /** Of each operation of unknown outcome: its predecessor in its process; -1 for all others. */
  readonly after: Int32Array
  /** Of each operation: 1 where it is only assumed to follow the one before it in its thread (see `joinThreads`). */
  readonly joined: Uint8Array
}

/**
 * `certain`: nothing is optional, so that an operation of unknown outcome that is the last of its process, as it should be,
 * can be the last of its process's thread.
 *
 * @throws OutOfTime
 */
export function threadsOf(encoded: Encoded, certain = false, budget: Budget = unlimited): Threads {
  const { length, returns } = encoded
  const process = encoded.processes()
  const lastOfProcess = new Map<number, number>()
  for (let i = 0; i < length && certain; i++) {
    budget.tick()
    lastOfProcess.set(process[i], i)
  }
  const of = new Int32Array(length)
  const place = new Int32Array(length)
  const after = new Int32Array(length).fill(-1)
  const threadOfProcess = new Map<number, number>()
  const lastOf = new Map<number, number>()
  const sizes: number[] = []
  for (let i = 0; i < length; i++) {
    budget.tick()
    const p = process[i]
    if (returns[i] === NEVER && lastOfProcess.get(p) !== i) {
      after[i] = lastOf.get(p) ?? -1
      of[i] = sizes.length
      sizes.push(1)
      continue
    }
    let thread = threadOfProcess.get(p)
    if (thread === undefined) {
      thread = sizes.length
      sizes.push(0)
      threadOfProcess.set(p, thread)
    }
    of[i] = thread
    place[i] = sizes[thread]++
    lastOf.set(p, i)
  }
  return assemble(of, place, sizes, after, new Uint8Array(length))
}

/** Threads by the thread and place of each operation, and how many operations each thread has. */
export function assemble(
  of: Int32Array,
  place: Int32Array,
  sizes: readonly number[],
  after: Int32Array,
  joined: Uint8Array,
): Threads {
  const start = new Int32Array(sizes.length + 1)
  for (let t = 0; t < sizes.length; t++) start[t + 1] = start[t] + sizes[t]
  const members = new Int32Array(of.length)
  for (let i = 0; i < of.length; i++) members[start[of[i]] + place[i]] = i
  return { count: sizes.length, of, place, start, members, after, joined }
}
