import { canonical, type Json } from '@chaosproxy/history'
import type { Model, ObjectOperation, Specification } from '../../judge/model.ts'
import { byModel } from './machine.ts'

/**
 * Adapts a user's model for the search, and validates its results. Detects a state changed in place, because this would
 * make verdicts wrong.
 */
export function specificationOf<State>(model: Model<State>, initial: Json): Specification<State> {
  const { shard } = model
  const begin = (given: Json): State => model.from?.(given) ?? model.initial
  const keyOf = (state: State): string => {
    const key: unknown = model.key(state)
    if (typeof key !== 'string') throw new Error(`"key" returned ${shown(key)}, which is not a string`)
    return key
  }
  return {
    initial: initial !== null ? byModel(() => begin(initial), `--initial ${JSON.stringify(initial)}`) : model.initial,
    step: (state, operation) => {
      const before = keyOf(state)
      const result: unknown = model.apply(state, operation)
      if (keyOf(state) !== before) throw new Error(CHANGED)
      if (result === undefined) return []
      if (!isResult<State>(result)) throw new Error(`"apply" returned ${shown(result)}, which is not [next, output]`)
      const [next, output] = result
      return fits(output, operation) ? [next] : []
    },
    key: keyOf,
    ...(shard === undefined ? {} : { shard: (input) => shardOf(shard.call(model, input)) }),
    perProcess: model.perProcess === true,
  }
}

const CHANGED = '"apply" changed the state that it was given; it must return another, as in [[...items, value]]'

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

const fits = (output: Json | undefined, { output: returned }: ObjectOperation): boolean =>
  output === undefined || returned === undefined || output === returned || canonical(output) === canonical(returned)

function shardOf(shard: unknown): string {
  if (typeof shard !== 'string') throw new Error(`"shard" returned ${shown(shard)}, which is not a string`)
  return shard
}

const MOST_SHOWN = 60

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  try {
    return (JSON.stringify(value) ?? 'undefined').slice(0, MOST_SHOWN)
  } catch {
    return 'something else'
  }
}
