import {
  FLAG_NO_RESULT,
  type History,
  inputOf,
  type Json,
  OK,
  outputOf,
  withRequestedValues,
} from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import type { IsMetBy, ModelEntry } from '../judge/entry.ts'
import type { IntegerModel, Model, ModelInput } from '../judge/model.ts'
import type { CheckOptions } from '../judge/options.ts'
import { consistency, type Level } from '../levels/levels.ts'
import { show } from '../verdict/words.ts'
import { checkObject, decideSome, functionsOfObject, type Settled, type SomeParts } from './check.ts'
import { convergenceOfFinalReads } from './final-reads.ts'
import { headlineOfObject } from './headline.ts'
import { machineOfIntegers } from './model/machine.ts'
import type { ObjectModel } from './model/object-model.ts'
import { operationAt, type Part } from './model/part.ts'
import { specificationOf } from './model/specification.ts'

const LEVELS: readonly Level[] = ['linearizable', 'sequential', 'eventual', 'convergent']

/**
 * Turns a user's model into an entry like the built-in ones: see `Model`.
 *
 * @param settled the results that other workers found for parts of the history.
 */
export function modelEntry<State>(model: Model<State>, settled?: Settled): ModelEntry {
  const { name, aliases = [], summary = 'a model of your own', functions } = model
  return {
    ...{ name, aliases, summary, functions },
    knows: (f) => functions?.includes(f) ?? true,
    levels: LEVELS,
    needs: [{ what: 'operation whose result the model tests', functions: undefined, isMetBy: observedBy(model) }],
    judge: {
      ladder: consistency,
      sharesKeys: false,
      check: (history, entry, options) => {
        const object = objectOf(model, functions ?? history.functions)
        return checkObject(history, entry, { object, fromAny: 'own', settled }, options)
      },
      headline: headlineOfObject,
    },
    record: { mayLackInput: [], mayBeTaken: true },
    isOwn: true,
  }
}

/**
 * The maximum number of operations tried per function. This many are enough to detect whether the model checks results.
 * More would let states grow.
 */
const MOST_TRIED = 50

/**
 * Tests whether an operation is an observation: the model calls it a read, or the model checks its result. To find out
 * the latter, applies the model to the operations in order of their calls.
 */
const observedBy =
  <State>(model: Model<State>): IsMetBy =>
  (recorded, { initial }) => {
    const history = withRequestedValues(recorded)
    const { f, outcome, process, flags } = history.operations
    const tried = history.functions.map(() => 0)
    const isStart = initial === null || isUnknownStart(initial)
    let state = (isStart ? undefined : model.from?.(initial)) ?? model.initial
    return (row) => {
      const name = history.functions[f[row]]
      if (outcome[row] !== OK || tried[f[row]]++ >= MOST_TRIED) return false
      const isShown = (flags[row] & FLAG_NO_RESULT) === 0
      if (model.reads?.includes(name) === true) return isShown
      const input = { f: name, value: inputOf(history, row), process: String(history.processName(process[row])) }
      if (model.integers !== undefined) return isShown && isTested(model.integers, input, outputOf(history, row))
      const result = model.apply(state, input)
      if (result === undefined || (result.length > 1 && isShown)) return true
      state = result[0]
      return false
    }
  }

/**
 * Reports whether the model checks the result of an operation: the encoding depends on the result, or the operation is
 * impossible in the initial state.
 */
const isTested = ({ initial, encode, step }: IntegerModel, input: ModelInput, output: Json): boolean =>
  encode(input, output) !== encode(input, undefined) || step(initial, encode(input, output)) === -1

export function decideOwn<State>(
  history: History,
  model: Model<State>,
  options: CheckOptions,
  isChosen: (part: number) => boolean,
): SomeParts {
  const object = objectOf(model, model.functions ?? history.functions)
  return decideSome(withRequestedValues(history), modelEntry(model), object, options, isChosen)
}

function objectOf<State>(model: Model<State>, functions: readonly string[]): ObjectModel {
  const { integers } = model
  const numbers = Object.fromEntries(functions.map((f, number) => [f, number]))
  const reads = (model.reads ?? []).flatMap((f) => (Object.hasOwn(numbers, f) ? [numbers[f]] : []))
  const specification = (initial: Json): ReturnType<ObjectModel['specification']> => specificationOf(model, initial)
  const object: ObjectModel = {
    rule: `no order of them fits the ${model.name}`,
    numbers,
    reads,
    mayLackResult: Object.values(numbers),
    specification,
    ...(integers === undefined
      ? {}
      : { machine: (part, _, budget) => machineOfIntegers(integers, part, model.perProcess === true, budget) }),
  }
  return {
    ...object,
    ...(integers === undefined && { beside: (_, row, { initial, core }) => answerOf(model, core, initial, row) }),
    eventual: ({ history, initial }, budget) => {
      const known = functionsOfObject({ name: model.name, functions }, object, initial)
      return convergenceOfFinalReads(history, known, object, initial, budget)
    },
  }
}

/**
 * Returns what the model answers to an operation, as a remark. Undefined if its answer depends on an order, because
 * operations of the contradiction overlap or may not have taken effect.
 */
function answerOf<State>(model: Model<State>, core: Part, initial: Json, row: OperationRow): string | undefined {
  if (isUnknownStart(initial) || core.row.some((_, i) => i > 0 && core.returns[i - 1] > core.calls[i])) return undefined
  const { initial: first, step } = specificationOf(model, initial)
  let state = first
  for (let i = 0; i < core.length; i++) {
    const operation = operationAt(core, i)
    if (core.row[i] === row) {
      const answer = model.apply(state, operation)
      if (answer === undefined) return 'but the model does not allow it'
      const [, output] = answer
      const recorded = operation.output
      if (output === undefined || recorded === undefined) return undefined
      return `but the model answers ${show(output)} instead of ${show(recorded)}`
    }
    const [next] = step(state, operation)
    if (next === undefined) return undefined
    state = next
  }
  return undefined
}
