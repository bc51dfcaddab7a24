import { canonical, type Json } from '@chaos/history'
import type { Functions } from '../objects/part.ts'
import type { Model, Specification } from './model.ts'

/** Any model as the search wants it: an operation whose result differs from the model's is impossible. */
export function specificationOf<State>(model: Model<State>): Specification<State> {
  const { shard } = model
  return {
    initial: model.initial,
    step: (state, operation) => {
      const result = model.apply(state, operation)
      if (result === undefined) return []
      const [next, output] = result
      const fits = output === undefined || operation.output === undefined || same(output, operation.output)
      return fits ? [next] : []
    },
    key: (state) => model.key(state),
    ...(shard === undefined ? {} : { shard: (input) => shard.call(model, input) }),
    perProcess: model.perProcess === true,
  }
}

const same = (a: Json, b: Json): boolean => a === b || canonical(a) === canonical(b)

/** A model of one's own knows whatever operations the history has: it throws on what it does not. */
export function functionsOf<State>(model: Model<State>, functions: readonly string[]): Functions {
  const reads = new Set(model.reads ?? [])
  return {
    model: model.name,
    numberOf: (f) => functions.indexOf(f),
    known: functions,
    isRead: (number) => reads.has(functions[number] ?? ''),
  }
}
