import { UserError } from '@chaosproxy/history'
import { type OperationRow, placeOf } from '../../encoding/operation-row.ts'
import { type IntegerModel, type ObjectOperation, type Specification, WrongValue } from '../../judge/model.ts'
import { type Budget, OutOfTime } from '../../limits/budget.ts'
import { isSilent, operationAt, type Part } from './part.ts'

/** A specification on integers, as the search uses it. */
export interface Machine {
  readonly initial: number
  /** By operation: its number; operations with equal numbers have equal effects. */
  readonly code: Int32Array
  /**
   * The state after an operation with this number. The result is -1 if the operation is impossible. A result below -1
   * stands for several possible states (see `several`).
   */
  readonly step: (state: number, code: number) => number
  /** Returns the possible states if `step` returned a number below -1. There are at least two. */
  readonly several: (step: number) => readonly number[]
  /**
   * Present if operations change the state only by adding amounts to it, and an addition is possible whenever the
   * resulting state is allowed. The search can then postpone operations that no result needs.
   */
  readonly weights?: Weights
  /** Reports whether memory sufficed so far. If not, all later results are meaningless. */
  readonly fits: () => boolean
  /** Reports whether the deadline passed during a slow model's steps. If so, all later results are meaningless. */
  readonly isLate: () => boolean
  readonly release: () => void
}

/** Represents each sum of amounts by one number. Different sums almost certainly have different numbers. */
export interface Weights {
  readonly initial: number
  readonly adds: (code: number) => number
  readonly shows: (code: number) => number | undefined
}

export const IMPOSSIBLE = -1

/**
 * The maximum number of distinct operations for which rows of the step table are arrays. Otherwise they are hash
 * tables.
 */
const DENSE = 128
const UNSET = -0x80000000

/** A mask: the clock is read after this many steps. More often is unnecessary, because steps on integers are fast. */
const STEPS_BETWEEN_CLOCKS = 0x3f

/** The number of budget steps that one move of a search costs. One call of the specification costs the same. */
export const STEPS_OF_MOVE = 25

/**
 * A machine that numbers the states of a specification as they are reached.
 *
 * @throws UserError naming the operation for which the specification threw.
 */
export function machineOf<State>(specification: Specification<State>, part: Part, budget: Budget): Machine {
  const { operations, representative, code } = distinctOperations(part, specification.perProcess === true, budget)
  const states: State[] = []
  const numbers = new Map<string, number>()
  const lists: (readonly number[])[] = []
  const dense: Int32Array[] = []
  const hashed = new Map<number, number>()
  const width = operations.length
  let taken = 0
  let fits = true
  let late = false
  const take = (bytes: number): void => {
    if (!fits || !budget.take(bytes)) fits = false
    else taken += bytes
  }

  // A model's step may take any time, so the clock is read before each step.
  const isLate = (): boolean => {
    late ||= budget.expired(STEPS_OF_MOVE)
    return late
  }
  const requireAlike = specification.isOwn === true ? alikeBy(specification, operations, isLate) : undefined
  const numberOf = (state: State): number => {
    const key = specification.key(state)
    const known = numbers.get(key)
    if (known !== undefined) {
      requireAlike?.(states[known], state, key)
      return known
    }
    const number = states.length
    take(96 + 4 * key.length + (width <= DENSE ? 4 * width : 0))
    states.push(state)
    numbers.set(key, number)
    if (width <= DENSE) dense.push(new Int32Array(width).fill(UNSET))
    return number
  }
  const stepAnew = (state: number, operation: number): number => {
    const input = operations[operation]
    const next = named(part, representative[operation], input, () =>
      specification.step(states[state], input).map(numberOf),
    )
    if (next.length <= 1) return next[0] ?? IMPOSSIBLE
    lists.push([...new Set(next)])
    return IMPOSSIBLE - lists.length
  }
  return {
    initial: byModel(() => numberOf(specification.initial), 'its initial state'),
    code,
    step: (state, operation) => {
      if (width <= DENSE) {
        const row = dense[state]
        if (row[operation] !== UNSET) return row[operation]
        if (isLate()) return IMPOSSIBLE
        row[operation] = stepAnew(state, operation)
        return row[operation]
      }
      const place = state * width + operation
      const known = hashed.get(place)
      if (known !== undefined) return known
      if (isLate()) return IMPOSSIBLE
      take(48)
      const next = stepAnew(state, operation)
      hashed.set(place, next)
      return next
    },
    several: (step) => lists[IMPOSSIBLE - step - 1],
    fits: () => fits,
    isLate: () => late,
    release: () => {
      budget.giveBack(taken)
      taken = 0
    },
  }
}

/** The maximum number of steps for comparing states with equal keys. */
const MOST_COMPARED = 1_000

/** Returns a function that takes two states with the same key and throws if an operation acts differently on them. */
function alikeBy<State>(
  { step, key }: Specification<State>,
  operations: readonly ObjectOperation[],
  isLate: () => boolean,
): (one: State, other: State, text: string) => void {
  let compared = 0
  const textOf = (state: State, operation: ObjectOperation): string => JSON.stringify(step(state, operation).map(key))
  return (one, other, text) => {
    if (Object.is(one, other)) return
    for (const operation of operations) {
      if (compared >= MOST_COMPARED || isLate()) return
      compared += 2
      if (textOf(one, operation) !== textOf(other, operation))
        throw new Error(
          `"key" returned ${JSON.stringify(text)} for two states, but "${operation.f}" acts differently on them; give them different keys`,
        )
    }
  }
}

/** Creates the machine of an `IntegerModel`. Encodes each operation only once, but does not cache steps. */
export function machineOfIntegers(integers: IntegerModel, part: Part, perProcess: boolean, budget: Budget): Machine {
  const { operations, representative, code } = distinctOperations(part, perProcess, budget)
  const numbers = operations.map((operation, at) =>
    named(part, representative[at], operation, () => integers.encode(operation, operation.output)),
  )
  let late = false
  let steps = 0
  return {
    initial: integers.initial,
    code: code.map((i) => numbers[i]),
    step: (state, operation) => {
      if ((++steps & STEPS_BETWEEN_CLOCKS) === 0) late ||= budget.expired(STEPS_BETWEEN_CLOCKS)
      if (late) return IMPOSSIBLE
      const after = integers.step(state, operation)
      // Also refuses fractions, NaN and numbers beyond 2^31.
      if ((after | 0) === after && after >= IMPOSSIBLE) return after
      throw new UserError(
        'input',
        `the model returned ${String(after)} from "integers.step". Return a state from 0 to 2^31 - 1, or -1 if the result is impossible.`,
      )
    },
    several: () => [],
    fits: () => true,
    isLate: () => late,
    release: () => {},
  }
}

/** The result of a model's function for the operation at a row. An error names the operation. */
export const named = <Result>(
  { history }: Part,
  row: OperationRow,
  { f, value }: ObjectOperation,
  ask: () => Result,
): Result => byModel(ask, `"${f}" of ${JSON.stringify(value)}`, placeOf(history, row))

/** The result of a model's function for an operation. An error names the operation and blames the model. */
export function byModel<Result>(ask: () => Result, on: string, place?: string): Result {
  try {
    return ask()
  } catch (error) {
    if (error instanceof UserError || error instanceof OutOfTime) throw error
    const message = error instanceof Error ? error.message : String(error)
    const hint =
      place === undefined
        ? 'The model has a bug.'
        : 'Either the operation is not one of this model, or the model has a bug.'
    const complaint =
      error instanceof WrongValue
        ? `${on}: ${message}. Choose the right model with --model, or correct the value.`
        : `the model threw on ${on}: ${message}. ${hint}`
    throw new UserError('input', `${place === undefined ? '' : `${place}: `}${complaint}`)
  }
}

interface Distinct {
  readonly operations: readonly ObjectOperation[]
  readonly representative: readonly number[]
  readonly code: Int32Array
}

export function distinctOperations(part: Part, perProcess: boolean, budget: Budget): Distinct {
  const operations: ObjectOperation[] = []
  const representative: number[] = []
  const code = new Int32Array(part.length)
  const known = new Map<string, number>()
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    const output = isSilent(part, i) ? '' : part.output[i]
    const name = `${part.f[i]} ${part.input[i]} ${perProcess ? part.process[i] : ''} ${output}`
    let number = known.get(name)
    if (number === undefined) {
      number = operations.length
      known.set(name, number)
      operations.push(operationAt(part, i))
      representative.push(part.row[i])
    }
    code[i] = number
  }
  return { operations, representative, code }
}
