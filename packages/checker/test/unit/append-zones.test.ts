import { type EventInput, type Json, millis, type ValueId } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import type { Encoded } from '../../src/encoding/encoded.ts'
import { partition } from '../../src/encoding/partition.ts'
import { createBudget } from '../../src/limits/budget.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import { appendZones } from '../../src/register/linearizable/distinct/append-zones.ts'
import { createSearch } from '../../src/register/linearizable/search/search.ts'
import { faultOfWitness } from '../../src/register/replay/replay.ts'
import { isLinearizable, type Reading } from '../brute-force.ts'
import { atLeast, many, manyOf } from '../many.ts'

const baseSeed = inject('seed')

interface Case {
  readonly history: ReturnType<typeof smallHistory>
  readonly reading: Reading
  readonly part: Encoded
  readonly jsonOf: (name: number) => Json
}

function caseOf(seed: number, operations: readonly [number, number], terminated: boolean): Case {
  const random = randomFrom(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const events = randomEvents(
    {
      processes: 2 + below(5),
      operations: operations[0] + below(operations[1] - operations[0]),
      keys: 1,
      values: random() < 0.97 ? 0 : 4,
      cas: false,
      append: true,
      store: random() < 0.7 ? 'atomic' : 'stale',
      unknown: random() < 0.5 ? 0.15 : 0,
      failed: random() < 0.5 ? 0.1 : 0,
      mutated: random() < 0.6 ? 3 / operations[1] : 0,
    },
    random,
  ).map((event): EventInput => {
    if (terminated || typeof event.value !== 'string') return event
    return { ...event, value: event.value.replaceAll(' ', '') }
  })
  const history = smallHistory(events)
  const reading: Reading = { initial: random() < 0.7 ? '' : null, failedCas: 'drop' }
  const [part] = partition(encodeRegister(history, reading).encoded)
  return { history, reading, part: part!, jsonOf: (name) => history.values.json(name as ValueId) }
}

/** Returns undefined if texts do not identify their writers. */
function byZones({ part, jsonOf }: Case, seed: number): boolean | undefined {
  const answer = appendZones(part)
  if (answer.result === 'not applicable') return undefined
  if (answer.result === 'violated') return false
  const whole = { ...part, keys: 1, key: new Int32Array(part.length) }
  const fault = faultOfWitness(whole, answer.order(), 'real time', jsonOf)
  if (fault !== undefined) expect.fail(`seed ${seed}: ${fault}`)
  return true
}

test.each([true, false])(
  `appendZones agrees with brute force on ${manyOf(6_000)} tiny append histories (each appended text ends with a space: %s)`,
  (terminated) => {
    const count = { met: 0, violated: 0 }
    for (let n = 0; n < many(6_000); n++) {
      const seed = baseSeed + n
      const each = caseOf(seed, [3, 9], terminated)
      const answer = byZones(each, seed)
      if (answer === undefined) continue
      if (answer !== isLinearizable(each.history, each.reading)) expect.fail(`seed ${seed}: blocks say ${answer}`)
      count[answer ? 'met' : 'violated']++
    }
    expect(count.met, JSON.stringify(count)).toBeGreaterThan(atLeast(2_000))
    expect(count.violated, JSON.stringify(count)).toBeGreaterThan(atLeast(600))
  },
)

test(`appendZones agrees with the depth-first search on ${manyOf(3_000)} histories of 20 to 120 operations`, () => {
  const count = { met: 0, violated: 0 }
  for (let n = 0; n < many(3_000); n++) {
    const seed = baseSeed + n
    const each = caseOf(seed, [20, 120], true)
    const answer = byZones(each, seed)
    const budget = createBudget({ deadlineMs: millis(5_000), memoryBytes: 2e8, now: () => millis(performance.now()) })
    const search = createSearch(each.part, each.jsonOf, budget)
    const progress = search.run(50_000)
    search.release()
    if (answer === undefined || progress === 'paused') continue
    if (answer !== (progress === 'met')) expect.fail(`seed ${seed}: ${progress} in depth, blocks say ${answer}`)
    count[answer ? 'met' : 'violated']++
  }
  expect(count.met, JSON.stringify(count)).toBeGreaterThan(atLeast(800))
  expect(count.violated, JSON.stringify(count)).toBeGreaterThan(atLeast(800))
})

test('appendZones is not applicable to a history if one appended piece is a prefix of another', () => {
  const history = smallHistory([
    { process: 0, type: 'invoke', f: 'append', value: 'a' },
    { process: 0, type: 'ok', f: 'append', value: 'a' },
    { process: 0, type: 'invoke', f: 'append', value: 'ab' },
    { process: 0, type: 'ok', f: 'append', value: 'ab' },
  ])
  const [part] = partition(encodeRegister(history, { initial: '', failedCas: 'drop' }).encoded)
  expect(appendZones(part!).result).toBe('not applicable')
})
