import { type History, type Json, millis } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import type { Encoded } from '../../src/encoding/encoded.ts'
import { partition } from '../../src/encoding/partition.ts'
import { createBudget } from '../../src/limits/budget.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import { zones } from '../../src/register/linearizable/distinct/zones.ts'
import { createSearch } from '../../src/register/linearizable/search/search.ts'
import { findSequentialOrder } from '../../src/register/sequential/decide.ts'
import { createSequentialSearch } from '../../src/register/sequential/search.ts'
import { type Op, operationsOf, type Reading } from '../brute-force.ts'
import { checkHistory, onlyRows } from '../checking.ts'
import { many, manyOf } from '../many.ts'
import { plainSearch } from '../plain-search.ts'
import { faultOfOrder } from '../witness.ts'

// Compares, on longer histories, two exact algorithms that share little code. This finds mistakes that hundreds of
// thousands of short histories do not show.

const baseSeed = inject('seed')
const drop: Reading = { initial: null, failedCas: 'drop' }
const stores = ['atomic', 'replicas', 'stale', 'scattered'] as const

function mediumShape(random: () => number, over: Partial<Shape>): Shape {
  const below = (n: number): number => Math.floor(random() * n)
  return {
    processes: 2 + below(5),
    operations: 20 + below(100),
    keys: 1,
    values: 0,
    cas: false,
    store: stores[below(stores.length)]!,
    unknown: random() < 0.5 ? 0.06 : 0,
    failed: random() < 0.5 ? 0.1 : 0,
    mutated: random() < 0.4 ? 0.03 : 0,
    ...over,
  }
}

const freshBudget = () =>
  createBudget({ deadlineMs: millis(5_000), memoryBytes: 2e8, now: () => millis(performance.now()) })

function bySearch(part: Encoded, steps: number): boolean | undefined {
  const search = createSearch(part, () => null, freshBudget())
  const progress = search.run(steps)
  search.release()
  return progress === 'met' ? true : progress === 'violated' ? false : undefined
}

/** Compares two answers over many histories. Both verdicts must occur, and most histories must be decided. */
function compare(
  histories: number,
  judge: (seed: number) => readonly [boolean | undefined, boolean | undefined],
): void {
  const count = { met: 0, violated: 0, undecided: 0 }
  for (let n = 0; n < histories; n++) {
    const seed = baseSeed + n
    const [one, other] = judge(seed)
    if (one === undefined || other === undefined) {
      count.undecided++
      continue
    }
    if (one !== other) expect.fail(`seed ${seed}: one algorithm says ${one}, the other ${other}`)
    count[one ? 'met' : 'violated']++
  }
  expect(count.met, JSON.stringify(count)).toBeGreaterThan(histories * 0.15)
  expect(count.violated, JSON.stringify(count)).toBeGreaterThan(histories * 0.15)
  expect(count.undecided, JSON.stringify(count)).toBeLessThan(histories * 0.3)
}

test(`the zones algorithm agrees with the general search on ${manyOf(1_500)} histories of 20 to 120 operations with distinct values`, () => {
  compare(many(1_500), (seed) => {
    const random = randomFrom(seed)
    const history = smallHistory(randomEvents(mediumShape(random, {}), random))
    const [part] = partition(encodeRegister(history, drop).encoded)
    const answer = zones(part!)
    return [answer.result === 'not applicable' ? undefined : answer.result === 'met', bySearch(part!, 100_000)]
  })
})

test(`the general search agrees with a search without reductions on ${manyOf(800)} histories with repeated values and cas`, () => {
  compare(many(800), (seed) => {
    const random = randomFrom(seed)
    const cas = random() < 0.5
    const shape = mediumShape(random, {
      values: 2 + Math.floor(random() * 4),
      cas,
      operations: 20 + Math.floor(random() * 40),
    })
    const history = smallHistory(randomEvents(shape, random))
    const reading: Reading = { initial: null, failedCas: random() < 0.5 ? 'drop' : 'observes' }
    const [part] = partition(encodeRegister(history, reading).encoded)
    return [bySearch(part!, 100_000), plainSearch(operationsOf(history, reading), null, 3_000)]
  })
})

test(`findSequentialOrder agrees with createSequentialSearch on ${manyOf(600)} histories of two or three keys`, () => {
  compare(many(600), (seed) => {
    const random = randomFrom(seed)
    const shape = mediumShape(random, {
      keys: 2 + Math.floor(random() * 2),
      operations: 12 + Math.floor(random() * 30),
      cas: random() < 0.3,
    })
    const history = smallHistory(randomEvents(shape, random))
    const { encoded } = encodeRegister(history, drop)
    const forced = findSequentialOrder(encoded, () => null, freshBudget())
    const search = createSequentialSearch(encoded, () => null, freshBudget())
    const progress = search.run(60_000)
    search.release()
    return [
      forced.result === 'unknown' ? undefined : forced.result === 'met',
      progress === 'met' ? true : progress === 'violated' ? false : undefined,
    ]
  })
})

test('in histories of 20 to 60 operations, each witness is legal, and each counterexample violates its level by itself', () => {
  for (let n = 0; n < many(100); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const append = random() < 0.2
    const shape = mediumShape(random, {
      keys: 1 + Math.floor(random() * 3),
      values: random() < 0.75 ? 0 : 3,
      cas: random() < 0.3,
      append,
      operations: 20 + Math.floor(random() * 40),
    })
    const events = randomEvents(shape, random)
    const reading: Reading = { initial: append ? '' : null, failedCas: 'drop' }
    const history = smallHistory(events)
    const started = performance.now()
    const report = checkHistory(history, { ...reading, deadlineMs: millis(400) })
    // If the time ran out before a counterexample was reduced, it is true but may be unnecessarily large.
    const hurried = performance.now() - started > 200
    for (const level of ['linearizable', 'sequential'] as const) {
      const verdict = report.levels[level]
      if (verdict.result === 'met' && verdict.witness.kind === 'order') {
        const rule = level === 'linearizable' ? 'real time' : 'process order'
        const fault = faultOfOrder(history, verdict.witness.orders, rule, reading)
        if (fault !== undefined) expect.fail(`seed ${seed}: ${level}: ${fault}`)
      }
      if (verdict.result !== 'violated') continue
      const { operations } = verdict.counterexample
      const judge = (rows: readonly number[]): string =>
        checkHistory(smallHistory(onlyRows(events, history, rows)), reading).levels[level].result
      const where = `seed ${seed}: the counterexample of ${level}`
      const judged = judge(operations.map(({ operation }) => operation))
      if (judged !== 'violated') expect.fail(`${where} is ${judged} by itself`)
      const core = operations.filter(({ role }) => role === 'core').map(({ operation }) => operation)
      if (judge(core) !== 'violated') expect.fail(`${where} has a core that is no contradiction`)
      if (append || hurried) continue
      for (const row of core) {
        const less = core.filter((each) => each !== row)
        if (judge(less) === 'violated' && !leavesUnwritten(history, core, less)) {
          expect.fail(`${where} does not need operation ${row}`)
        }
      }
    }
  }
})

/**
 * Reports whether `fewer` lacks a needed write: an operation in `fewer` observes a value that is written in `rows` but
 * not in `fewer`.
 */
function leavesUnwritten(history: History, rows: readonly number[], fewer: readonly number[]): boolean {
  const all = operationsOf(history, drop)
  const some = (of: readonly number[]) => all.filter(({ row }) => of.includes(row))
  const written = ({ f, input }: Op): Json => (f === 'cas' ? ((input as Json[])[1] ?? null) : input)
  // A cas from a value to itself is only a read of it.
  const changesNothing = ({ f, input }: Op): boolean => f === 'cas' && (input as Json[])[0] === (input as Json[])[1]
  const writes = (ops: readonly Op[], key: string, value: Json): boolean =>
    ops.some((op) => op.f !== 'read' && !changesNothing(op) && op.key === key && written(op) === value)
  return some(fewer).some((op) => {
    const value: Json = op.f === 'read' ? op.output : op.f === 'cas' ? ((op.input as Json[])[0] ?? null) : null
    return value !== null && writes(some(rows), op.key, value) && !writes(some(fewer), op.key, value)
  })
}
