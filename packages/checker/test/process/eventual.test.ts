import type { Report } from '@chaosproxy/checker'
import { type EventInput, type History, historyFromEvents, type Json } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { isEventual, isLinearizable, MOST_OPERATIONS, type Op, operationsOf, type Reading } from '../brute-force.ts'
import { checkHistory, onlyRows, timeline } from '../checking.ts'
import { atLeast, many, manyOf } from '../many.ts'

const baseSeed = inject('seed')
const stores = ['atomic', 'replicas', 'stale', 'scattered'] as const

const judge = (history: History, reading: Reading): Report =>
  checkHistory(history, { ...reading, levels: ['eventual'] })

function shapeFrom(random: () => number): Shape {
  const below = (n: number): number => Math.floor(random() * n)
  return {
    processes: 2 + below(3),
    operations: 2 + below(random() < 0.2 ? 40 : 7),
    keys: 1 + below(2),
    values: random() < 0.5 ? 0 : 2 + below(3),
    cas: random() < 0.4,
    store: stores[below(stores.length)]!,
    unknown: random() < 0.5 ? 0.25 : 0,
    failed: random() < 0.5 ? 0.25 : 0,
    mutated: 0,
    finals: random() < 0.95,
  }
}

/**
 * Changes some final reads. A changed read returns a value that some operation tried to write, returns a value that no
 * operation wrote, fails, or stays open.
 */
function disturbed(events: readonly EventInput[], random: () => number): EventInput[] {
  const tried = events.filter(({ type, f }) => type === 'invoke' && f === 'write').map(({ value }) => value ?? null)
  const finals = new Set<EventInput['process']>()
  return events.flatMap((event): EventInput[] => {
    if (event.final === true) finals.add(event.process)
    if (!finals.has(event.process) || event.type !== 'ok') return [event]
    const r = random()
    if (r < 0.06) return [{ ...event, type: r < 0.02 ? 'fail' : 'info', value: null }]
    if (r < 0.08) return []
    if (r < 0.18)
      return [{ ...event, value: random() < 0.2 ? 99 : (tried[Math.floor(random() * tried.length)] ?? null) }]
    return [event]
  })
}

/**
 * Returns the key and the value of each lost write, by definition. A write is lost if it was acknowledged, no replica
 * has its value, and it was called after every writer of a remaining value had returned.
 */
function lostByDefinition(history: History, reading: Reading): string[] {
  const ops = operationsOf(history, reading)
  const known = (json: Json | undefined): Json => json ?? reading.initial
  const written = (op: Op): Json | undefined => {
    if (op.f === 'read' || op.observesFailure) return undefined
    if (op.f !== 'cas') return known(op.input)
    const [from, to] = op.input as [Json, Json]
    return known(from) === known(to) ? undefined : known(to)
  }
  const lost: string[] = []
  for (const key of new Set(ops.map((op) => op.key))) {
    const reads = ops.filter((op) => op.key === key && op.final && op.f === 'read')
    if (reads.length === 0) continue
    const writes = ops.filter((op) => op.key === key && written(op) !== undefined)
    const acknowledged = writes.filter((op) => op.completed)
    const left = new Set(reads.map((read) => known(read.output)))
    for (const write of acknowledged.filter((op) => reads.every((read) => op.return < read.call))) {
      const remembered = writes.some((op) => left.has(written(op)!) && op.return >= write.call)
      const overwritten = acknowledged.some((op) => op.call > write.return)
      if (!remembered && !overwritten) lost.push(`${key}=${JSON.stringify(written(write))}@${write.row}`)
    }
  }
  return lost.sort()
}

/**
 * Reports whether the history is linearizable. A linearizable history may be eventual even if its final reads differ: a
 * write of unknown outcome then took effect between them.
 */
const isOrdered = (history: History, reading: Reading): boolean =>
  operationsOf(history, reading).length <= MOST_OPERATIONS
    ? isLinearizable(history, reading)
    : checkHistory(history, { ...reading, levels: ['linearizable'] }).levels.linearizable.result === 'met'

const isReadFinally = (history: History, reading: Reading): boolean => {
  const ops = operationsOf(history, reading)
  const finals = ops.filter((op) => op.final && op.f === 'read' && op.completed)
  return ops.every(({ key }) => finals.some((read) => read.key === key))
}

test(`on ${manyOf(10_500)} random histories, the verdict on eventual and the lost writes agree with their definitions, and counterexamples are minimal`, () => {
  const count = { met: 0, violated: 0, unknown: 0, lost: 0 }
  for (let n = 0; n < many(10_500); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const events = disturbed(randomEvents(shapeFrom(random), random), random)
    const history = smallHistory(events)
    const reading: Reading = { initial: null, failedCas: random() < 0.7 ? 'drop' : 'observes' }
    const report = judge(history, reading)
    const verdict = report.levels.eventual
    const where = (): string => `seed ${seed}\n${events.map((event) => JSON.stringify(event)).join('\n')}\n`
    const isExcused = isEventual(history, reading) === false && isOrdered(history, reading)
    const expected = isExcused ? isReadFinally(history, reading) || undefined : isEventual(history, reading)
    const result = expected === undefined ? 'unknown' : expected ? 'met' : 'violated'
    if (verdict.result !== result) expect.fail(`${where()}is ${result}, not ${verdict.result}`)
    count[verdict.result]++
    const lost = report.lost
      .map(({ key, value, operation }) => `${key ?? ''}=${JSON.stringify(value)}@${operation}`)
      .sort()
    const isLost = isExcused ? [] : lostByDefinition(history, reading)
    if (lost.join() !== isLost.join()) expect.fail(`${where()}lost: ${lost}, but by definition ${isLost}`)
    if (lost.length > 0) count.lost++
    if (verdict.result !== 'violated') continue
    const fault = faultOfCounterexample(verdict.counterexample.operations, events, history, reading)
    if (fault !== undefined) expect.fail(`${where()}${verdict.counterexample.sentence}\n${fault}`)
  }
  for (const result of ['met', 'violated', 'unknown', 'lost'] as const) {
    expect(count[result], JSON.stringify(count)).toBeGreaterThan(atLeast(500))
  }
})

/**
 * Checks a counterexample, which consists of a core and its context. The core must violate the level both with the
 * context and without it. If any one operation is removed from the core, the original violation must disappear.
 */
function faultOfCounterexample(
  operations: readonly { readonly operation: number; readonly role: 'core' | 'context' }[],
  events: readonly EventInput[],
  history: History,
  reading: Reading,
): string | undefined {
  const holds = (rows: readonly number[]): boolean | undefined =>
    isEventual(smallHistory(onlyRows(events, history, rows)), reading)
  const all = operations.map(({ operation }) => operation)
  const core = operations.filter(({ role }) => role === 'core').map(({ operation }) => operation)
  if (holds(all) !== false) return 'it is none by itself'
  if (holds(core) !== false) return 'its core is none by itself'
  if (core.length > 3) return 'its core is too large'
  const ops = operationsOf(history, reading)
  const writes = (op: Op, value: Json): boolean =>
    op.f !== 'read' && (op.f === 'cas' ? (op.input as Json[])[1] : op.input) === value
  for (const row of core) {
    const fewer = core.filter((each) => each !== row)
    // If all writers of a read's value were left out, the read contradicts the rest. This is a new contradiction.
    const bereft = ops.some(
      (read) =>
        read.f === 'read' &&
        fewer.includes(read.row) &&
        ops.some((op) => writes(op, read.output)) &&
        !ops.some((op) => writes(op, read.output) && fewer.includes(op.row)),
    )
    if (!bereft && holds(fewer) === false) return `it does not need operation ${row}`
  }
  return undefined
}

const drop: Reading = { initial: null, failedCas: 'drop' }
const reported = (...rows: readonly string[]): Report => judge(smallHistory(timeline(...rows)), drop)

function sentenceOf(...rows: readonly string[]): string | undefined {
  const { eventual } = reported(...rows).levels
  return eventual.result === 'violated' ? eventual.counterexample.sentence : undefined
}

test('the sentence about a violation of eventual names the nodes whose final reads differ', () => {
  expect(sentenceOf('w1-| w2-|', '          fr1|', '          fr2|')).toBe(
    'The final reads disagreed: n2 read 1, but n3 read 2.',
  )
  expect(sentenceOf('w1-| w2-|', '          fr2|', '          fr2|')).toBeUndefined()
})

test('eventual reports an acknowledged write as lost if a final read returns an older value', () => {
  const report = reported('w1-|', '      w2-|', '            fr1|')
  expect(report.lost).toEqual([{ key: undefined, value: 2, operation: 1 }])
  expect(sentenceOf('w1-|', '      w2-|', '            fr1|')).toBe(
    "Process 1's write of 2 was acknowledged by n2 at 0.009 s, but at the end n3 read 1, whose write had returned 3.0 ms before the later write was called.",
  )
})

test('a final read may return either of two overlapping writes', () => {
  expect(sentenceOf('w1----|', '   w2----|', '             fr1|')).toBeUndefined()
  expect(sentenceOf('w1----|', '   w2----|', '             fr2|')).toBeUndefined()
})

test('a final read may return a write of unknown outcome', () => {
  expect(sentenceOf('w1-?', '      w2-|', '            fr1|')).toBeUndefined()
})

test('eventual is met despite different final reads if a linearizable order explains these reads', () => {
  const apart = ['wx1-|', '      wx2-?', '            frx1|', '                 frx2|']
  const ordered = { ...drop, levels: ['linearizable', 'eventual', 'convergent'] } as const
  for (const [rows, result] of [
    [apart, 'met'],
    [[...apart, '      wy1-|'], 'unknown'],
  ] as const) {
    const { levels } = checkHistory(smallHistory(timeline(...rows)), ordered)
    expect([levels.linearizable.result, levels.eventual.result, levels.convergent.result]).toEqual([
      'met',
      result,
      result,
    ])
  }
})

test('a final read of a failed write violates eventual, and the acknowledged writes that followed the failed write count as lost', () => {
  expect(sentenceOf('w1-x', '      w2-|', '            fr1|')).toBe(
    'At the end, n3 read 1, which only process 0 had tried to write, and that write certainly failed.',
  )
  expect(reported('w1-x', '      w2-|', '            fr1|').lost).toMatchObject([{ value: 2 }])
  expect(reported('      w1-x', 'w2-|', '            fr1|').lost).toEqual([])
  expect(sentenceOf('      w2-|', '            fr3|')).toBe(
    'At the end, n2 read 3, though no write of this value can have taken effect.',
  )
})

test('a final read may return the initial value only if no acknowledged write changed the key', () => {
  expect(sentenceOf('w1-x', '      fr|')).toBeUndefined()
  expect(sentenceOf('w1-|', '      fr|')).toContain(
    "Process 0's write of 1 was acknowledged by n1 at 0.003 s, but at the end",
  )
})

test('eventual requires that a final text ends with the appended pieces, which may be in any order', () => {
  type Step = readonly [f: 'write' | 'append' | 'read', value: string]
  const left = (...steps: readonly Step[]) => {
    const events = steps.flatMap(([f, value], process): EventInput[] => [
      { process, type: 'invoke', f, value: f === 'read' ? null : value, final: f === 'read' },
      { process, type: 'ok', f, value },
    ])
    const { levels, lost } = judge(smallHistory(events), { initial: '', failedCas: 'drop' })
    return [levels.eventual.result, lost.map(({ value }) => value)]
  }
  expect(left(['append', 'b'], ['read', 'zb'])).toEqual(['met', []])
  expect(left(['append', 'b'], ['read', 'bz'])).toEqual(['violated', []])
  expect(left(['append', 'a'], ['append', 'b'], ['read', 'ba'])).toEqual(['met', []])
  expect(left(['append', 'a'], ['append', 'x'], ['write', 'x'], ['read', 'ax'])).toEqual(['violated', ['x']])
  expect(left(['write', 'w'], ['append', 'a'], ['append', 'b'], ['read', 'w'])).toEqual(['violated', ['a', 'b']])
  expect(left(['append', 'a'], ['append', 'b'], ['read', 'b'])).toEqual(['violated', ['a']])
  expect(left(['append', 'a'], ['write', 'w'], ['append', 'b'], ['read', 'wb'])).toEqual(['met', []])
  expect(left(['write', 'w'], ['append', 'a'], ['append', 'b'], ['read', 'wb'])).toEqual(['violated', ['a']])
})

test('a final read may lack an append that was not yet acknowledged when the read began', () => {
  const step = (process: number, type: 'invoke' | 'ok', f: string, value: string | null): EventInput => ({
    ...{ process, type, f, value },
    ...(f === 'read' && type === 'invoke' ? { final: true } : {}),
  })
  const events = [
    step(0, 'invoke', 'append', 'a'),
    step(1, 'invoke', 'append', 'b'),
    step(0, 'ok', 'append', 'a'),
    step(2, 'invoke', 'read', null),
    step(2, 'ok', 'read', 'a'),
    step(1, 'ok', 'append', 'b'),
  ]
  const { levels, lost } = judge(smallHistory(events), { initial: '', failedCas: 'drop' })
  expect([levels.eventual.result, lost]).toEqual(['met', []])
})

test('eventual judges 100,000 different final reads without comparing every pair', () => {
  const all = Array.from({ length: 100_000 }, (_, i) => i)
  const writes = all.flatMap((i): EventInput[] => [
    { process: i, type: 'invoke', f: 'write', value: i },
    { process: i, type: 'ok', f: 'write', value: i },
  ])
  const reads = all.flatMap((i): EventInput[] => [
    { process: i, type: 'invoke', f: 'read', value: null, final: true },
    { process: i, type: 'ok', f: 'read', value: i },
  ])
  const history = historyFromEvents([...writes, ...reads])
  const begun = performance.now()
  expect(judge(history, drop).levels.eventual.result).toBe('violated')
  // A check that compares every pair would take far longer.
  expect(performance.now() - begun).toBeLessThan(60_000)
})

test('every linearizable history of appends to a text meets eventual', () => {
  let linearizable = 0
  for (let n = 0; n < many(600); n++) {
    const random = randomFrom(baseSeed + n)
    const shape = { ...shapeFrom(random), cas: false, store: 'atomic', append: true, finals: true } as const
    const history = smallHistory(randomEvents(shape, random))
    const { levels } = checkHistory(history, {
      ...{ initial: '', failedCas: 'drop' },
      levels: ['linearizable', 'eventual'],
    })
    if (levels.linearizable.result !== 'met') continue
    linearizable++
    expect(levels.eventual.result, `seed ${baseSeed + n}`).toBe('met')
  }
  expect(linearizable).toBeGreaterThan(atLeast(100))
})
