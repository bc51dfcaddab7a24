import { type EventInput, historyFromEvents, type Json, millis, type ValueId } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { simulateStore } from '../../bench/stores.ts'
import type { Encoded } from '../../src/encoding/encoded.ts'
import { threadsOf } from '../../src/encoding/threads.ts'
import { type Budget, createBudget } from '../../src/limits/budget.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import { faultOfWitness } from '../../src/register/replay/replay.ts'
import { decideJoined, decideSources, type Sequentiality } from '../../src/register/sequential/decide.ts'
import { layOutByLot } from '../../src/register/sequential/hopeful.ts'
import { readsFrom } from '../../src/register/sequential/reads-from.ts'
import { createSequentialSearch } from '../../src/register/sequential/search.ts'
import { chooseSources } from '../../src/register/sequential/sources.ts'
import { isSequential, type Reading } from '../brute-force.ts'
import { checkHistory } from '../checking.ts'
import { atLeast, many, manyOf } from '../many.ts'

// Tests the methods for sequential consistency that are otherwise needed only for large histories. The histories are so
// small that another method can usually decide them. The seed changes with each run; a failure reports the seed.

const baseSeed = inject('seed')
const reading: Reading = { initial: null, failedCas: 'drop' }
const stores = ['atomic', 'replicas', 'stale', 'scattered'] as const

const freshBudget = (): Budget =>
  createBudget({ deadlineMs: millis(5_000), memoryBytes: 2e8, now: () => millis(performance.now()) })

/**
 * Decides a history by `decideJoined`, which joins its threads to one or two. Threads whose assumed order causes a
 * contradiction are separated again.
 */
function joined(encoded: Encoded, columns: number): Sequentiality | undefined {
  const facts = readsFrom(encoded)
  if (facts.result !== 'unique') return undefined
  return decideJoined(facts, threadsOf(facts.encoded, true), freshBudget(), columns)
}

const ways: { readonly [name: string]: (encoded: Encoded) => Sequentiality | undefined } = {
  'threads joined into one': (encoded) => joined(encoded, 1),
  'threads joined into two': (encoded) => joined(encoded, 2),
  'sources guessed': (encoded) => decideSources(encoded, false, freshBudget(), 400),
  'sources guessed as the clock allows': (encoded) => decideSources(encoded, true, freshBudget(), 400),
}

interface Part {
  readonly histories: number
  readonly shapeOf: (below: (n: number) => number) => Partial<Shape>
  /** Decides the history by another method; undefined if it cannot. */
  readonly judge: (events: readonly EventInput[], encoded: Encoded, reading: Reading) => boolean | undefined
}

const small: Part = {
  histories: many(5_000),
  shapeOf: (below) => ({ operations: 3 + below(6), values: below(2) === 0 ? 0 : 1 + below(3) }),
  judge: (events, _, reading) => isSequential(smallHistory(events), reading),
}

const medium: Part = {
  histories: many(500),
  shapeOf: (below) => ({
    operations: 15 + below(45),
    keys: 2 + below(2),
    values: below(3) === 0 ? 2 + below(4) : 0,
    unknown: 0.1,
    mutated: below(2) * 0.04,
  }),
  judge: (_, encoded) => {
    const search = createSequentialSearch(encoded, () => null, freshBudget())
    const progress = search.run(20_000)
    search.release()
    return progress === 'met' ? true : progress === 'violated' ? false : undefined
  },
}

/** Exchanges the values of two reads of a key, so that some reads see values written later. */
function tradeReads(events: readonly EventInput[], below: (n: number) => number): readonly EventInput[] {
  const reads = events.filter(({ type, f }) => type === 'ok' && f === 'read')
  const one = reads[below(reads.length)]
  const others = reads.filter(({ key }) => key === one?.key)
  const other = others[below(others.length)]
  if (one?.value === undefined || other?.value === undefined) return events
  const { value } = one
  return events.map((event) =>
    event === one ? { ...one, value: other.value } : event === other ? { ...other, value } : event,
  )
}

test(`sequential searches agree with the definition on ${manyOf(5_000)} histories, and with the search by process on ${manyOf(500)} longer ones`, () => {
  const count = new Map(Object.keys(ways).map((way) => [way, { met: 0, violated: 0 }]))
  for (const { histories, shapeOf, judge } of [small, medium]) {
    for (let n = 0; n < histories; n++) {
      const seed = baseSeed + n
      const random = randomFrom(seed)
      const below = (limit: number): number => Math.floor(random() * limit)
      const shape: Shape = {
        processes: 2 + below(4),
        operations: 8,
        keys: 1 + below(2),
        values: 0,
        cas: false,
        store: stores[below(4)]!,
        unknown: 0.25,
        failed: random() < 0.5 ? 0.15 : 0,
        mutated: [0, 0, 0.35, 0.35, 1][below(5)]!,
        goesOn: random() < 0.2,
        ...shapeOf(below),
      }
      const simulated = randomEvents(shape, random)
      const events = below(3) === 0 ? tradeReads(simulated, below) : simulated
      if (!events.some(({ type }) => type === 'ok')) continue
      // If values repeat, the initial value may be written, too.
      const begun = { ...reading, initial: below(4) === 0 ? 1 : null }
      const { encoded } = encodeRegister(smallHistory(events), begun)
      const expected = judge(events, encoded, begun)
      if (expected === undefined) continue
      for (const [way, decide] of Object.entries(ways)) {
        const answer = decide(encoded)
        if (answer === undefined || answer.result === 'unknown') continue
        count.get(way)![answer.result]++
        const fault =
          answer.result === 'met' ? faultOfWitness(encoded, answer.order, 'process order', () => null) : undefined
        if (fault !== undefined) expect.fail(`seed ${seed}, ${histories} histories: ${way}: ${fault}`)
        if ((answer.result === 'met') !== expected) {
          expect.fail(`seed ${seed}, ${histories} histories: ${way} says ${answer.result}`)
        }
      }
    }
  }
  for (const [way, { met, violated }] of count) {
    expect(met, way).toBeGreaterThan(atLeast(200))
    // This way does not try sources that the clock excludes, so it cannot find a violation.
    if (way !== 'sources guessed as the clock allows') expect(violated, way).toBeGreaterThan(0)
  }
})

test('chooseSources tries every combination of writes for three reads until `confirm` accepts one', () => {
  const op = (process: number, f: 'read' | 'write'): EventInput[] => [
    { process, type: 'invoke', f, value: f === 'read' ? null : 1 },
    { process, type: 'ok', f, value: 1 },
  ]
  const events = [...op(0, 'write'), ...op(1, 'write'), ...op(2, 'read'), ...op(3, 'read'), ...op(4, 'read')]
  const { encoded } = encodeRegister(smallHistory(events), reading)
  const find = (wanted: string) =>
    chooseSources(
      encoded,
      {
        physical: false,
        saturations: 1_000,
        confirm: ({ writerOf }) => (String(writerOf.slice(2)) === wanted ? 'found' : 'violated'),
      },
      freshBudget(),
    )
  for (const one of [0, 1]) {
    for (const other of [0, 1]) for (const third of [0, 1]) expect(find(`${one},${other},${third}`)).toBe('found')
  }
  expect(find('none of them')).toBe('violated')
})

test('an append of unknown outcome explains a failed cas even if the appended value was never read', () => {
  const history = smallHistory([
    { process: 1, type: 'invoke', f: 'append', value: 'x' },
    { process: 2, type: 'invoke', f: 'cas', value: ['', 'y'] },
    { process: 2, type: 'fail', f: 'cas', value: ['', 'y'] },
  ])
  const { encoded } = encodeRegister(history, { initial: '', failedCas: 'observes' })
  const json = (name: number): Json => history.values.json(name as ValueId)
  expect(createSequentialSearch(encoded, json, freshBudget()).run(100)).toBe('met')
})

test('a check of the level sequential stops at its limits of memory and time, and names the limit', () => {
  const run = { store: 'buffered', operations: 10_000, processes: 30, keys: 50, unknown: 0, planted: 'none' } as const
  const of = (values: number) =>
    historyFromEvents(simulateStore({ ...run, values, seed: baseSeed }), { expectedOperations: run.operations })
  const unique = of(0)
  const vectors = 4 * run.operations * run.processes
  const verdict = (history: typeof unique, limits: Parameters<typeof checkHistory>[1]) =>
    checkHistory(history, { levels: ['sequential'], ...limits }).levels.sequential
  const cramped = verdict(unique, { memoryBytes: vectors })
  expect(cramped).toMatchObject({ result: 'unknown', reason: { text: expect.stringContaining('out of memory') } })
  // Each reading of the clock advances it by one millisecond. The check therefore stops only where its code reads the
  // clock.
  let now = 0
  for (const history of [unique, of(5)]) {
    now = 0
    const hurried = verdict(history, { deadlineMs: millis(20), now: () => millis(now++) })
    expect(hurried).toMatchObject({ result: 'unknown', reason: { text: expect.stringContaining('out of time') } })
  }
})

test('a counterexample that depends on an operation of unknown outcome includes a read that shows its effect', () => {
  const op = (process: number, f: 'read' | 'write' | 'cas', value: Json, type: 'ok' | 'info' = 'ok'): EventInput[] => [
    { process, type: 'invoke', f, value: f === 'read' ? null : value },
    { process, type, f, value },
  ]
  const history = smallHistory([
    ...op(1, 'write', 4),
    ...op(2, 'write', 9),
    ...op(1, 'cas', [9, 10], 'info'),
    ...op(2, 'read', 4),
    ...op(3, 'read', 10),
  ])
  const verdict = checkHistory(history, reading).levels.sequential
  if (verdict.result !== 'violated') expect.fail(`it is ${verdict.result}`)
  expect(verdict.counterexample.operations).toEqual([0, 1, 2, 3, 4].map((operation) => ({ operation, role: 'core' })))
})

test('layOutByLot returns only legal orders, and finds an order for over 95% of the small histories with a legal order', () => {
  const share = { found: 0, met: 0 }
  for (let n = 0; n < many(1_500); n++) {
    const random = randomFrom(baseSeed + n)
    const observes = n % 2 === 0
    const shape: Shape = {
      ...{ processes: 3, operations: 4 + (n % 6), keys: 1 + (n % 2), values: 2, cas: true },
      ...{ store: stores[n % stores.length]!, unknown: 0.2, failed: 0.1, mutated: 0.2 },
    }
    const history = smallHistory(randomEvents(shape, random))
    const how: Reading = { initial: null, failedCas: observes ? 'observes' : 'drop' }
    const { encoded, decoder } = encodeRegister(history, how)
    const order = layOutByLot(encoded, freshBudget())
    const truth = isSequential(history, how)
    if (truth) share.met++
    if (order === undefined) continue
    share.found++
    expect(faultOfWitness(encoded, order, 'process order', decoder.value), `seed ${baseSeed + n}`).toBe(undefined)
    expect(truth, `seed ${baseSeed + n}`).toBe(true)
  }
  expect(share.found / share.met).toBeGreaterThan(0.95)
})

test('check decides the level sequential for 80 operations on lagging replicas, with cas and unknown outcomes', () => {
  for (let n = 0; n < 9; n++) {
    const shape: Shape = {
      ...{ processes: 5, operations: 80, keys: 1, values: 5, cas: true, store: 'replicas' },
      ...{ unknown: 0.2, failed: 0, mutated: 0 },
    }
    const history = historyFromEvents(randomEvents(shape, randomFrom(n)))
    const started = performance.now()
    const { levels } = checkHistory(history, { levels: ['sequential'], failedCas: 'observes' })
    expect(levels.sequential.result, `seed ${n}, after ${performance.now() - started} ms`).not.toBe('unknown')
  }
})

test('readsFrom finds a read of a value that nobody wrote, even if the history has a failed cas', () => {
  const events: EventInput[] = [
    { process: 0, type: 'invoke', f: 'cas', value: [1, 2] },
    { process: 0, type: 'fail', f: 'cas', value: [1, 2] },
    { process: 1, type: 'invoke', f: 'read', value: null },
    { process: 1, type: 'ok', f: 'read', value: 9 },
  ]
  const { encoded } = encodeRegister(smallHistory(events), { initial: null, failedCas: 'observes' })
  expect(readsFrom(encoded)).toMatchObject({ result: 'thin air', read: 1 })
})
