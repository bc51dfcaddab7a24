import { millis } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { bankOf, generateHistoryOf, generateObjectHistory } from '../../bench/generate-objects.ts'
import { createBudget } from '../../src/limits/budget.ts'
import { type Part, partsOf } from '../../src/object/model/part.ts'
import { contradicts, type Judge, relatedByTime } from '../../src/object/search/decide.ts'
import { isObjectLinearizable } from '../brute-objects.ts'
import { checkHistory } from '../checking.ts'
import { atLeast, many, manyOf } from '../many.ts'
import { kinds, randomObjectEvents } from '../random-objects.ts'
import { objectOf } from '../registry.ts'

// Tests the search that orders a bank's operations with as few transfers of unknown outcome as possible. Compares the
// search with the definition of linearizability, which tries every order. On longer histories, compares it with the
// depth-first search, which visits the states in a different order.

const baseSeed = inject('seed')
const initial = { a: 3, b: 0 }
const bank = objectOf('bank')
if (bank === undefined) throw new Error('a bank is an object')
const isRead = (number: number): boolean => bank.reads.includes(number)
const functions = { model: 'bank', numberOf: (f: string) => bank.numbers[f], known: [], isRead }
const plain: Judge = {
  model: 'bank',
  rule: bank.rule,
  specification: bank.specification(initial),
  isRead,
  related: relatedByTime(isRead),
}
let frugal = 0
const withMachine: Judge = {
  ...plain,
  machine: (part, budget) => {
    const machine = bank.machine?.(part, initial, budget)
    if (machine !== undefined) frugal++
    return machine
  },
}
const unlimited = { deadlineMs: 20_000, memoryBytes: 1e9, now: () => 0 } as unknown as Parameters<
  typeof createBudget
>[0]

const decided = (part: Part, judge: Judge, steps: number): boolean | 'unknown' =>
  contradicts(part, judge, createBudget(unlimited), steps)

test(`a search for an order with few uncertain operations agrees with brute force on ${manyOf(10_000)} bank histories`, () => {
  const share = { met: 0, violated: 0 }
  for (let seed = baseSeed; seed < baseSeed + many(10_000); seed++) {
    const random = randomFrom(seed)
    const shape = {
      processes: 2 + Math.floor(random() * 3),
      operations: 3 + Math.floor(random() * 6),
      unknown: 0.1 + random() * 0.5,
      failed: random() < 0.3 ? 0.15 : 0,
      mutated: random() < 0.6 ? 0.25 : 0,
    }
    const events = randomObjectEvents(kinds['bank']!(random), shape, random)
    const history = smallHistory(events)
    const truth = isObjectLinearizable('bank', history)
    share[truth ? 'met' : 'violated']++
    for (const part of partsOf(history, functions)) {
      if (decided(part, withMachine, 1e6) !== truth) continue
      expect.fail(`seed ${seed}\n${events.map((event) => JSON.stringify(event)).join('\n')}\nis ${truth}`)
    }
  }
  expect(frugal).toBeGreaterThan(atLeast(2_500))
  expect(share.met).toBeGreaterThan(atLeast(1_000))
  expect(share.violated).toBeGreaterThan(atLeast(1_000))
})

test('a search for an order with few uncertain operations agrees with a depth-first search on 200 bank histories', () => {
  const share = { met: 0, violated: 0 }
  for (let seed = baseSeed; seed < baseSeed + 200; seed++) {
    const random = randomFrom(seed)
    const shape = {
      processes: 2 + Math.floor(random() * 4),
      operations: 20 + Math.floor(random() * 40),
      unknown: 0.02 + random() * 0.1,
      failed: 0.02,
      mutated: random() < 0.6 ? 0.03 : 0,
    }
    const events = randomObjectEvents(kinds['bank']!(random), shape, random)
    for (const part of partsOf(smallHistory(events), functions)) {
      const one = decided(part, plain, 20_000)
      const other = decided(part, withMachine, 20_000)
      if (one === 'unknown' || other === 'unknown') continue
      share[one ? 'violated' : 'met']++
      if (one !== other) expect.fail(`seed ${seed}\n${events.map((event) => JSON.stringify(event)).join('\n')}`)
    }
  }
  expect(share.met).toBeGreaterThan(20)
  expect(share.violated).toBeGreaterThan(20)
})

test('10,000 operations on a bank are found linearizable, with one in fifty of unknown outcome', () => {
  const history = generateObjectHistory('bank', { operations: 10_000, clients: 8, unknown: 0.02, seed: baseSeed })
  const { linearizable } = checkHistory(history, {
    model: 'bank',
    initial: { a: 100, b: 100, c: 100 },
    levels: ['linearizable'],
  }).levels
  expect(linearizable.result, `seed ${baseSeed}`).toBe('met')
})

test.each([0, 0.005])(
  '2,000 operations of 40 clients on a bank are found linearizable (share of unknown outcomes: %d)',
  (unknown) => {
    const history = generateHistoryOf(bankOf({ opening: 100_000, most: 50_000 }), {
      operations: 2_000,
      clients: 40,
      unknown,
      seed: 1,
    })
    const { linearizable } = checkHistory(history, {
      model: 'bank',
      initial: { a: 100_000, b: 100_000, c: 100_000 },
      levels: ['linearizable'],
      deadlineMs: millis(60_000),
    }).levels
    expect(linearizable.result).toBe('met')
  },
)

test.each([0, 0.005, 0.02, 0.05])(
  '400 operations of 20 clients on a bank are found linearizable within 5 s (share of unknown outcomes: %d)',
  (unknown) => {
    for (const opening of [100, 100_000]) {
      const bankOfThree = bankOf({ opening, most: opening / 2 })
      const history = generateHistoryOf(bankOfThree, { operations: 400, clients: 20, unknown, seed: 1 })
      const began = process.cpuUsage()
      const { linearizable } = checkHistory(history, {
        model: 'bank',
        initial: { a: opening, b: opening, c: opening },
        levels: ['linearizable'],
      }).levels
      expect(linearizable.result).toBe('met')
      expect(process.cpuUsage(began).user).toBeLessThan(5_000_000)
    }
  },
)
