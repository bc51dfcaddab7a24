import type { Level } from '@chaosproxy/checker'
import type { History, Json } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { unlimited } from '../../src/limits/budget.ts'
import { functionsOfObject } from '../../src/object/check.ts'
import { choose, partsOf } from '../../src/object/model/part.ts'
import { contradicts, relatedByTime } from '../../src/object/search/decide.ts'
import { endingOf, isKeyedLinearizable, type Result } from '../brute-endings.ts'
import { checkHistory } from '../checking.ts'
import { atLeast, many, manyOf } from '../many.ts'
import { endedModels, randomEnded } from '../random-endings.ts'
import { modelOf, objectOf } from '../registry.ts'

// Compares the verdicts on random histories of objects with the definitions, which try every order. The objects have
// keys and initial values, and some histories have final reads. The seed changes with each run; a failure reports it.

const baseSeed = inject('seed')
const HISTORIES = 1_000

test.each(endedModels)(
  `linearizable, eventual and convergent agree with their definitions on ${manyOf(HISTORIES)} random histories of the model %s`,
  (model) => {
    const levels = (['linearizable', 'eventual', 'convergent'] as const).filter((level) =>
      modelOf(model).levels.includes(level),
    )
    const count: { [kind: string]: number } = {}
    for (let n = 0; n < many(HISTORIES); n++) {
      const seed = baseSeed + n
      const random = randomFrom(seed)
      const { initial, events } = randomEnded(model, random)
      const history = smallHistory(events)
      const where = (): string =>
        `seed ${seed}, initial ${JSON.stringify(initial)}\n${events.map((event) => JSON.stringify(event)).join('\n')}\n`
      const define = (level: Level, rows?: readonly number[]): Result => {
        if (level === 'linearizable') return isKeyedLinearizable(model, history, initial, rows) ? 'met' : 'violated'
        return endingOf(model, history, initial, rows)[level === 'eventual' ? 'eventual' : 'convergent']
      }
      if (define('linearizable') === 'met') checkRelated(model, history, initial, random, where)
      const all = checkHistory(history, { model, initial, levels })
      for (const level of levels) {
        const expected = define(level)
        const alone = checkHistory(history, { model, initial, levels: [level] })
        for (const { levels: verdicts } of [all, alone]) {
          const verdict = verdicts[level]
          if (verdict.result !== expected) {
            expect.fail(`${where()}${level} is ${expected}, not ${JSON.stringify(verdict)}`)
          }
          if (verdict.result !== 'violated') continue
          const { operations } = verdict.counterexample
          const coreRows = operations.map(({ operation }) => operation)
          const core = operations.flatMap(({ operation, role }) => (role === 'core' ? [operation] : []))
          for (const rows of [coreRows, core]) {
            if (define(level, rows) === 'violated') continue
            expect.fail(`${where()}${level}: ${rows} is no counterexample by itself: ${JSON.stringify(verdict)}`)
          }
        }
        count[`${level} ${expected}`] = (count[`${level} ${expected}`] ?? 0) + 1
      }
    }
    // Every answer must be well represented, or agreement would mean little.
    for (const level of levels) {
      for (const result of level === 'linearizable' ? ['met', 'violated'] : ['met', 'violated', 'unknown']) {
        const kind = `${level} ${result}`
        expect(count[kind] ?? 0, `${kind} of ${JSON.stringify(count)}`).toBeGreaterThan(atLeast(HISTORIES / 20))
      }
    }
  },
)

/** Chooses random operations and all others on which they depend. Checks that these alone form no contradiction. */
function checkRelated(model: string, history: History, initial: Json, random: () => number, where: () => string): void {
  const object = objectOf(model)!
  const functions = functionsOfObject(modelOf(model), object, initial)
  for (const part of partsOf(history, functions)) {
    const chosen = Array.from({ length: part.length }, (_, i) => i).filter(() => random() < 0.3)
    const related = (object.related ?? relatedByTime(functions.isRead))(part, unlimited, initial)(chosen)
    const judge = {
      model,
      rule: object.rule,
      specification: object.specification(initial),
      isRead: functions.isRead,
      related: relatedByTime(functions.isRead),
    }
    if (contradicts(choose(part, related), judge, unlimited, 1e6) !== true) continue
    expect.fail(`${where()}${part.key}: ${chosen} does not rest on ${related}`)
  }
}
