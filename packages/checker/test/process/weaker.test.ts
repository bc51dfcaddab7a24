import { type Level, levels, type Report, type Verdict } from '@chaosproxy/checker'
import { type EventInput, type History, type Json, millis } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { restrict } from '../../src/encoding/encoded.ts'
import { implied, type WeakLevel, weakDefinition } from '../../src/levels/levels.ts'
import { createBudget } from '../../src/limits/budget.ts'
import { createWeaker } from '../../src/register/causal/decide.ts'
import { derivationOf } from '../../src/register/causal/derivation.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import { readsFrom } from '../../src/register/sequential/reads-from.ts'
import { operationsOf, type Reading } from '../brute-force.ts'
import { checkHistory, historyOf, onlyRows, resultOf } from '../checking.ts'
import { atLeast, many, manyOf } from '../many.ts'
import { tryAll } from '../weak-brute-force.ts'

// Compares each level between sequential and eventual with its definition, which tries every order. The seed changes
// with each run; a failure reports it.

const baseSeed = inject('seed')
const stores = ['atomic', 'replicas', 'stale', 'scattered'] as const
const reading: Reading = { initial: null, failedCas: 'drop' }
const weakLevels = levels.filter(
  (level): level is WeakLevel => !['linearizable', 'sequential', 'eventual', 'convergent'].includes(level),
)

function shapeOf(random: () => number, operations: number): Shape {
  const below = (n: number): number => Math.floor(random() * n)
  return {
    processes: 2 + below(3),
    operations,
    keys: 1 + below(2),
    values: random() < 0.55 ? 0 : 1 + below(3),
    cas: false,
    store: stores[below(stores.length)]!,
    unknown: random() < 0.5 ? 0.25 : 0,
    goesOn: random() < 0.2,
    failed: random() < 0.5 ? 0.15 : 0,
    mutated: random() < 0.7 ? 0.4 + below(2) * 0.6 : 0,
  }
}

const freshBudget = () =>
  createBudget({ deadlineMs: millis(20_000), memoryBytes: 2e8, now: () => millis(performance.now()) })

const resultText = (answer: boolean | undefined): string =>
  answer === undefined ? 'unknown' : answer ? 'met' : 'violated'

describe('the level read-your-writes', () => {
  test.each([
    { rows: ['w1| w2| r1|'], what: 'a value that the reader itself had overwritten', result: 'violated' },
    { rows: ['w1| w2| r2|'], what: 'the last value that the reader had written', result: 'met' },
    { rows: ['w1| w2| r1|', 'w1|'], what: 'a value that another process wrote as well', result: 'met' },
    { rows: ['w2| r1|', 'w1|'], what: 'another process’s write, which may have come after one’s own', result: 'met' },
    { rows: ['w1| r|'], what: 'nothing, after a write of one’s own', result: 'violated' },
    { rows: ['wx1| wy2| rx1|'], what: 'a value of one key after a write to another', result: 'met' },
    { rows: ['w1| w2|', 'w3| r1|'], what: 'a value that somebody else had overwritten', result: 'met' },
  ] as const)('read-your-writes is $result if a process reads $what', ({ rows, result }) => {
    const report = checkHistory(historyOf(...rows), { levels: weakLevels })
    expect(resultOf(report, 'read-your-writes')).toBe(result)
  })

  test("a counterexample to read-your-writes contains the client's two writes and its read of the overwritten value", () => {
    const report = checkHistory(historyOf('w1| w2| w3| w4| r1|'), { levels: ['read-your-writes'] })
    const verdict = report.levels['read-your-writes']
    if (verdict.result !== 'violated') expect.fail(verdict.result)
    expect(verdict.counterexample.operations).toHaveLength(3)
    expect(verdict.counterexample.sentence).toMatch(/^p0 wrote 1, then 4, but then read 1 from n1, which is older\.$/)
  })
})

test.each([0, 1])(
  `the verdict on each level agrees with its definition on ${manyOf(5_200)} small random histories (part %i)`,
  (part) => {
    const violated: { [level: string]: number } = {}
    let judged = 0
    for (let n = 0; judged < many(5_200); n++) {
      const seed = baseSeed + part * 100_000_000 + n
      const random = randomFrom(seed)
      const events = randomEvents(shapeOf(random, 3 + Math.floor(random() * 6)), random)
      const history = smallHistory(events)
      const ops = operationsOf(history, reading)
      // Skips histories with more writes, because the definition tries all orders of the writes.
      if (!events.some(({ type }) => type === 'ok') || ops.filter(({ f }) => f === 'write').length > 5) continue
      judged++
      const tried = tryAll(ops, null)
      const { encoded } = encodeRegister(history, reading)
      const weaker = createWeaker(encoded, readsFrom(encoded), freshBudget())
      const where = (level: Level): string =>
        `seed ${seed}: ${level}\n${events.map((event) => JSON.stringify(event)).join('\n')}`
      for (const level of weakLevels) {
        const { result } = weaker.decide(level)
        // The checker may refute a level that the definition leaves undecided.
        const open = tried[level] === undefined && result === 'violated'
        if (result !== resultText(tried[level]) && !open)
          expect.fail(`${where(level)}\n${result}, not ${resultText(tried[level])}`)
        if (result === 'violated') violated[level] = (violated[level] ?? 0) + 1
      }
      weaker.release()
      if (n % 4 !== 0) continue
      const report = checkHistory(history, { levels: weakLevels })
      for (const level of weakLevels) {
        const verdict = report.levels[level]
        if (verdict.result === 'met') {
          const fault = faultOfArbitration(history, verdict)
          if (fault !== undefined) expect.fail(`${where(level)}\n${fault}`)
        }
        if (verdict.result !== 'violated') continue
        const rows = verdict.counterexample.operations.map(({ operation }) => operation)
        const alone = tryAll(operationsOf(smallHistory(onlyRows(events, history, rows)), reading), null)
        if (alone[level] === true) expect.fail(`${where(level)}\nis met by the counterexample ${rows} by itself`)
      }
    }
    for (const level of weakLevels) expect(violated[level], level).toBeGreaterThan(judged * 0.04)
  },
)

test(`no history meets a level and violates a weaker level, on ${manyOf(2_000)} histories of up to 40 operations`, () => {
  const count: { [result: string]: number } = {}
  for (let n = 0; n < many(2_000); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const shape = {
      ...shapeOf(random, 4 + Math.floor(random() * 36)),
      mutated: random() < 0.5 ? 0.03 : 0,
      values: random() < 0.8 ? 0 : 3,
    }
    const history = smallHistory(randomEvents(shape, random))
    const { encoded } = encodeRegister(history, reading)
    const weaker = createWeaker(encoded, readsFrom(encoded), freshBudget(), 300)
    const strong = checkHistory(history, { levels: ['linearizable', 'sequential'], deadlineMs: millis(200) })
    const results = new Map<Level, Verdict['result']>(weakLevels.map((level) => [level, weaker.decide(level).result]))
    for (const level of ['linearizable', 'sequential'] as const) results.set(level, resultOf(strong, level))
    weaker.release()
    for (const level of levels) {
      const result = results.get(level)
      count[`${result}`] = (count[`${result}`] ?? 0) + 1
      for (const weakerLevel of implied[level]) {
        if (result === 'met' && results.get(weakerLevel) === 'violated')
          expect.fail(`seed ${seed}: ${level} is met, ${weakerLevel} is violated`)
      }
    }
  }
  expect(count['violated']).toBeGreaterThan(atLeast(1_000))
  expect(count['met']).toBeGreaterThan(atLeast(1_000))
})

test('no met level between sequential and eventual becomes violated if a read is removed or an info write is added', () => {
  const decideAll = (events: readonly EventInput[]): readonly string[] => {
    const { encoded } = encodeRegister(smallHistory(events), reading)
    const weaker = createWeaker(encoded, readsFrom(encoded), freshBudget())
    const results = weakLevels.map((level) => weaker.decide(level).result)
    weaker.release()
    return results
  }
  let met = 0
  for (let n = 0; n < many(600); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const below = (count: number): number => Math.floor(random() * count)
    const shape = {
      ...shapeOf(random, 4 + below(10)),
      mutated: 0.15,
      store: random() < 0.7 ? 'replicas' : 'scattered',
    } as const
    const events = randomEvents(shape, random)
    const before = decideAll(events)
    const reads = events.filter(({ type, f }) => type === 'ok' && f === 'read')
    const left = reads[below(reads.length)]
    // A failed read counts as one that did not happen.
    const fewer = events.map((event): EventInput => (event === left ? { ...event, type: 'fail' } : event))
    const key = events[0]?.key
    const common = { process: 99, f: 'write', value: 1 + below(4), ...(key === undefined ? {} : { key }) }
    const more = events.toSpliced(below(events.length), 0, { ...common, type: 'invoke' })
    for (const [what, after] of [
      ['without a read', decideAll(fewer)],
      ['with another write', decideAll([...more, { ...common, type: 'info' }])],
    ] as const) {
      for (const [i, level] of weakLevels.entries()) {
        if (before[i] !== 'met') continue
        met++
        if (after[i] === 'violated') expect.fail(`seed ${seed}: ${level} is violated ${what}`)
      }
    }
  }
  expect(met).toBeGreaterThan(atLeast(2_000))
})

test('in histories of up to 120 operations, each counterexample violates its level by itself, and its edges form a cycle', () => {
  let seen = 0
  for (let n = 0; n < many(150); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const shape = {
      ...shapeOf(random, 20 + Math.floor(random() * 100)),
      processes: 2 + Math.floor(random() * 5),
      values: 0,
      mutated: 0.02,
    }
    const events = randomEvents(shape, random)
    const history = smallHistory(events)
    const report = checkHistory(history, { levels: weakLevels })
    for (const level of weakLevels) {
      const verdict = report.levels[level]
      const fault = verdict.result === 'met' ? faultOfArbitration(history, verdict) : undefined
      if (fault !== undefined) expect.fail(`seed ${seed}: ${level}: ${fault}`)
      if (verdict.result !== 'violated') continue
      seen++
      const { operations, sentence, edges } = verdict.counterexample
      const where = `seed ${seed}: the counterexample of ${level}`
      const judge = (rows: readonly number[]): string =>
        resultOf(checkHistory(smallHistory(onlyRows(events, history, rows)), { levels: [level] }), level)
      if (judge(operations.map(({ operation }) => operation)) !== 'violated') expect.fail(`${where} is none by itself`)
      const core = operations.filter(({ role }) => role === 'core').map(({ operation }) => operation)
      // Each order in `edges` adds at most four operations: the two that it orders, one that shows the order, and the
      // write that the third one saw.
      if (core.length > 4 * Math.max(4, edges?.length ?? 0))
        expect.fail(`${where} has ${core.length} operations: ${sentence}`)
      for (const [i, edge] of (edges ?? []).entries()) {
        if (edge.before !== edges?.at(i - 1)?.after) expect.fail(`${where} is not a cycle`)
        if (!core.includes(edge.before)) expect.fail(`${where} has an order of operations that it does not show`)
      }
    }
  }
  expect(seen).toBeGreaterThan(atLeast(150))
})

test('derivationOf returns operations that violate the level by themselves', () => {
  // A violation of `monotonic-writes` or `writes-follow-reads` is a read of a future write. It needs no derived orders,
  // so these levels are left out.
  const derived = weakLevels.filter((level) => level !== 'monotonic-writes' && level !== 'writes-follow-reads')
  const seen = new Set<Level>()
  for (let n = 0; n < 100; n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const shape = { ...shapeOf(random, 20 + Math.floor(random() * 60)), values: 0, unknown: 0, mutated: 0.05 }
    const { encoded } = encodeRegister(smallHistory(randomEvents(shape, random)), reading)
    const weaker = createWeaker(encoded, readsFrom(encoded), freshBudget())
    for (const level of derived) {
      const answer = weaker.decide(level)
      if (answer.result !== 'violated' || answer.found === undefined) continue
      seen.add(level)
      const { relations, contradiction, indices } = answer.found
      const { involved } = derivationOf(relations.facts, contradiction, weakDefinition(level))
      const alone = restrict(
        encoded,
        Array.from(involved, (operation) => indices[operation]!).toSorted((a, b) => a - b),
      )
      const judge = createWeaker(alone, readsFrom(alone), freshBudget())
      if (judge.decide(level).result !== 'violated') expect.fail(`seed ${seed}: ${level} is met by ${[...alone.row]}`)
      judge.release()
    }
    weaker.release()
  }
  expect(derived.filter((level) => !seen.has(level))).toEqual([])
})

/**
 * Describes what is wrong with the arbitration order of causal convergence, if anything. By definition, each read's
 * source wrote the value read, the order contains program order and reads-from, and the source is the last write of its
 * key in the read's past.
 */
function faultOfArbitration(
  history: History,
  verdict: Extract<Report['levels'][Level], { result: 'met' }>,
): string | undefined {
  const { witness } = verdict
  if (witness.kind !== 'arbitration') return undefined
  const ops = new Map(operationsOf(history, reading).map((op) => [op.row, op]))
  const rank = new Map(witness.order.map((row, at) => [row, at]))
  const past = new Map<number, Set<number>>()
  const sources = new Map(witness.sources.map(({ read, write }) => [read, write]))
  for (const op of ops.values()) if (op.completed && !rank.has(op.row)) return `operation ${op.row} is missing`
  for (const row of witness.order) {
    const op = ops.get(row)
    if (op === undefined) return `operation ${row} did not happen`
    const own = new Set<number>()
    const needs = [...ops.values()].filter(
      (each) => each.process === op.process && each.completed && each.call < op.call,
    )
    const source = sources.get(row)
    for (const need of [...needs.map((each) => each.row), ...(source === undefined ? [] : [source])]) {
      const before = past.get(need)
      if (before === undefined) return `operation ${row} comes before ${need}, which it follows`
      own.add(need)
      for (const each of before) own.add(each)
    }
    past.set(row, own)
    if (op.f !== 'read') continue
    const value: Json = source === undefined ? reading.initial : (ops.get(source)?.input ?? null)
    if (value !== op.output || (source !== undefined && ops.get(source)?.key !== op.key))
      return `${row} did not read that`
    const rivals = [...own].filter((each) => ops.get(each)?.f === 'write' && ops.get(each)?.key === op.key)
    const last = rivals.sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0)).at(-1)
    if (last !== source) return `the last write in the past of ${row} is ${last}, not ${source}`
  }
  return undefined
}
