import type { History, Json } from '@chaosproxy/history'
import type { ModelEntry } from '../judge/entry.ts'
import type { Model } from '../judge/model.ts'
import type { CheckOptions } from '../judge/options.ts'
import { consistency, type Level } from '../levels/levels.ts'
import { checkObject, decideSome, functionsOfObject, type Settled, type SomeParts } from './check.ts'
import { convergenceOfFinalReads } from './final-reads.ts'
import { headlineOfObject } from './headline.ts'
import { machineOfIntegers } from './model/machine.ts'
import type { ObjectModel } from './model/object-model.ts'
import { specificationOf } from './model/specification.ts'

const LEVELS: readonly Level[] = ['linearizable', 'sequential', 'eventual', 'convergent']

/**
 * Turns a user's model into an entry like the built-in ones: see `Model`.
 *
 * @param settled what others found of the parts of the history that it is to judge.
 */
export function modelEntry<State>(model: Model<State>, settled?: Settled): ModelEntry {
  const { name, aliases = [], summary = 'a model of your own', functions } = model
  return {
    ...{ name, aliases, summary, functions },
    knows: (f) => functions?.includes(f) ?? true,
    levels: LEVELS,
    needs: [{ what: 'operation', functions }],
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
  }
}

/** Decides some parts of a history by a user's model, for those who put together what all parts come to: see `decideSome`. */
export function decideOwn<State>(
  history: History,
  model: Model<State>,
  options: CheckOptions,
  isChosen: (part: number) => boolean,
): SomeParts {
  const object = objectOf(model, model.functions ?? history.functions)
  return decideSome(history, modelEntry(model), object, options, isChosen)
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
    specification,
    ...(integers === undefined
      ? {}
      : { machine: (part, _, budget) => machineOfIntegers(integers, part, model.perProcess === true, budget) }),
  }
  return {
    ...object,
    eventual: ({ history, initial }, budget) => {
      const known = functionsOfObject({ name: model.name, functions }, object, initial)
      return convergenceOfFinalReads(history, known, object, initial, budget)
    },
  }
}
