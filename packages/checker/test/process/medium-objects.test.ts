import { findModel, type ModelName } from '@chaosproxy/checker'
import type { Json } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { generateObjectHistory, objects } from '../../bench/generate-objects.ts'
import { createBudget, unlimited } from '../../src/limits/budget.ts'
import { functionsOfObject } from '../../src/object/check.ts'
import { partsOf } from '../../src/object/model/part.ts'
import { contradicts, relatedByTime } from '../../src/object/search/decide.ts'
import { checkHistory } from '../checking.ts'
import { many, manyOf } from '../many.ts'
import { kinds, randomObjectEvents } from '../random-objects.ts'
import { modelNames, modelOf, objectOf } from '../registry.ts'

// Compares two independent exact methods on longer histories: the conditions of each object, and the search. This finds
// mistakes that short histories do not show.

const baseSeed = inject('seed')
const initials: { readonly [model: string]: Json } = { bank: { a: 3, b: 0 } }
const budgetOptions = { deadlineMs: 20_000, memoryBytes: 1e9, now: () => 0 } as unknown as Parameters<
  typeof createBudget
>[0]
const quick = modelNames.filter((name) => objectOf(name)?.fast !== undefined)

test.each(quick)(
  `the check of a %s without a search agrees with the search on ${manyOf(500)} histories of 20 to 150 operations`,
  (model) => {
    const entry = modelOf(model)
    const object = objectOf(model)
    if (object?.fast === undefined) throw new Error('there are no conditions')
    const initial = initials[model] ?? null
    const functions = functionsOfObject(entry, object, initial)
    const { isRead } = functions
    const share = { met: 0, violated: 0 }
    for (let seed = baseSeed; seed < baseSeed + many(500); seed++) {
      const random = randomFrom(seed)
      const shape = {
        processes: 2 + Math.floor(random() * 5),
        operations: 20 + Math.floor(random() * 130),
        unknown: random() < 0.5 ? 0.04 : 0,
        failed: 0.02,
        mutated: random() < 0.5 ? 0.01 : 0,
      }
      const events = randomObjectEvents(kinds[model]!(random), shape, random)
      const history = smallHistory(events)
      const specification = object.specification(initial, history)
      for (const part of partsOf(history, functions)) {
        const found: 'met' | 'violated' | 'not applicable' = object.fast(part, initial, unlimited).result
        if (found === 'not applicable') continue
        share[found]++
        const judge = {
          ...{ model, rule: object.rule, specification, related: relatedByTime(isRead) },
          isRead: object.readsReveal === true ? () => false : isRead,
        }
        const searched = contradicts(part, judge, createBudget(budgetOptions), 30_000)
        if (searched === 'unknown' || searched === (found === 'violated')) continue
        const lines = events.map((event) => JSON.stringify(event)).join('\n')
        expect.fail(`seed ${seed}\n${lines}\nthe conditions say ${found}, the search ${searched ? 'violated' : 'met'}`)
      }
    }
    expect(share.met).toBeGreaterThan(0)
    expect(share.violated).toBeGreaterThan(0)
  },
)

test.each(Object.keys(objects))('check finds 4,000 operations on one atomic %s linearizable', (name) => {
  const model: ModelName = findModel(name.split(' ')[0]!)!.name
  for (const unknown of [0, 0.01]) {
    const history = generateObjectHistory(name, { operations: 4_000, clients: 5, unknown, seed: baseSeed })
    const initial = model === 'bank' ? { a: 100, b: 100, c: 100 } : null
    const { linearizable } = checkHistory(history, { model, initial, levels: ['linearizable'] }).levels
    expect(linearizable.result, `seed ${baseSeed}`).toBe('met')
  }
})
