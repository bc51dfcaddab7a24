import { type CheckOptions, check, type Level, levels, type ModelName, type Report } from '@chaosproxy/checker'
import { type EventInput, type History, historyFromEvents, type Json, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { onlyRows } from '../checking.ts'
import { many } from '../many.ts'

// If the time runs out after the checker has found a violation, it reports a counterexample with few operations, and
// states which work it did not do.

type Step = readonly [process: number, f: string, input: Json, output: Json, key?: string]

/** Operations one after another, without duration. */
const eventsOf = (steps: readonly Step[]): EventInput[] =>
  steps.flatMap(([process, f, input, output, key]) => {
    const common = { process, f, ...(key === undefined ? {} : { key }) }
    return [
      { ...common, type: 'invoke' as const, value: input },
      { ...common, type: 'ok' as const, value: output },
    ]
  })

const write = (process: number, key: string, value: number): Step => [process, 'write', value, value, key]
const read = (process: number, key: string, value: number | null): Step => [process, 'read', null, value, key]

/** Each step is a process and its operation: `wx1` or `rx1` (`rx` reads the initial value). */
const planted = (...texts: readonly (readonly [process: number, text: string])[]): Step[] =>
  texts.map(([process, text]) => {
    const value = text.length > 2 ? Number(text.slice(2)) : null
    return text.startsWith('w') ? write(process, `p${text[1]}`, value ?? 0) : read(process, `p${text[1]}`, value)
  })

/** The smallest violation of each level. It meets the weaker levels, if there are any. */
const violations: { readonly [level in Level]?: readonly Step[] } = {
  linearizable: planted([1, 'wx1'], [1, 'wx2'], [2, 'rx1']),
  sequential: planted([1, 'wx1'], [2, 'wy1'], [1, 'ry'], [2, 'rx']),
  causal: planted([1, 'wx1'], [1, 'wx2'], [2, 'rx2'], [2, 'wy1'], [3, 'ry1'], [3, 'rx1']),
  'causal-memory': planted([2, 'wx2'], [2, 'rz'], [1, 'wz1'], [1, 'wx1'], [1, 'wy1'], [2, 'ry1'], [2, 'rx2']),
  'causal-convergence': planted([1, 'wx1'], [2, 'wx2'], [1, 'rx2'], [2, 'rx1']),
  pram: planted([1, 'wx1'], [1, 'wx2'], [2, 'rx2'], [2, 'rx1']),
  session: planted([1, 'wx1'], [1, 'wy1'], [2, 'ry1'], [2, 'rx']),
  'read-your-writes': planted([1, 'wx1'], [1, 'rx']),
  'monotonic-reads': planted([1, 'wx1'], [2, 'wx2'], [3, 'rx1'], [3, 'rx2'], [3, 'rx1']),
  'monotonic-writes': planted([1, 'rx7']),
  'writes-follow-reads': planted([1, 'rx1'], [1, 'wy1'], [2, 'ry1'], [2, 'wx1']),
}

/** Surrounds a violation with correct operations of other processes on other keys. */
function amid(steps: readonly Step[], operations: number): EventInput[] {
  const others: Step[] = []
  const held = new Map<string, number>()
  for (let n = 0; n < operations; n++) {
    const key = `k${n % 3}`
    const process = 10 + (n % 5)
    if (n % 2 === 0) held.set(key, n + 1)
    others.push(n % 2 === 0 ? write(process, key, n + 1) : read(process, key, held.get(key) ?? null))
  }
  const half = operations >> 1
  return eventsOf([...others.slice(0, half), ...steps, ...others.slice(half)])
}

interface Hurried {
  readonly report: Report
  readonly looks: number
}

/** Checks with a clock that does not advance for a number of readings, and is past the deadline from then on. */
function hurried(
  history: History,
  options: Pick<CheckOptions, 'model' | 'initial' | 'levels'>,
  looks: number,
): Hurried {
  let seen = 0
  const report = check(history, {
    ...options,
    failedCas: 'drop',
    deadlineMs: millis(1_000),
    memoryBytes: 2e9,
    now: () => millis(seen++ < looks ? 0 : 1e9),
  })
  return { report, looks: seen }
}

const patient = (history: History, options: Pick<CheckOptions, 'model' | 'initial' | 'levels'>): Report =>
  hurried(history, options, Number.POSITIVE_INFINITY).report

/**
 * Checks the history repeatedly, each time with a later deadline. If a check reports the violation despite its
 * deadline, the counterexample must consist of few operations.
 */
function expectReduced(
  events: readonly EventInput[],
  options: Pick<CheckOptions, 'model' | 'initial' | 'levels'>,
  level: Level,
  moments: number,
  isPlanted?: (history: History, row: number) => boolean,
): void {
  const history = historyFromEvents(events)
  const { report, looks } = hurried(history, options, Number.POSITIVE_INFINITY)
  const whole = report.levels[level]
  if (whole.result !== 'violated') throw new Error(`${level} is ${whole.result}`)
  let reduced = 0
  for (let moment = 0; moment <= moments; moment++) {
    const verdict = hurried(history, options, Math.round((looks * moment) / moments)).report.levels[level]
    if (verdict.result !== 'violated') {
      expect(verdict.result).toBe('unknown')
      continue
    }
    reduced++
    const { operations, uncut } = verdict.counterexample
    expect(operations.length).toBeLessThanOrEqual(200)
    expect(operations.length).toBeGreaterThan(0)
    const alone = historyFromEvents(
      onlyRows(
        events,
        history,
        operations.map(({ operation }) => operation),
      ),
    )
    if (uncut?.standsAlone !== false) expect(patient(alone, options).levels[level].result).toBe('violated')
    if (uncut === undefined) expect(operations.length).toBeLessThanOrEqual(whole.counterexample.operations.length)
    if (isPlanted !== undefined) expect(operations.some(({ operation }) => isPlanted(history, operation))).toBe(true)
    if (uncut !== undefined) expect(uncut.among).toBeLessThanOrEqual(history.operations.length)
  }
  expect(reduced).toBeGreaterThan(0)
}

/** The number of operations around a violation: so many that a random choice rarely contains the violation. */
const LONG = Math.min(24_000, many(80_000))

describe('the counterexample of a register', () => {
  const isPlanted = ({ keys, operations }: History, row: number): boolean =>
    keys[operations.key[row] ?? -1]?.startsWith('p') === true

  test.each(Object.keys(violations) as Level[])(
    'the counterexample of %s has few operations even if the deadline passes soon after the violation',
    (level) => {
      const events = amid(violations[level] ?? [], 600)
      expectReduced(events, { model: 'register', initial: null, levels: [level] }, level, many(12), isPlanted)
      expectReduced(events, { model: 'register', initial: null, levels: [...levels] }, level, many(8), isPlanted)
    },
  )

  test.each(Object.keys(violations) as Level[])(
    'the counterexample of a planted violation of %s has only planted operations, even in a long history',
    (level) => {
      const events = amid(violations[level] ?? [], LONG)
      const history = historyFromEvents(events)
      const { report } = hurried(
        history,
        { model: 'register', initial: null, levels: [level] },
        Number.POSITIVE_INFINITY,
      )
      const verdict = report.levels[level]
      if (verdict.result !== 'violated') throw new Error(`${level} is ${verdict.result}`)
      const { operations, uncut } = verdict.counterexample
      expect(uncut).toBe(undefined)
      const rows = operations.map(({ operation }) => operation)
      expect(rows.every((row) => isPlanted(history, row))).toBe(true)
      const short = patient(historyFromEvents(eventsOf(violations[level] ?? [])), {
        model: 'register',
        initial: null,
        levels: [level],
      }).levels[level]
      expect(rows.length).toBe(short.result === 'violated' ? short.counterexample.operations.length : 0)
    },
  )

  test('the counterexample of a stale read has only the read and its two writes, even in a long history', () => {
    const others: Step[] = Array.from({ length: 12_000 }, (_, n) =>
      n % 2 === 0 ? write(n % 5, 'x', n) : read(n % 5, 'x', n - 1),
    )
    // These reads return a value that was written long before the stale read.
    const quiet: Step[] = Array.from({ length: 300 }, (_, n) => read(n % 5, 'x', 50_001))
    const stale = [write(7, 'x', 50_002), write(7, 'x', 50_003), read(8, 'x', 50_002)]
    const history = historyFromEvents(eventsOf([...others, write(6, 'x', 50_001), ...quiet, ...stale]))
    const { linearizable } = patient(history, { model: 'register', initial: null, levels: ['linearizable'] }).levels
    if (linearizable.result !== 'violated') throw new Error(`linearizable is ${linearizable.result}`)
    expect(linearizable.counterexample.uncut).toBe(undefined)
    expect(linearizable.counterexample.operations.map(({ operation }) => operation)).toEqual([12_301, 12_302, 12_303])
  })

  test('the counterexample of a register has few operations even with repeated values, cas or appends', () => {
    const repeated: Step[] = Array.from({ length: 240 }, (_, n) => [
      n % 4,
      n % 2 === 0 ? 'write' : 'read',
      n % 2 === 0 ? (n >> 1) % 3 : null,
      (n >> 1) % 3,
    ])
    const register = { model: 'register', initial: null, levels: ['linearizable'] } as const
    expectReduced(eventsOf([...repeated, [7, 'read', null, 0], ...repeated]), register, 'linearizable', many(8))
    const chain: Step[] = Array.from({ length: 240 }, (_, n) => [
      n % 4,
      'cas',
      [n === 0 ? null : n, n + 1],
      [n === 0 ? null : n, n + 1],
    ])
    expectReduced(eventsOf([...chain, [7, 'read', null, 120]]), register, 'linearizable', many(8))
    const text = (end: number): string => Array.from({ length: end }, (_, n) => `${n} `).join('')
    const appended: Step[] = Array.from({ length: 40 }, (_, n) => [n % 4, 'append', `${n} `, `${n} `])
    expectReduced(eventsOf([...appended, [7, 'read', null, text(20)]]), register, 'linearizable', many(8))
  })
})

interface Object {
  readonly initial?: Json
  readonly steps: (n: number) => readonly Step[]
  readonly planted: (n: number) => readonly Step[]
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** By model: `steps` returns n correct operations. `planted` returns operations that then violate linearizability. */
const objects: { readonly [model in Exclude<ModelName, 'register' | 'multi-register'>]: Object } = {
  counter: { steps: (n) => upTo(n).map((i) => [i % 3, 'add', 1, 1]), planted: (n) => [[7, 'read', null, n - 1]] },
  set: { steps: (n) => upTo(n).map((i) => [i % 3, 'add', i, i]), planted: (n) => [[7, 'read', null, upTo(n - 1)]] },
  queue: {
    steps: (n) => upTo(n).map((i) => [i % 3, 'enqueue', i + 1, i + 1]),
    planted: () => [
      [7, 'dequeue', null, 1],
      [7, 'dequeue', null, 3],
      [7, 'dequeue', null, 2],
    ],
  },
  bag: {
    steps: (n) => upTo(n).map((i) => [i % 3, 'enqueue', i + 1, i + 1]),
    planted: () => [
      [7, 'dequeue', null, 1],
      [8, 'dequeue', null, 1],
    ],
  },
  lock: {
    steps: (n) => upTo(n).map((i) => [7, i % 2 === 0 ? 'acquire' : 'release', null, null]),
    planted: () => [
      [8, 'acquire', null, null],
      [9, 'acquire', null, null],
    ],
  },
  'list-append': {
    steps: (n) => upTo(n).map((i) => [i % 3, 'append', i, i]),
    planted: (n) => [[7, 'read', null, [...upTo(n - 2), n - 1]]],
  },
  bank: {
    initial: { a: 10_000, b: 10_000 },
    steps: (n) =>
      upTo(n).map((i) => [i % 3, 'transfer', { from: 'a', to: 'b', amount: 1 }, { from: 'a', to: 'b', amount: 1 }]),
    planted: (n) => [[7, 'read', null, { a: 10_000 - n, b: 9_999 + n }]],
  },
  'unique-ids': {
    steps: (n) => upTo(n).map((i) => [i % 3, 'generate', null, i]),
    planted: () => [[7, 'generate', null, 3]],
  },
  log: {
    steps: (n) => upTo(n).map((i) => [i % 3, 'append', i, [i, i]]),
    planted: (n) => [[7, 'append', -1, [n - 1, -1]]],
  },
}

test.each(Object.keys(objects) as (keyof typeof objects)[])(
  'the counterexample of a %s has few operations even if the deadline passes soon after the violation',
  (model) => {
    const { initial = null, steps, planted: wrong } = objects[model]!
    for (const n of [60, 500]) {
      const events = eventsOf([...steps(n), ...wrong(n)])
      expectReduced(events, { model, initial, levels: ['linearizable'] }, 'linearizable', many(10))
    }
  },
)

test('the counterexample of a user’s model has few operations even if the deadline passes soon after the violation', () => {
  const model = {
    name: 'own',
    initial: 0,
    apply: (state: unknown, { f, value }: { f: string; value: Json }) =>
      f === 'read' ? ([state, state as Json] as const) : ([value, value] as const),
    key: String,
  }
  const steps: Step[] = upTo(500).map((i) => [i % 3, 'write', i, i])
  const events = eventsOf([...steps, [7, 'read', null, 100]])
  expectReduced(events, { model, initial: null, levels: ['linearizable'] }, 'linearizable', many(10))
})
