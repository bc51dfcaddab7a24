import type { Lists } from '../../encoding/lists.ts'
import type { Threads } from '../../encoding/threads.ts'
import type { Budget } from '../../limits/budget.ts'
import type { ReadsFrom } from './reads-from.ts'

export interface Basis {
  readonly basis: Int32Array
  readonly place: Int32Array
}

/**
 * Returns an order that contains program order and reads-from. Where these allow it, operations are in order of call.
 * If program order and reads-from form a cycle, the order violates one of them, and saturation finds the cycle.
 *
 * @throws OutOfTime
 */
export function basisOf({ encoded, writerOf }: ReadsFrom, threads: Threads, budget: Budget): Basis {
  const { length } = encoded
  const { of, place: placeOf, start, members, before } = threads
  const basis = new Int32Array(length)
  const place = new Int32Array(length).fill(-1)
  let count = 0
  const stack: number[] = []
  const entered = new Uint8Array(length)
  const enter = (need: number): boolean => {
    if (need < 0 || place[need] !== -1 || entered[need] === 1) return false
    entered[need] = 1
    stack.push(need)
    return true
  }
  const enterFirst = ({ start, items }: Lists, top: number): boolean => {
    for (let n = start[top]; n < start[top + 1]; n++) if (enter(items[n])) return true
    return false
  }
  // Visits depth first, so that predecessors come first.
  for (let i = 0; i < length; i++) {
    enter(i)
    while (stack.length > 0) {
      budget.tick()
      const top = stack[stack.length - 1]
      if (placeOf[top] > 0 && enter(members[start[of[top]] + placeOf[top] - 1])) continue
      if (enterFirst(before, top)) continue
      if (enter(writerOf[top])) continue
      place[top] = count
      basis[count++] = top
      stack.pop()
    }
  }
  return { basis, place }
}

/**
 * Returns, by write, the event at which it had certainly taken effect: its own return, or the return of an operation
 * that saw it, if this is earlier.
 */
export function effectTimes({ encoded, writerOf }: ReadsFrom): Int32Array {
  const effectBy = encoded.returns.slice()
  for (let i = 0; i < encoded.length; i++) {
    const writer = writerOf[i]
    if (writer >= 0 && encoded.returns[i] < effectBy[writer]) effectBy[writer] = encoded.returns[i]
  }
  return effectBy
}
