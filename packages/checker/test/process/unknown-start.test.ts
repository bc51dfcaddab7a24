import { createOnlineChecker, type Level, levels } from '@chaosproxy/checker'
import type { EventInput } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { implied } from '../../src/levels/levels.ts'
import { forSomeStart, START, settledHistories, withStarts } from '../any-start.ts'
import { isEventual, isLinearizable, isSequential, operationsOf, type Reading } from '../brute-force.ts'
import { checkHistory, onlyRows, resultOf, timeline } from '../checking.ts'
import { atLeast, atMost, many } from '../many.ts'
import { tryAll } from '../weak-brute-force.ts'

// Tests that the verdicts on keys with unknown initial values agree with a search over every initial value. The seed
// changes with each run; a failure reports it.

const baseSeed = inject('seed')
const stores = ['atomic', 'replicas', 'stale', 'scattered'] as const

function shapeOf(random: () => number, over: Partial<Shape> = {}): Shape {
  const below = (n: number): number => Math.floor(random() * n)
  return {
    processes: 2 + below(3),
    operations: 2 + below(6),
    keys: 1 + below(2),
    values: random() < 0.5 ? 0 : 1 + below(4),
    cas: random() < 0.4,
    store: stores[below(stores.length)]!,
    unknown: random() < 0.5 ? 0.25 : 0,
    failed: random() < 0.4 ? 0.15 : 0,
    mutated: random() < 0.6 ? 0.3 : 0,
    finals: random() < 0.4,
    ...over,
  }
}

const makeEvents = (random: () => number, over: Partial<Shape> = {}): EventInput[] =>
  withStarts(randomEvents(shapeOf(random, over), random), random)

const resultText = (answer: boolean | undefined): string =>
  answer === undefined ? 'unknown' : answer ? 'met' : 'violated'

const checkUnknown = (
  events: readonly EventInput[],
  requested: readonly Level[],
  failedCas: Reading['failedCas'] = 'drop',
) => checkHistory(smallHistory(events), { initial: 'unknown', levels: requested, failedCas })

describe('check with unknown initial values', () => {
  test(`linearizable and sequential with an unknown start agree with a search over every start (seed ${baseSeed})`, () => {
    let unknown = 0
    const results = { met: 0, violated: 0 }
    for (let n = 0; n < many(2_000); n++) {
      const random = randomFrom(baseSeed + n)
      const events = makeEvents(random)
      const failedCas = random() < 0.5 ? 'drop' : 'observes'
      const reading: Reading = { initial: START, failedCas }
      const report = checkUnknown(events, ['linearizable', 'sequential'], failedCas)
      const name = `seed ${baseSeed + n}: ${JSON.stringify(events)}`
      const linearizable = forSomeStart(events, (history) => isLinearizable(history, reading))
      expect(resultOf(report, 'linearizable'), name).toBe(resultText(linearizable))
      const sequential = linearizable || forSomeStart(events, (history) => isSequential(history, reading))
      if (resultOf(report, 'sequential') === 'unknown') unknown++
      else expect(resultOf(report, 'sequential'), name).toBe(resultText(sequential))
      results[linearizable ? 'met' : 'violated']++
    }
    expect(unknown).toBeLessThan(atMost(5))
    expect(Math.min(results.met, results.violated)).toBeGreaterThan(atLeast(100))
  })

  test(`levels between sequential and eventual agree with a search over every initial value (seed ${baseSeed})`, () => {
    let unknown = 0
    for (let n = 0; n < many(600); n++) {
      const random = randomFrom(baseSeed + n)
      const events = makeEvents(random, { cas: false, finals: false, operations: 2 + Math.floor(random() * 5) })
      const weak = levels.filter((level) => !['linearizable', 'sequential', 'eventual', 'convergent'].includes(level))
      const report = checkUnknown(events, weak)
      const tried = [...settledHistories(events)].map((history) =>
        tryAll(operationsOf(history, { initial: START, failedCas: 'drop' }), START),
      )
      for (const level of weak) {
        const answers = tried.map((each) => each[level as keyof typeof each])
        const expected = answers.includes(true) ? 'met' : answers.includes(undefined) ? undefined : 'violated'
        const result = resultOf(report, level)
        if (result === 'unknown') unknown++
        else if (expected !== undefined) {
          expect(result, `${level}, seed ${baseSeed + n}: ${JSON.stringify(events)}`).toBe(expected)
        }
      }
    }
    expect(unknown).toBeLessThan(atMost(30))
  })

  test(`eventual with an unknown initial value agrees with a search over every initial value (seed ${baseSeed})`, () => {
    for (let n = 0; n < many(1_000); n++) {
      const random = randomFrom(baseSeed + n)
      const events = makeEvents(random, { finals: true })
      const report = checkUnknown(events, ['eventual'])
      const reading: Reading = { initial: START, failedCas: 'drop' }
      const answers = [...settledHistories(events)].map((history) => isEventual(history, reading))
      const known = answers.includes(true) ? true : answers.includes(undefined) ? undefined : false
      const expected = known === false ? forSomeStart(events, (history) => isLinearizable(history, reading)) : known
      expect(resultOf(report, 'eventual'), `seed ${baseSeed + n}: ${JSON.stringify(events)}`).toBe(resultText(expected))
    }
  })

  test(`with an unknown initial value, met levels imply weaker ones, and no counterexample meets its level (seed ${baseSeed})`, () => {
    for (let n = 0; n < many(300); n++) {
      const random = randomFrom(baseSeed + n)
      const events = makeEvents(random, { operations: 4 + Math.floor(random() * 16), finals: false })
      const history = smallHistory(events)
      const report = checkUnknown(events, levels)
      for (const level of levels) {
        const verdict = report.levels[level]
        const name = `${level}, seed ${baseSeed + n}: ${JSON.stringify(events)}`
        for (const weaker of implied[level]) {
          if (weaker === 'eventual') continue
          if (verdict.result === 'met') expect(resultOf(report, weaker), name).toBe('met')
          if (resultOf(report, weaker) === 'violated') expect(verdict.result, name).toBe('violated')
        }
        if (verdict.result !== 'violated' || level === 'eventual') continue
        const rows = verdict.counterexample.operations.map(({ operation }) => operation)
        const alone = checkUnknown(onlyRows(events, history, rows), [level])
        // The search for the sources of reads of repeated values is limited, so the other levels may be unknown.
        if (level === 'linearizable' || level === 'sequential') expect(resultOf(alone, level), name).toBe('violated')
        else expect(resultOf(alone, level), name).not.toBe('met')
      }
    }
  })

  test(`a read may return an unknown initial text followed by appended pieces (seed ${baseSeed})`, () => {
    const results = { met: 0, violated: 0, unknown: 0 }
    for (let n = 0; n < many(500); n++) {
      const random = randomFrom(baseSeed + n)
      const before = ['p', 'v1 ', '', 'v2 q'][Math.floor(random() * 4)]!
      const shape = shapeOf(random, { append: true, cas: false, keys: 1, finals: false, mutated: 0.1 })
      const events = randomEvents(shape, random)
      // Prepends the initial text to the result of each read that returned before the first put did.
      const put = events.findIndex(({ f, type }) => f === 'write' && type === 'ok')
      const numbered = events.map((event, at) =>
        event.f === 'read' && event.type === 'ok' && (put === -1 || at < put)
          ? { ...event, value: `${before}${event.value ?? ''}` }
          : {
              ...event,
              value: event.f === 'read' && event.type === 'ok' ? (event.value ?? '') : (event.value ?? null),
            },
      )
      const report = checkUnknown(numbered, ['linearizable', 'sequential'])
      const history = smallHistory(numbered)
      const starts = new Set(['', 'nothing like it'])
      for (const { f, type, value } of numbered) {
        if (f !== 'read' || type !== 'ok' || typeof value !== 'string') continue
        for (let end = 1; end <= value.length; end++) starts.add(value.slice(0, end))
      }
      const holds = (judge: typeof isLinearizable): boolean =>
        [...starts].some((initial) => judge(history, { initial, failedCas: 'drop' }))
      const name = `seed ${baseSeed + n}: ${JSON.stringify(numbered)}`
      const linearizable = holds(isLinearizable)
      expect(resultOf(report, 'linearizable'), name).toBe(resultText(linearizable))
      results[resultOf(report, 'sequential')]++
      if (resultOf(report, 'sequential') === 'unknown') continue
      expect(resultOf(report, 'sequential'), name).toBe(resultText(linearizable || holds(isSequential)))
    }
    expect(results.unknown).toBeLessThan(atMost(40))
  })

  test.each([
    { rows: ['r3|', '    r3|'], result: 'met', what: 'a value that nobody wrote, again and again' },
    { rows: ['r3|', '    r4|'], result: 'violated', what: 'two values that nobody wrote' },
    { rows: ['r|', '   w1| r1|'], result: 'met', what: 'nothing, and then what was written' },
    { rows: ['w1|', '    r3|'], result: 'violated', what: 'what was there, after it was overwritten' },
    { rows: ['w1|', '    r|'], result: 'violated', what: 'nothing, after a write' },
    { rows: ['r3| w3|', '       r3|'], result: 'met', what: 'a value before it was written' },
    { rows: ['c37|', '     r7|'], result: 'met', what: 'the value that a cas left' },
    { rows: ['c37|', '     c38|'], result: 'violated', what: 'a value that two cas replaced' },
    { rows: ['c37?', '     r7|'], result: 'met', what: 'the value that a cas of unknown outcome left' },
  ] as const)(
    'linearizability with an unknown initial value is $result if processes read $what',
    ({ rows, result }) => {
      expect(resultOf(checkUnknown(timeline(...rows), ['linearizable']), 'linearizable')).toBe(result)
    },
  )

  test.each([
    {
      rows: ['rx3|', '     rx7|'],
      words: /read 7 .*but nobody ever wrote 7, and it was 3 that was there at the start: process 0 read 3/,
    },
    {
      rows: ['wx1|', '     rx7|'],
      words:
        /nobody ever wrote 7, and what was there at the start had been overwritten: process 0's write of 1 was acknowledged/,
    },
    {
      rows: ['rx3|', '     rx7| ', '         wx7|'],
      words: /read 7 .*before process 2's write of 7 to x was called, and it was 3 that was there/,
    },
  ])('the sentence of a violation with an unknown initial value matches $words', ({ rows, words }) => {
    const { linearizable } = checkUnknown(timeline(...rows), ['linearizable']).levels
    if (linearizable.result !== 'violated') expect.fail(linearizable.result)
    expect(linearizable.counterexample.sentence).toMatch(words)
    // The counterexample contains exactly the operations that the sentence names.
    expect(linearizable.counterexample.operations).toHaveLength(rows.length)
  })
})

test('monotonic-reads allows a client to read an unknown initial value even after its own write', () => {
  const { levels: verdicts } = checkUnknown(timeline('w1| r7| r8| r7|', '  w7| w8|'), levels)
  expect(verdicts['monotonic-reads'].result).toBe('met')
})

test('counterexamples of sequential and pram name the initial value that a read returned', () => {
  const { sequential, pram } = checkUnknown(timeline('rx3|', '     rx7|'), levels).levels
  for (const verdict of [sequential, pram]) {
    if (verdict.result !== 'violated') expect.fail(verdict.result)
    expect(verdict.counterexample.sentence).toMatch(
      /read [37] .*but no write that could have taken effect wrote [37], and it was [37] that was there at the start: process/,
    )
  }
})

describe('the online checker with unknown initial values', () => {
  const reading: Reading = { initial: START, failedCas: 'drop' }
  const watch = (events: readonly EventInput[]) => {
    const checker = createOnlineChecker({ model: 'register', initial: 'unknown', failedCas: 'drop' })
    for (const event of events) if (checker.push(event) !== undefined) break
    return checker
  }

  test(`the online checker reports a violation only if no initial value explains the history (seed ${baseSeed})`, () => {
    const count = { linearizable: 0, 'not linearizable': 0, 'not certain': 0 }
    for (let n = 0; n < many(2_000); n++) {
      const random = randomFrom(baseSeed + n)
      const events = makeEvents(random, { values: random() < 0.7 ? 0 : 3, finals: false })
      const checker = watch(events)
      const soFar = checker.soFar()
      count[soFar as keyof typeof count]++
      const at = checker.violation()?.position
      const some = at === undefined ? events : events.slice(0, at + 1)
      const name = `seed ${baseSeed + n}: ${JSON.stringify(some)}`
      if (soFar === 'not certain') continue
      const truth = forSomeStart(some, (history) => isLinearizable(history, reading))
      if (soFar === 'not linearizable') expect(truth, name).toBe(false)
      // While operations are open, the online checker may wait for their answers.
      else if (events.filter(({ type }) => type === 'invoke').length * 2 === events.length)
        expect(truth, name).toBe(true)
    }
    expect(count['not linearizable']).toBeGreaterThan(atLeast(100))
    expect(count['not certain']).toBeLessThan(atMost(600))
  })

  test('the online checker is uncertain about a key if the recorder reports an unrecorded request for the key', () => {
    const touched: EventInput = { process: 'recorder', type: 'info', f: 'touched', value: { what: 'EVAL' } }
    const stale = timeline('w1| w2|', '        r1|')
    expect(watch(stale).soFar()).toBe('not linearizable')
    expect(watch([touched, ...stale]).soFar()).toBe('not certain')
  })
})

test('an unknown initial text explains a first read of any text, but not a later read of null', () => {
  const events = (output: string | null): EventInput[] => [
    { process: 0, type: 'invoke', f: 'append', value: '' },
    { process: 0, type: 'ok', f: 'append', value: '' },
    { process: 0, type: 'invoke', f: 'get', value: null },
    { process: 0, type: 'ok', f: 'get', value: output },
  ]
  const judge = (some: readonly EventInput[]): string =>
    resultOf(checkHistory(smallHistory(some), { initial: 'unknown', levels: ['linearizable'] }), 'linearizable')
  expect(judge(events(null))).toBe('met')
  expect(judge(events(''))).toBe('met')
  expect(judge(events('a'))).toBe('met')
  expect(judge([...events('a'), ...events(null)])).toBe('violated')
})
