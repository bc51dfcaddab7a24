import type { CheckOptions } from '@chaosproxy/checker'
import { type EventInput, type History, type Json, millis } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { randomEvents, randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { partition } from '../../src/encoding/partition.ts'
import { createBudget } from '../../src/limits/budget.ts'
import { createCompletion } from '../../src/register/counterexample/sources.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import { createSearch } from '../../src/register/linearizable/search/search.ts'
import { faultOfWitness, type OrderRule } from '../../src/register/replay/replay.ts'
import { findSequentialOrder } from '../../src/register/sequential/decide.ts'
import { completion, orderWrites } from '../../src/register/sequential/orders.ts'
import { readsFrom } from '../../src/register/sequential/reads-from.ts'
import { saturate } from '../../src/register/sequential/saturation.ts'
import { createSequentialSearch } from '../../src/register/sequential/search.ts'
import { checkHistory, historyOf, resultOf } from '../checking.ts'

// Random histories seldom or never contain these cases, so random tests would not detect some mistakes in the checker.
// `npm run mutate` plants such mistakes. Each case is the smallest history that reveals its mistake.

const linearizable = (history: History, options: Partial<CheckOptions> = {}): string =>
  resultOf(checkHistory(history, options), 'linearizable')

describe('the replay of a witness', () => {
  const encode = (history: History, failedCas: 'drop' | 'observes' = 'drop') =>
    encodeRegister(history, { initial: null, failedCas })
  const fault = (history: History, order: readonly number[], rule: OrderRule, failedCas?: 'drop' | 'observes') => {
    const { encoded, decoder } = encode(history, failedCas)
    return faultOfWitness(encoded, Int32Array.from(order), rule, decoder.value)
  }

  test('the replay of a witness accepts legal witnesses in process order and in real time', () => {
    expect(fault(historyOf('w1|  r1|', '   w2|'), [1, 0, 2], 'process order')).toBe(undefined)
    expect(fault(historyOf('w1-----|  r1|', '   w2|'), [1, 0, 2], 'real time')).toBe(undefined)
  })

  test('the replay of a witness requires every completed operation exactly once', () => {
    for (const key of ['', 'x']) {
      const history = historyOf(`w${key}1|  r${key}1|`, key === '' ? '          w2--?' : '          wy2--?')
      for (const rule of ['real time', 'process order'] as const) {
        expect(fault(history, [0, 1], rule)).toBe(undefined)
        expect(fault(history, [0], rule)).toBe('operation 1 is missing')
        expect(fault(history, [0, 1, 1], rule)).toBe('operation 1 appears twice')
        expect(fault(history, [0, 0, 1], rule)).toBe('operation 0 appears twice')
      }
    }
  })

  test('the replay of a witness refuses a violation of real-time order or process order, as the given rule demands', () => {
    const history = historyOf('w1|      r2|', '     w2|      r2|')
    expect(fault(history, [1, 2, 3, 0], 'real time')).toMatch(/^operation \d returned before one that precedes it/)
    expect(fault(historyOf('w1|', '     w2|'), [1, 0], 'real time')).toMatch(/^operation 0 returned before/)
    expect(fault(historyOf('wx1|', '     wy2|'), [1, 0], 'real time')).toMatch(/^operation 0 returned before/)
    expect(fault(historyOf('w1|', '     w2|'), [1, 0], 'process order')).toBe(undefined)
    expect(fault(historyOf('w1|  w2|'), [1, 0], 'process order')).toBe("operation 0 is out of its client's order")
  })

  test('the replay of a witness requires every operation to be legal at its position', () => {
    const illegal = 'operation 1 is not legal where it is placed'
    for (const rule of ['real time', 'process order'] as const) {
      expect(fault(historyOf('w1|', 'r2--|'), [0, 1], rule)).toBe(illegal)
      expect(fault(historyOf('w1|  c12--x'), [0, 1], rule, 'observes')).toBe(illegal)
      expect(fault(historyOf('w1|  c32--x'), [0, 1], rule, 'observes')).toBe(undefined)
      expect(fault(historyOf('w1|  c32|'), [0, 1], rule)).toBe(illegal)
    }
  })

  test('a witness may place an operation of unknown outcome after later operations of its process, but not before earlier ones', () => {
    const history = historyOf('w1|  w2--?  r1|', '                 r2|')
    expect(fault(history, [0, 2, 1, 3], 'process order')).toBe(undefined)
    expect(fault(history, [1, 3, 0, 2], 'process order')).toBe("operation 0 is out of its client's order")
    expect(resultOf(checkHistory(history), 'sequential')).toBe('met')
  })
})

describe('operations of unknown outcome', () => {
  test('a cas of unknown outcome explains a reappearing value only if its expected value existed', () => {
    // The cas of 1 to 3 can take effect only once. The second read of 3 then needs a cas of 2 to 3, but nothing wrote
    // 2.
    const once = ['w1|        w1|', 'c13--?', '     r3|        r3|']
    expect(linearizable(historyOf(...once))).toBe('violated')
    expect(linearizable(historyOf(...once, 'c13--?'))).toBe('met')
    expect(linearizable(historyOf(...once, 'c23--?'))).toBe('violated')
  })

  test('two writes of unknown outcome are undecided if each of them may have written the value that was read', () => {
    expect(checkHistory(historyOf('w1--?', 'w1--?', '     r1|')).info).toEqual({ total: 2, happened: 0, undecided: 2 })
    expect(checkHistory(historyOf('w1--?', 'w2--?', '     r1|')).info).toEqual({ total: 2, happened: 1, undecided: 1 })
  })

  test('a chain of uncertain operations may explain a read if each replaces the value of the previous one', () => {
    const bySearch = (history: History): string => {
      const [part] = partition(encodeRegister(history, { initial: null, failedCas: 'drop' }).encoded)
      const budget = createBudget({ deadlineMs: millis(60_000), memoryBytes: 1e8, now: () => millis(0) })
      return createSearch(part!, () => null, budget).run(1_000)
    }
    const chain = historyOf('w1--?', 'c12--?', 'c23--?', '       r3|')
    expect([linearizable(chain), bySearch(chain)]).toEqual(['met', 'met'])
    const gap = historyOf('w1--?', 'c23--?', '       r3|')
    expect([linearizable(gap), bySearch(gap)]).toEqual(['violated', 'violated'])
  })

  test('an operation of unknown outcome may have written the value that explains a failed cas', () => {
    // The cas from 1 failed, although the completed writes leave the value 1.
    const history = historyOf('w1|', '   w1--?   w2--?', '               c13--x')
    expect(linearizable(history, { failedCas: 'observes' })).toBe('met')
    expect(linearizable(historyOf('w1|', '   w1--?        ', '               c13--x'), { failedCas: 'observes' })).toBe(
      'violated',
    )
  })
})

describe('append', () => {
  const appended = (first: Json, output: string): string => {
    const events: EventInput[] = [
      { process: 0, type: 'invoke', f: 'put', value: first },
      { process: 0, type: 'ok', f: 'put', value: first },
      { process: 0, type: 'invoke', f: 'append', value: 'a' },
      { process: 0, type: 'ok', f: 'append', value: 'a' },
      { process: 0, type: 'invoke', f: 'get', value: null },
      { process: 0, type: 'ok', f: 'get', value: output },
    ]
    return linearizable(smallHistory(events), { initial: '' })
  }

  test('an append to a value that is not a string extends its text', () => {
    expect(appended(7, '7a')).toBe('met')
    expect(appended(7, 'a')).toBe('violated')
    expect(appended([1], '[1]a')).toBe('met')
    expect(appended('x', 'xa')).toBe('met')
    expect(appended('x', 'a')).toBe('violated')
  })
})

test('a counterexample ends at the impossible read, not at an earlier read that an open write explains', () => {
  // The open write of 2 explains everything until process 2 reads 1 again.
  const report = checkHistory(
    historyOf('w1|    w2--------------|', '             r2|', '                   r1|    r1|'),
  )
  const verdict = report.levels.linearizable
  if (verdict.result !== 'violated') throw new Error(verdict.result)
  expect(verdict.counterexample.culprit).toBe(3)
  expect(verdict.counterexample.operations.map(({ operation }) => operation)).toEqual([0, 1, 2, 3])
})

test('check lists only the last of several overwritten writes as a lost write', () => {
  const report = checkHistory(historyOf('w1|  w2|  w3|', '               fr1|', '               fr1|'))
  expect(report.lost).toEqual([{ key: undefined, value: 3, operation: 2 }])
})

test('a counterexample keeps every write that may explain one of its reads', () => {
  const { encoded, decoder } = encodeRegister(
    historyOf('r1------|', '  w1--|', '           w1|', '           w2|  r1|'),
    {
      initial: null,
      failedCas: 'drop',
    },
  )
  const complete = createCompletion(encoded, 'real time', decoder.value)
  // Operation 0 overlaps the write 1. Operation 4 cannot have read from the write 1, because the write 3 overwrote it
  // before. It may have read from the write 2, which overlaps the write 3.
  expect(complete([0])).toEqual([0, 1])
  expect(complete([4])).toEqual([2, 4])
})

test('a counterexample keeps both writes of a value if they overlap the read that returned the value', () => {
  const { encoded, decoder } = encodeRegister(historyOf('   r1------|', 'w1---------|', '      w1--|'), {
    initial: null,
    failedCas: 'drop',
  })
  expect(createCompletion(encoded, 'real time', decoder.value)([1])).toEqual([0, 1, 2])
})

describe('operations without a key', () => {
  test('operations without a key form one object, which is separate from the objects of all keys', () => {
    expect(linearizable(historyOf('w1|  wx2|', '              r1|  rx2|'))).toBe('met')
    expect(linearizable(historyOf('w1|  wx2|', '              r2|'))).toBe('violated')
  })
})

describe('the budget of memory and time', () => {
  test('the budget refuses memory beyond its limit, reuses returned memory, and expires at its deadline', () => {
    let now = 0
    const budget = createBudget({ deadlineMs: millis(10), memoryBytes: 100, now: () => millis(now) })
    expect([budget.take(60), budget.take(60)]).toEqual([true, false])
    budget.giveBack(60)
    expect(budget.take(100)).toBe(true)
    const sooner = budget.within(4)
    now = 4
    expect([sooner.expired(0), budget.expired(0)]).toEqual([true, false])
    now = 10
    expect(budget.expired(0)).toBe(true)
  })
})

describe('the search for an order of writes', () => {
  const unlimited = () => createBudget({ deadlineMs: millis(60_000), memoryBytes: 1e9, now: () => millis(0) })

  test('orderWrites finds a legal order of each sequentially consistent history among 1,500 histories', () => {
    const baseSeed = inject('seed')
    let met = 0
    for (let n = 0; n < 1_500; n++) {
      const seed = baseSeed + n
      const random = randomFrom(seed)
      const events = randomEvents(
        {
          processes: 2 + Math.floor(random() * 4),
          operations: 8 + Math.floor(random() * 40),
          keys: 1 + Math.floor(random() * 3),
          values: 0,
          cas: random() < 0.3,
          store: random() < 0.5 ? 'replicas' : 'scattered',
          unknown: random() < 0.5 ? 0.1 : 0,
          failed: 0,
          mutated: 0,
        },
        random,
      )
      const { encoded, decoder } = encodeRegister(smallHistory(events), { initial: null, failedCas: 'drop' })
      const facts = readsFrom(encoded)
      if (facts.result !== 'unique') continue
      const saturated = saturate(facts, unlimited())
      if (saturated.result !== 'saturated') continue
      if (orderWrites(saturated.saturation, unlimited()).result !== 'met') {
        const search = createSequentialSearch(encoded, decoder.value, unlimited())
        if (search.run(20_000) === 'met') expect.fail(`seed ${seed}: an order that exists is not found`)
        search.release()
        continue
      }
      met++
      const order = completion(saturated.saturation)
      const fault = faultOfWitness(facts.encoded, order, 'process order', decoder.value)
      if (fault !== undefined) expect.fail(`seed ${seed}: ${fault}`)
    }
    expect(met).toBeGreaterThan(300)
  })

  const sequential = (history: History, initial: Json = null): string => {
    const { encoded, decoder } = encodeRegister(history, { initial, failedCas: 'drop' })
    return findSequentialOrder(encoded, decoder.value, unlimited()).result
  }

  test('findSequentialOrder lets a read return the initial value after a write of that value', () => {
    expect(sequential(historyOf('w1|  w0|', '           r1|  r0|'), 0)).toBe('met')
    expect(sequential(historyOf('w1|  w2|', '           r1|  r0|'), 0)).toBe('violated')
  })

  test('findSequentialOrder lets either of two writes of one value explain a read of that value', () => {
    expect(sequential(historyOf('w1|  w2|', '   w1--?', '           r2|  r1|'))).toBe('met')
    expect(sequential(historyOf('w1|  w2|', '   w3--?', '           r2|  r1|'))).toBe('violated')
  })

  test('in a sequential order, check can place a cas after all reads of the value that the cas replaces', () => {
    const history = historyOf('w1|  c12|', '                r1|  r2|', '                     r1|')
    expect(resultOf(checkHistory(history), 'sequential')).toBe('met')
  })
})
