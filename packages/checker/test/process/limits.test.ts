import { check, findModel, type Level, limitedTo, type Model, type ModelName } from '@chaosproxy/checker'
import { type EventInput, type History, historyFromEvents, type Json, millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { randomEvents, randomFrom } from '../../../testing/src/random-history.ts'
import { generateObjectHistory, objects } from '../../bench/generate-objects.ts'
import { simulateStore } from '../../bench/stores.ts'
import { type Budget, createBudget } from '../../src/limits/budget.ts'
import { functionsOfObject } from '../../src/object/check.ts'
import { partsOf } from '../../src/object/model/part.ts'
import { relatedByTime, shardsOf } from '../../src/object/search/decide.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import { choicesOf } from '../../src/register/sequential/choices.ts'
import { modelNames, modelOf, objectOf } from '../registry.ts'

const initials: { readonly [model: string]: Json } = { bank: { a: 100, b: 100, c: 100 } }

/** Checks with a clock that stands still for the first `looks` readings, and is past the deadline afterwards. */
function hurried(history: History, model: ModelName | Model<unknown>, looks: number, levels: readonly Level[]) {
  let seen = 0
  const report = check(history, {
    model,
    initial: typeof model === 'string' ? (initials[model] ?? null) : null,
    levels,
    failedCas: 'drop',
    deadlineMs: millis(1_000),
    memoryBytes: 1e9,
    now: () => millis(seen++ < looks ? 0 : 10_000),
  })
  return { report, late: seen - looks, looks: seen }
}

const registers = (store: 'scattered' | 'atomic'): History => {
  const shape = { processes: 6, operations: 300, keys: 2, values: 3, cas: false, store } as const
  return historyFromEvents(randomEvents({ ...shape, unknown: 0.1, failed: 0, mutated: 0 }, randomFrom(7)))
}

test.each<Level>(['linearizable', 'sequential', 'causal', 'causal-memory', 'causal-convergence', 'pram'])(
  'a check of %s ends soon after the deadline, and its unknown verdict names the lack of time',
  (level) => {
    const history = registers('scattered')
    for (const looks of [1, 2, 5, 20]) {
      const { report, late } = hurried(history, 'register', looks, [level])
      const verdict = report.levels[level]
      // Below sequential consistency, a verdict may be unknown for another reason: repeated values leave the sources of
      // reads open.
      const isTimed = level === 'linearizable' || level === 'sequential'
      if (isTimed && verdict.result === 'unknown') expect(verdict.reason.text).toContain('out of time')
      expect(late, `looks at the clock after the deadline, which was at ${looks}`).toBeLessThan(500)
    }
  },
)

test.each(modelNames.filter((name) => name !== 'register'))(
  'a check of a %s ends soon after the deadline, and its unknown verdict names the lack of time',
  (model) => {
    const name = Object.keys(objects).find((each) => each.startsWith(model))
    if (name === undefined) return
    const history = generateObjectHistory(name, { operations: 400, clients: 8, unknown: 0.05, seed: 3 })
    for (const looks of [1, 2, 5]) {
      const { report, late } = hurried(history, model, looks, ['linearizable', 'eventual'])
      const { linearizable } = report.levels
      if (linearizable.result === 'unknown') expect(linearizable.reason.text).toContain('out of time')
      expect(late).toBeLessThan(2_000)
    }
  },
)

/**
 * Checks a history with four deadlines. The deadlines pass after 2 readings of the clock, after a quarter of all
 * readings, after half of them, and 2 readings before the end. If a level is decided despite a deadline, its result
 * must be the same as without a deadline.
 */
function expectLooks(history: History, model: ModelName, levels: readonly Level[], operationsPerLook: number): void {
  const requested = [...levels, 'eventual'] as const
  const { report: whole, looks } = hurried(history, model, Number.POSITIVE_INFINITY, requested)
  expect(looks).toBeGreaterThan(history.operations.length / operationsPerLook)
  for (const deadline of [2, looks >> 2, looks >> 1, looks - 2]) {
    const { report, late } = hurried(history, model, deadline, requested)
    for (const level of levels) {
      const { result } = report.levels[level]
      if (result !== 'unknown') expect(`${level}: ${result}`).toBe(`${level}: ${whole.levels[level].result}`)
    }
    expect(late, `looks at the clock after the deadline, which was at ${deadline} of ${looks}`).toBeLessThan(40)
  }
}

test.each(Object.keys(objects))(
  'a check of a long history of one %s reads the clock in every pass, and stops at the deadline',
  (name) => {
    const history = generateObjectHistory(name, { operations: 4_000, clients: 5, unknown: 0, seed: 3 })
    expectLooks(history, findModel(name.split(' ')[0] ?? '')?.name ?? 'register', ['linearizable'], 1_500)
  },
)

test.each(['atomic', 'causal', 'lww'] as const)(
  'a check of registers in a history of a %s store reads the clock in every pass, and stops at the deadline',
  (store) => {
    const run = {
      store,
      operations: 6_000,
      processes: 5,
      keys: 3,
      values: 0,
      unknown: 0,
      planted: 'none',
      seed: 7,
    } as const
    const levels = ['sequential', 'causal', 'causal-memory', 'causal-convergence', 'session', 'pram'] as const
    expectLooks(historyFromEvents(simulateStore(run)), 'register', levels, 500)
  },
)

/** Checks with a limited number of steps, and counts the steps made. */
function counted(history: History, model: ModelName, levels: readonly Level[], steps: number) {
  let made = 0
  const { work, ...limits } = limitedTo(steps)
  const report = check(history, {
    ...{ model, initial: initials[model] ?? null, levels, failedCas: 'drop', memoryBytes: 1e9 },
    ...limits,
    work: (more) => {
      made += more
      work?.(more)
    },
  })
  return { report, made }
}

/** Checks with many steps, and with half of the steps that the whole check took. */
function expectSteps(history: History, model: ModelName, levels: readonly Level[]): number {
  const { report: whole, made: all } = counted(history, model, levels, 1e6)
  for (const steps of [1e6, all / 2]) {
    const first = counted(history, model, levels, steps)
    expect(JSON.stringify(counted(history, model, levels, steps))).toBe(JSON.stringify(first))
    for (const level of levels) {
      const { result } = first.report.levels[level]
      if (result !== 'unknown') expect(`${level}: ${result}`).toBe(`${level}: ${whole.levels[level].result}`)
    }
  }
  return all
}

test.each(Object.keys(objects))(
  'two checks of one %s with the same step limit return the same report, even if both reach the limit',
  (name) => {
    const history = generateObjectHistory(name, { operations: 4_000, clients: 5, unknown: 0, seed: 3 })
    const steps = expectSteps(history, findModel(name.split(' ')[0] ?? '')?.name ?? 'register', ['linearizable'])
    expect(steps).toBeGreaterThan(history.operations.length)
  },
)

test.each<Level>(['linearizable', 'sequential', 'causal', 'causal-memory', 'causal-convergence', 'pram'])(
  'two checks of registers at level %s with the same step limit return the same report, even if both reach the limit',
  (level) => {
    expect(expectSteps(registers('scattered'), 'register', [level])).toBeGreaterThan(0)
  },
)

test.each(modelNames)('a search of a %s exceeds its step limit by at most 200,000 steps', (model) => {
  const name = Object.keys(objects).find((each) => each.startsWith(model))
  if (name === undefined) return
  const history = generateObjectHistory(name, { operations: 400, clients: 8, unknown: 0.05, seed: 3 })
  for (const steps of [100, 10_000, 1_000_000]) {
    const { made } = counted(history, model, ['linearizable'], steps)
    // The search makes its steps in slices. The last slice may exceed the limit.
    expect(made).toBeLessThan(steps + 200_000)
  }
})

/** Returns how often a pass reads the clock. */
function looksOf(pass: (budget: Budget) => void): number {
  let looks = 0
  const now = () => {
    looks++
    return millis(0)
  }
  pass(createBudget({ deadlineMs: millis(1_000), memoryBytes: 1e9, now }))
  return looks
}

test('shardsOf and choicesOf check the deadline more than 100 times on a history of thousands of operations', () => {
  const set = objectOf('set')
  if (set?.divide === undefined) throw new Error('sets are divided')
  const functions = functionsOfObject(modelOf('set'), set, null)
  const name = 'set of a thousand, with removals'
  const parts = partsOf(generateObjectHistory(name, { operations: 20_000, clients: 5, unknown: 0, seed: 3 }), functions)
  const judge = {
    ...{ model: 'set', rule: set.rule, divide: set.divide, isRead: functions.isRead },
    ...{ specification: set.specification(null), related: relatedByTime(functions.isRead) },
  }
  expect(looksOf((budget) => shardsOf(parts, judge, budget))).toBeGreaterThan(100)
  const run = { store: 'sc', operations: 4_000, processes: 5, keys: 1, values: 2, unknown: 0, planted: 'none' } as const
  const { encoded } = encodeRegister(historyFromEvents(simulateStore({ ...run, seed: 7 })), {
    initial: null,
    failedCas: 'drop',
  })
  // There are about 2,400 reads. Each of them may have seen half of the 1,600 writes.
  expect(looksOf((budget) => choicesOf(encoded, budget))).toBeGreaterThan(100)
})

test('the check of a work queue with many possible orders of equal messages stops at the deadline', () => {
  const random = randomFrom(11)
  for (let trial = 0; trial < 30; trial++) {
    const queue: Json[] = []
    const open: EventInput[] = []
    const events: EventInput[] = []
    for (let i = 0; i < 60; i++) {
      const value = Math.floor(3 * random())
      const isPut = random() < 0.5
      if (isPut) queue.push(value)
      const [message = null] = isPut ? [] : queue.splice(0, 1)
      const request = isPut ? { process: i, f: 'enqueue', value } : { process: i, f: 'take', value: null }
      events.push({ ...request, type: 'invoke' })
      open.push({ ...request, type: 'ok', value: isPut ? value : message === null ? null : [message, `r${i}`] })
      if (open.length > 20) events.push(...open.splice(Math.floor(random() * open.length), 1))
    }
    const history = historyFromEvents([...events, ...open])
    for (const looks of [0, 3, 10, 15, 20, 30, 50, 100])
      for (const { result } of Object.values(hurried(history, 'work-queue', looks, []).report.levels))
        expect(result).not.toBe('violated')
  }
})

test("check calls no step of a user's model after the deadline", () => {
  for (const looks of [3, 30, 100]) {
    let steps = 0
    let left = looks
    const slow: Model<unknown> = {
      name: 'slow',
      initial: null,
      apply: (state, { f, value }) => {
        if (left <= 0) steps++
        return f === 'read' ? [state, state as Json] : [value, value]
      },
      key: (state) => JSON.stringify(state),
    }
    const history = registers('atomic')
    const report = check(history, {
      model: slow,
      initial: null,
      levels: ['linearizable'],
      failedCas: 'drop',
      deadlineMs: millis(1_000),
      memoryBytes: 1e9,
      now: () => millis(left-- > 0 ? 0 : 10_000),
    })
    expect(report.levels.linearizable).toMatchObject({
      reason: { kind: 'time', text: expect.stringContaining('out of time') },
    })
    // The checker computes a step twice, to detect a model whose steps depend on chance.
    expect(steps, `steps after the deadline, which was at ${looks}`).toBeLessThan(3)
  }
})

test('check leaves linearizable unknown if the encoding of the operations exceeds the memory limit', () => {
  const history = registers('scattered')
  const limits = { initial: null, failedCas: 'drop', deadlineMs: millis(1_000), memoryBytes: 10_000 } as const
  for (const model of ['register', 'set'] as const) {
    const some =
      model === 'register'
        ? history
        : generateObjectHistory('set', { operations: 400, clients: 3, unknown: 0, seed: 3 })
    const { levels } = check(some, { ...limits, model, levels: ['linearizable'], now: () => millis(0) })
    expect(levels.linearizable).toEqual({
      result: 'unknown',
      reason: {
        kind: 'memory',
        text: expect.stringMatching(/^out of memory: \d+ operations take 1 MB before any search$/),
      },
    })
  }
})
