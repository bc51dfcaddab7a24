import type { Json } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { createBudget, unlimited } from '../../src/limits/budget.ts'
import { functionsOfObject } from '../../src/object/check.ts'
import { partsOf } from '../../src/object/model/part.ts'
import { contradicts, relatedByTime } from '../../src/object/search/decide.ts'
import { isObjectLinearizable } from '../brute-objects.ts'
import { checkHistory } from '../checking.ts'
import { many } from '../many.ts'
import { kinds, randomObjectEvents } from '../random-objects.ts'
import { modelNames, modelOf, objectOf } from '../registry.ts'

// Tests the fast method and the search for every model on small random histories. Both must agree with the model's
// definition, which tries every order. The seed changes with each run; a failure reports it.

const baseSeed = inject('seed')
const initials: { readonly [model: string]: Json } = { bank: { a: 3, b: 0 } }
const HISTORIES = many(10_000)

const options = { deadlineMs: 20_000, memoryBytes: 1e9, now: () => 0 } as unknown as Parameters<typeof createBudget>[0]

test.each(modelNames.filter((name) => name !== 'register'))(
  `the algorithms for a %s agree with its definition on ${HISTORIES.toLocaleString('en')} small random histories`,
  (model) => {
    const entry = modelOf(model)
    const object = objectOf(model)
    if (object === undefined) throw new Error('not an object')
    const initial = initials[model] ?? null
    const functions = functionsOfObject(entry, object, initial)
    const { isRead } = functions
    const share = { met: 0, violated: 0, quick: 0, seen: 0 }
    for (let n = 0; n < HISTORIES; n++) {
      const seed = baseSeed + n
      const random = randomFrom(seed)
      const shape = {
        processes: 2 + Math.floor(random() * 3),
        operations: 3 + Math.floor(random() * 6),
        unknown: random() < 0.5 ? 0.25 : 0,
        failed: random() < 0.3 ? 0.15 : 0,
        mutated: random() < 0.6 ? 0.25 : 0,
      }
      const events = randomObjectEvents(kinds[model]!(random), shape, random)
      const history = smallHistory(events)
      const where = (): string => `seed ${seed}\n${events.map((event) => JSON.stringify(event)).join('\n')}\n`
      const truth = isObjectLinearizable(model, history)
      share[truth ? 'met' : 'violated']++

      const parts = partsOf(history, functions)
      const specification = object.specification(initial, history)
      const judge = {
        model,
        rule: object.rule,
        specification,
        isRead: object.readsReveal === true ? () => false : isRead,
        related: relatedByTime(isRead),
      }
      const budget = createBudget(options)
      for (const part of parts) {
        const searched = contradicts(part, judge, budget, 1e6)
        if (searched === truth) expect.fail(`${where()}the search says ${!searched}, the definition ${truth}`)
        const seen: readonly number[] | undefined = object.glance?.(part, initial, unlimited)
        if (seen !== undefined && truth) expect.fail(`${where()}${seen} are no contradiction at a glance`)
        if (seen !== undefined) share.seen++
        const quick: string = object.fast?.(part, initial, unlimited).result ?? 'not applicable'
        if (quick === 'not applicable') continue
        share.quick++
        if ((quick === 'met') !== truth) expect.fail(`${where()}the quick way says ${quick}, the definition ${truth}`)
      }
      // Chooses random operations and all others on which they depend. If the history is linearizable, these alone must
      // be, too.
      if (truth && parts.length === 1) {
        const part = parts[0]!
        const chosen = Array.from({ length: part.length }, (_, i) => i).filter(() => random() < 0.3)
        const related = (object.related ?? relatedByTime(isRead))(part, unlimited, initial)(chosen)
        const rows = related.map((i) => part.row[i]!)
        if (!isObjectLinearizable(model, history, rows)) expect.fail(`${where()}${chosen} does not rest on ${related}`)
      }
      // For every tenth history, also replays witnesses and makes counterexamples.
      if (n % 10 !== 0) continue
      const report = checkHistory(history, { model, initial, levels: ['linearizable'] })
      const { linearizable } = report.levels
      if (linearizable.result !== (truth ? 'met' : 'violated')) expect.fail(`${where()}${linearizable.result}`)
      if (linearizable.result !== 'violated') continue
      const rows = linearizable.counterexample.operations.map(({ operation }) => operation)
      const core = linearizable.counterexample.operations.flatMap((each) =>
        each.role === 'core' ? [each.operation] : [],
      )
      for (const some of [rows, core]) {
        if (isObjectLinearizable(model, history, some)) expect.fail(`${where()}${some} is no counterexample by itself`)
      }
    }
    // Both answers must be well represented, or agreement would mean little.
    expect(share.met / HISTORIES).toBeGreaterThan(0.15)
    expect(share.violated / HISTORIES).toBeGreaterThan(0.1)
    if (object.fast !== undefined) expect(share.quick / HISTORIES).toBeGreaterThan(0.3)
    if (object.glance !== undefined) expect(share.seen / HISTORIES).toBeGreaterThan(0.02)
  },
)
