import { NEVER } from '../../encoding/encoded.ts'
import { type Budget, inTime } from '../../limits/budget.ts'
import { IMPOSSIBLE, type Machine } from '../model/machine.ts'
import { createObjectSearch } from './search.ts'

export interface StateMachine<State, Operation> {
  readonly initial: State
  /** The possible next states; empty if the operation cannot have this result. */
  step(state: State, operation: Operation): readonly State[]
  /** Equal states must have equal keys. */
  key(state: State): string
  /**
   * Returns a name that is the same for operations with the same effect; undefined if no other operation has the
   * effect.
   */
  nameOf(operation: Operation): string | undefined
}

export interface Span {
  readonly call: number
  /** NEVER for an operation of unknown outcome. An order may omit such an operation. */
  readonly return: number
}

const STEPS = 4_096
/** The step limit. A search that needs more steps faces too many orders. */
const MOST_STEPS = 32_768

/**
 * Reports whether the machine allows the operations in some order that agrees with real time. Uses Wing & Gong's
 * search. Returns undefined if the search takes too long.
 *
 * @param operations in order of their calls.
 */
export function isExplained<State, Operation extends Span>(
  machine: StateMachine<State, Operation>,
  operations: readonly Operation[],
  budget: Budget,
): boolean | undefined {
  if (isExplainedAsAnswered(machine, operations)) return true
  return inTime(() => searched(machine, operations, budget))
}

function searched<State, Operation extends Span>(
  machine: StateMachine<State, Operation>,
  operations: readonly Operation[],
  budget: Budget,
): boolean | undefined {
  const part = {
    length: operations.length,
    f: new Uint8Array(operations.length),
    calls: Int32Array.from(operations, ({ call }) => call),
    returns: Int32Array.from(operations, (operation) => operation.return),
  }
  const search = createObjectSearch(part, numbered(machine, operations), () => false, budget)
  try {
    for (let steps = 0; steps < MOST_STEPS && !budget.expired(STEPS); steps += STEPS) {
      const progress = search.run(STEPS)
      if (progress === 'paused') continue
      return progress === 'out of memory' ? undefined : progress === 'met'
    }
    return undefined
  } finally {
    search.release()
  }
}

/** Reports whether the operations are possible in the order of their answers. Most histories pass this quick check. */
function isExplainedAsAnswered<State, Operation extends Span>(
  machine: StateMachine<State, Operation>,
  operations: readonly Operation[],
): boolean {
  let state: State | undefined = machine.initial
  for (const operation of operations.filter((each) => each.return !== NEVER).sort((a, b) => a.return - b.return))
    if (state !== undefined) state = machine.step(state, operation)[0]
  return state !== undefined
}

function numbered<State, Operation extends Span>(
  machine: StateMachine<State, Operation>,
  operations: readonly Operation[],
): Machine {
  const states: State[] = []
  const numbers = new Map<string, number>()
  const lists: (readonly number[])[] = []
  const known = new Map<number, number>()
  const numberOf = (state: State): number => {
    const key = machine.key(state)
    const number = numbers.get(key)
    if (number !== undefined) return number
    numbers.set(key, states.length)
    return states.push(state) - 1
  }
  const firsts = new Map<string, number>()
  const code = Int32Array.from(operations, (operation, i) => {
    const name = machine.nameOf(operation)
    if (name === undefined) return i
    const first = firsts.get(name) ?? i
    firsts.set(name, first)
    return first
  })
  const stepAnew = (state: number, at: number): number => {
    const next = [...new Set(machine.step(states[state], operations[at]).map(numberOf))]
    if (next.length <= 1) return next[0] ?? IMPOSSIBLE
    lists.push(next)
    return IMPOSSIBLE - lists.length
  }
  return {
    initial: numberOf(machine.initial),
    code,
    step: (state, at) => {
      const place = state * operations.length + at
      const before = known.get(place)
      if (before !== undefined) return before
      const next = stepAnew(state, at)
      known.set(place, next)
      return next
    },
    several: (step) => lists[IMPOSSIBLE - step - 1],
    fits: () => true,
    isLate: () => false,
    release: () => {},
  }
}

export const endOf = (returnEvent: number, isKnown: boolean): number => (isKnown ? returnEvent : NEVER)
