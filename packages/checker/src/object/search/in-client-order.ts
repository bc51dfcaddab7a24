import { clientsOf } from '../../encoding/clients.ts'
import { later, NEVER } from '../../encoding/encoded.ts'
import { nextIn, threadsOf } from '../../encoding/threads.ts'
import type { Budget, Progress } from '../../limits/budget.ts'
import { createMemo } from '../../search/memo.ts'
import type { Machine } from '../model/machine.ts'
import type { Part } from '../model/part.ts'

export interface ClientOrderSearch {
  readonly run: (steps: number) => Progress
  /** After `met`: an order that explains the operations. */
  readonly order: () => readonly number[]
  readonly release: () => void
}

interface Step {
  readonly operation: number
  readonly state: number
  /** Untried alternatives: other states to which the operation may lead. */
  readonly others: number[]
}

/**
 * Searches for a legal order of an object's operations that keeps the order of each client (sequential consistency). In
 * a tied history (see `History.isTied`), the order also keeps real time. In each step, the search takes the next
 * operation of one thread. It remembers each configuration exactly.
 */
export function createClientOrderSearch(part: Part, machine: Machine, budget: Budget): ClientOrderSearch {
  const { length, calls, returns, row, history } = part
  const clients = later(() => clientsOf(history, row))
  const threads = threadsOf({ length, calls, returns, clients, isTied: history.isTied }, false, budget)
  const { count, of } = threads
  const words = new Int32Array(count + 2)
  words[0] = 1
  const memo = createMemo(words.length, budget)
  const position = words.subarray(2)
  const path: Step[] = []
  let state = machine.initial
  let left = 0
  for (let i = 0; i < length; i++) if (returns[i] !== NEVER) left++
  // Starts from the order of calls, because it is often close to the order of effects.
  let cursor = -1

  const nextOf = nextIn(threads, position)
  const nextAfter = (operation: number): number => {
    let earliest = -1
    for (let thread = 0; thread < count; thread++) {
      const next = nextOf(thread)
      if (next > operation && (earliest === -1 || next < earliest)) earliest = next
    }
    return earliest
  }
  const enter = (operation: number, to: number, others: number[]): void => {
    path.push({ operation, state, others })
    position[of[operation]]++
    if (returns[operation] !== NEVER) left--
    state = to
  }
  const choose = (): boolean => {
    for (let operation = nextAfter(cursor); operation !== -1; operation = nextAfter(operation)) {
      const to = machine.step(state, machine.code[operation])
      if (to === -1 || (to === state && returns[operation] === NEVER)) continue
      const [first, ...others] = to < -1 ? machine.several(to) : [to]
      enter(operation, first, others)
      return true
    }
    return false
  }
  const retreat = (): boolean => {
    const last = path.pop()
    if (last === undefined) return false
    position[of[last.operation]]--
    if (returns[last.operation] !== NEVER) left++
    state = last.state
    const other = last.others.pop()
    if (other === undefined) cursor = last.operation
    else {
      enter(last.operation, other, last.others)
      cursor = -1
      return isFresh() === true || retreat()
    }
    return true
  }
  const isFresh = (): boolean | undefined => {
    words[1] = state
    return memo.add(words)
  }
  const run = (steps: number): Progress => {
    for (let s = steps; s > 0; s--) {
      if (left === 0) return 'met'
      if (!choose()) {
        if (machine.isLate()) return 'paused'
        if (!retreat()) return 'violated'
        continue
      }
      const fresh = isFresh()
      if (fresh === undefined || !machine.fits()) return 'out of memory'
      if (fresh) cursor = -1
      else if (!retreat()) return 'violated'
    }
    return left === 0 ? 'met' : 'paused'
  }
  return {
    run,
    order: () => path.map(({ operation }) => operation),
    release: () => {
      memo.release()
      machine.release()
    },
  }
}
