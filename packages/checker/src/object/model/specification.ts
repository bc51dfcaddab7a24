import { canonical, type Json, UserError } from '@chaosproxy/history'
import type { Model, ObjectOperation, Specification } from '../../judge/model.ts'
import { byModel } from './machine.ts'

/** The number of steps that are computed twice, to detect a model that depends on chance. */
const MOST_REPEATED = 1_000

/**
 * Adapts a user's model for the search, and validates its results: mistakes such as a state changed in place would make
 * verdicts wrong.
 */
export function specificationOf<State>(model: Model<State>, initial: Json): Specification<State> {
  const { shard, reads = [] } = model
  let repeated = 0
  const keyOf = (state: State): string => {
    const key: unknown = model.key(state)
    if (typeof key !== 'string') throw new Error(`"key" returned ${valueText(key)}, which is not a string`)
    return key
  }
  const apply = (state: State, operation: ObjectOperation): readonly [State, Json?] | undefined => {
    const result: unknown = model.apply(state, operation)
    if (result !== undefined && !isResult<State>(result))
      throw new Error(`"apply" returned ${valueText(result)}, which is not [next, output]`)
    return result
  }
  return {
    initial: beginning(model, initial),
    isOwn: true,
    step: (state, operation) => {
      const before = keyOf(state)
      const isRepeated = repeated < MOST_REPEATED
      if (isRepeated) repeated += 1
      if (isRepeated && keyOf(state) !== before) throw new Error('"key" returned two different texts for one state')
      const result = apply(state, operation)
      const again = isRepeated ? apply(state, operation) : result
      if (keyOf(state) !== before) throw new Error(CHANGED)
      if (isRepeated && textOf(result, keyOf) !== textOf(again, keyOf)) throw new Error(CHANCE)
      if (result === undefined) return []
      const [next, output] = result
      if (reads.includes(operation.f) && keyOf(next) !== before)
        throw new Error(`"apply" changed the state, although "reads" contains "${operation.f}"`)
      return fits(output, operation) ? [next] : []
    },
    key: keyOf,
    ...(shard && { shard: (input) => shardOf(shard.call(model, input)) }),
    perProcess: model.perProcess === true,
  }
}

/** @throws UserError if the model cannot begin with the initial value. */
function beginning<State>(model: Model<State>, initial: Json): State {
  // Compares the JSON texts, because a state may be an object of any type.
  if (initial === null || (model.from === undefined && JSON.stringify(initial) === JSON.stringify(model.initial)))
    return model.initial
  if (model.from === undefined)
    throw new UserError(
      'usage',
      `the model ${model.name} cannot begin with the initial value ${valueText(initial)}, because it has no "from". Add from(value), which returns the state, or leave the initial value out.`,
    )
  return byModel(() => model.from?.(initial) ?? model.initial, `--initial ${JSON.stringify(initial)}`)
}

const CHANGED = '"apply" changed the state that it was given; it must return another, as in [[...items, value]]'
const CHANCE =
  '"apply" returned two different results for one state and one request; it must not depend on chance, time or earlier calls'

/** A text that is equal for equal results. */
const textOf = <State>(result: readonly [State, Json?] | undefined, keyOf: (state: State) => string): string =>
  result === undefined ? '' : JSON.stringify([keyOf(result[0]), ...result.slice(1)])

/**
 * Reports whether a model's result has the right form. An undefined output, as from `items.at(-1)`, is an error: it
 * would fit any result.
 */
function isResult<State>(result: unknown): result is readonly [State, Json?] {
  if (!Array.isArray(result) || result.length < 1 || result.length > 2) return false
  if (result.length === 2 && result[1] === undefined) {
    throw new Error(
      '"apply" returned an output that is undefined; return null, or leave the output out if any output is legal',
    )
  }
  return true
}

function fits(output: Json | undefined, { output: returned }: ObjectOperation): boolean {
  if (output === undefined || returned === undefined || output === returned) return true
  if (!isJson(output))
    throw new Error(
      `"apply" returned the output ${valueText(output)}, which is not plain JSON; it may contain neither undefined nor NaN`,
    )
  return canonical(output) === canonical(returned)
}

/**
 * Reports whether converting a value to JSON text and back gives an equal value. Values with NaN, undefined members,
 * Maps or Sets do not have this property.
 */
function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return value === null || ['string', 'boolean'].includes(typeof value)
  if (Array.isArray(value)) return value.every(isJson)
  return Object.prototype.toString.call(value) === '[object Object]' && Object.values(value).every(isJson)
}

function shardOf(shard: unknown): string {
  if (typeof shard !== 'string') throw new Error(`"shard" returned ${valueText(shard)}, which is not a string`)
  return shard
}

const MOST_SHOWN = 60

function valueText(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (['bigint', 'symbol', 'number'].includes(typeof value)) return String(value)
  if (value instanceof Map || value instanceof Set) return `a ${value.constructor.name}`
  try {
    return (JSON.stringify(value) ?? 'undefined').slice(0, MOST_SHOWN)
  } catch {
    return 'something else'
  }
}
