import { millis } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import type { Encoded } from '../../src/encoding/encoded.ts'
import { partition } from '../../src/encoding/partition.ts'
import { type Budget, createBudget, type Progress } from '../../src/limits/budget.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import { zones } from '../../src/register/linearizable/distinct/zones.ts'
import { createPortfolio } from '../../src/register/linearizable/portfolio/portfolio.ts'
import { createSearch, type Search } from '../../src/register/linearizable/search/search.ts'
import { createFrontierSearch } from '../../src/register/linearizable/walks/refinement.ts'
import { faultOfWitness } from '../../src/register/replay/replay.ts'
import { isLinearizable, operationsOf, type Reading } from '../brute-force.ts'
import { atLeast, atMost, many, manyOf } from '../many.ts'
import { plainSearch } from '../plain-search.ts'

// Compares the frontier search with the definition on short histories. On longer histories, compares it with searches
// that share no code with it. Each reduction of the search is sound only together with the other reductions, and
// mistakes show at different sizes.

const baseSeed = inject('seed')

const freshBudget = (): Budget =>
  createBudget({ deadlineMs: millis(5_000), memoryBytes: 2e8, now: () => millis(performance.now()) })

function finish(search: Search, steps: number): Progress {
  let progress = search.run(1_000)
  for (let done = 1_000; progress === 'paused' && done < steps; done += 1_000) progress = search.run(1_000)
  return progress
}

function shapeOf(random: () => number, over: Partial<Shape>): Shape {
  const below = (n: number): number => Math.floor(random() * n)
  return {
    processes: 2 + below(6),
    operations: 20 + below(90),
    keys: 1,
    values: random() < 0.3 ? 0 : 1 + below(5),
    cas: random() < 0.5,
    store: random() < 0.7 ? 'atomic' : 'stale',
    unknown: random() < 0.6 ? 0.08 : 0,
    failed: random() < 0.5 ? 0.1 : 0,
    mutated: random() < 0.7 ? 0.03 : 0,
    ...over,
  }
}

function judge(
  seed: number,
  over: (random: () => number) => Partial<Shape>,
): { readonly part: Encoded; readonly reading: Reading; readonly history: ReturnType<typeof smallHistory> } {
  const random = randomFrom(seed)
  const history = smallHistory(randomEvents(shapeOf(random, over(random)), random))
  const reading: Reading = { initial: null, failedCas: random() < 0.5 ? 'drop' : 'observes' }
  const [part] = partition(encodeRegister(history, reading).encoded)
  return { part: part!, reading, history }
}

/** Returns the answer of the frontier search, and replays its witness. Undefined if the search takes too long. */
function byFrontier(part: Encoded, seed: number, steps: number): boolean | undefined {
  const search = createFrontierSearch(part, freshBudget())!
  const progress = finish(search, steps)
  if (progress === 'met') {
    const whole = { ...part, keys: 1, key: new Int32Array(part.length) }
    const fault = faultOfWitness(whole, search.order(), 'real time', () => null)
    if (fault !== undefined) expect.fail(`seed ${seed}: ${fault}`)
  }
  search.release()
  return progress === 'met' ? true : progress === 'violated' ? false : undefined
}

const tiny = (random: () => number): Partial<Shape> => ({
  processes: 2 + Math.floor(random() * 4),
  operations: 3 + Math.floor(random() * 6),
  values: random() < 0.3 ? 0 : 1 + Math.floor(random() * 3),
  unknown: random() < 0.5 ? 0.25 : 0,
  mutated: random() < 0.8 ? 0.6 : 0,
})

test(`the frontier search agrees with the definition on ${manyOf(6_000)} tiny histories`, () => {
  const count = { met: 0, violated: 0 }
  for (let n = 0; n < many(6_000); n++) {
    const seed = baseSeed + n
    const { part, reading, history } = judge(seed, tiny)
    const answer = byFrontier(part, seed, 100_000)
    if (answer !== isLinearizable(history, reading)) expect.fail(`seed ${seed}: the frontier search says ${answer}`)
    count[answer ? 'met' : 'violated']++
  }
  expect(count.violated, JSON.stringify(count)).toBeGreaterThan(atLeast(600))
})

test(`the frontier search agrees with the depth-first search on ${manyOf(2_500)} histories of 20 to 110 operations`, () => {
  const count = { met: 0, violated: 0, undecided: 0 }
  for (let n = 0; n < many(2_500); n++) {
    const seed = baseSeed + n
    const { part } = judge(seed, () => ({}))
    const frontier = byFrontier(part, seed, 20_000)
    const depth = finish(
      createSearch(part, () => null, freshBudget()),
      60_000,
    )
    if (frontier === undefined || depth === 'paused') {
      count.undecided++
      continue
    }
    if (frontier !== (depth === 'met')) expect.fail(`seed ${seed}: ${depth} in depth, by the frontier ${frontier}`)
    count[frontier ? 'met' : 'violated']++
  }
  expect(count.met, JSON.stringify(count)).toBeGreaterThan(atLeast(500))
  expect(count.violated, JSON.stringify(count)).toBeGreaterThan(atLeast(500))
  expect(count.undecided, JSON.stringify(count)).toBeLessThan(atMost(400))
})

test(`the frontier search agrees with a search without reductions on ${manyOf(500)} histories of 15 to 50 operations`, () => {
  for (let n = 0; n < many(500); n++) {
    const seed = baseSeed + n
    const { part, reading, history } = judge(seed, (random) => ({
      processes: 2 + Math.floor(random() * 3),
      operations: 15 + Math.floor(random() * 36),
    }))
    const frontier = byFrontier(part, seed, 20_000)
    const plain = plainSearch(operationsOf(history, reading), null, 2_000)
    if (frontier !== undefined && plain !== undefined && frontier !== plain) {
      expect.fail(`seed ${seed}: the frontier search says ${frontier}, the plain one ${plain}`)
    }
  }
})

test('the frontier search agrees with the zones algorithm on histories of more than 32 processes', () => {
  let decided = 0
  for (let n = 0; n < many(150); n++) {
    const seed = baseSeed + n
    const { part } = judge(seed, (random) => ({
      processes: 34 + Math.floor(random() * 40),
      operations: 50 + Math.floor(random() * 70),
      values: 0,
      cas: false,
    }))
    const answer = zones(part)
    const frontier = byFrontier(part, seed, 12_000)
    if (frontier === undefined || answer.result === 'not applicable') continue
    decided++
    if (frontier !== (answer.result === 'met'))
      expect.fail(`seed ${seed}: ${answer.result} by zones, ${frontier} by the frontier`)
  }
  expect(decided).toBeGreaterThan(atLeast(15))
})

test('the portfolio of searches agrees with the frontier search', () => {
  for (let n = 0; n < many(400); n++) {
    const seed = baseSeed + n
    const { part } = judge(seed, () => ({ operations: 60 + (n % 60) }))
    const frontier = byFrontier(part, seed, 20_000)
    const search = createPortfolio(part, () => null, freshBudget())
    const progress = finish(search, 200_000)
    search.release()
    if (frontier !== undefined && progress !== (frontier ? 'met' : 'violated')) {
      expect.fail(`seed ${seed}: ${progress} in turns, by the frontier ${frontier}`)
    }
  }
})

test('the portfolio of searches reports that it ran out of memory', () => {
  const { part } = judge(baseSeed, () => ({ unknown: 0 }))
  const poor = createBudget({ deadlineMs: millis(5_000), memoryBytes: 64, now: () => millis(performance.now()) })
  expect(
    finish(
      createPortfolio(part, () => null, poor),
      100_000,
    ),
  ).toBe('out of memory')
})
