import { type Level, levels } from '@chaosproxy/checker'
import { type EventInput, type History, historyFromEvents, type Json, type Mark } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import {
  hasLegalOrder,
  isLinearizable,
  type Op,
  operationsOf,
  type Reading,
  respectsClients,
  respectsTime,
} from '../brute-force.ts'
import { isObjectLinearizable } from '../brute-objects.ts'
import { checkHistory, resultOf } from '../checking.ts'
import { atLeast, many } from '../many.ts'
import { kinds, randomObjectEvents } from '../random-objects.ts'
import { modelNames } from '../registry.ts'
import { tryAll } from '../weak-brute-force.ts'

// A recorder can mark operations that are missing from its record. A definite verdict must hold whatever these
// operations did. The seed changes with each run; a failure reports it.

const baseSeed = inject('seed')

function shapeOf(random: () => number, over: Partial<Shape> = {}): Shape {
  const below = (n: number): number => Math.floor(random() * n)
  return {
    processes: 2 + below(3),
    operations: 3 + below(5),
    keys: 1 + below(2),
    values: random() < 0.5 ? 0 : 1 + below(3),
    cas: random() < 0.3,
    store: (['atomic', 'replicas', 'stale', 'scattered'] as const)[below(4)]!,
    unknown: random() < 0.5 ? 0.25 : 0,
    failed: random() < 0.4 ? 0.15 : 0,
    mutated: random() < 0.7 ? 0.4 : 0,
    ...over,
  }
}

const touched = (key: string | undefined, position: number): Mark => ({
  kind: 'touched',
  key,
  position,
  line: position + 1,
  what: 'EVAL',
  why: 'nobody looks into scripts',
})

const marked = (events: readonly EventInput[], marks: readonly Mark[]): History => ({ ...smallHistory(events), marks })

const resultText = (holds: boolean): string => (holds ? 'not violated' : 'violated')

/**
 * Returns the operations that can be judged although an unrecorded request may change the key at the mark or later.
 * Omits the reads of the key that returned after the mark, and the failed cas operations that count as such reads. A
 * write that returned after the mark gets an unknown outcome, so the brute-force searches may leave it out. The write
 * is not omitted here, because at levels without real time, a read that returned before the mark may see it.
 */
function judgeable(ops: readonly Op[], { key, position }: Mark): Op[] {
  return ops.flatMap((op) => {
    const isTouched = key === undefined || op.key === key
    if (!isTouched || op.return < position || !op.completed) return [op]
    if (op.f === 'read' || op.observesFailure) return []
    return [{ ...op, completed: false, return: Number.POSITIVE_INFINITY }]
  })
}

/** Returns the events up to a position, without operations that failed later. */
function upTo(position: number, events: readonly EventInput[]): EventInput[] {
  const failed = new Set<EventInput>()
  const open = new Map<string | number, EventInput>()
  for (const event of events) {
    if (event.type === 'invoke') open.set(event.process, event)
    const call = open.get(event.process)
    if (event.type === 'fail' && call !== undefined) failed.add(call).add(event)
  }
  return events.slice(0, position).filter((event) => !failed.has(event))
}

describe('a key that a request outside the record may have changed', () => {
  test(`a key is judged only by operations that returned before an unrecorded request for it (seed ${baseSeed})`, () => {
    const results = { violated: 0, unknown: 0, met: 0 }
    for (let n = 0; n < many(1_500); n++) {
      const random = randomFrom(baseSeed + n)
      const events = randomEvents(shapeOf(random), random)
      const mark = touched(
        random() < 0.3 ? undefined : (events[0]?.key as string),
        Math.floor(random() * (events.length + 1)),
      )
      const history = marked(events, [mark])
      const failedCas = random() < 0.5 ? 'drop' : 'observes'
      const reading: Reading = { initial: null, failedCas }
      const report = checkHistory(history, { levels, failedCas })
      const ops = judgeable(operationsOf(history, reading), mark)
      const name = `seed ${baseSeed + n}: ${JSON.stringify(mark)} ${JSON.stringify(events)}`
      const expected: { [level in Level]?: boolean | undefined } = {
        linearizable: hasLegalOrder(ops, respectsTime, null),
        sequential: hasLegalOrder(ops, respectsClients, null),
      }
      if (ops.every(({ f }) => f !== 'cas') && !events.some(({ f }) => f === 'cas'))
        Object.assign(expected, tryAll(ops, null))
      for (const level of levels) {
        const result = resultOf(report, level)
        results[result]++
        const holds = expected[level]
        if (holds === undefined) continue
        if (holds) expect(result, `${level}, ${name}`).not.toBe('violated')
        else if (level === 'linearizable')
          expect(resultText(result !== 'violated'), `${level}, ${name}`).toBe(resultText(holds))
        if (!holds) expect(result, `${level}, ${name}`).not.toBe('met')
      }
    }
    expect(Math.min(results.violated, results.unknown, results.met)).toBeGreaterThan(atLeast(100))
  })

  test(`a key with an unrecorded request is violated only if no unrecorded write explains it (seed ${baseSeed})`, () => {
    let violated = 0
    for (let n = 0; n < many(2_400); n++) {
      const random = randomFrom(baseSeed + n)
      const events = randomEvents(shapeOf(random, { operations: 3 + Math.floor(random() * 3), keys: 1 }), random)
      const position = Math.floor(random() * (events.length + 1))
      const history = marked(events, [touched(undefined, position)])
      const reading: Reading = { initial: null, failedCas: 'drop' }
      const result = resultOf(checkHistory(history, { levels: ['linearizable'] }), 'linearizable')
      // At the mark, adds two writes of each value in the history. They stand for writes outside the record, and may
      // take effect at any time from the mark on, or never.
      const values = new Set(events.flatMap(({ value = null }) => (Array.isArray(value) ? value : [value])) as Json[])
      const outside = [...values].flatMap((value, at): EventInput[] =>
        [0, 1].map((again) => ({ process: 1000 + 2 * at + again, type: 'invoke', f: 'write', value })),
      )
      const withOutside = smallHistory([...events.slice(0, position), ...outside, ...events.slice(position)])
      const name = `seed ${baseSeed + n}: ${position} ${JSON.stringify(events)}`
      if (result === 'violated') {
        violated++
        expect(isLinearizable(withOutside, reading), name).toBe(false)
      }
      if (result === 'met') expect(isLinearizable(history, reading), name).toBe(true)
      else if (isLinearizable(history, reading)) expect(result, name).toBe('unknown')
    }
    expect(violated).toBeGreaterThan(3)
  })

  test.each(modelNames.filter((name) => name !== 'register'))(
    `a key is judged only by events before an unrecorded request for it, for the model %s (seed ${baseSeed})`,
    (model) => {
      for (let n = 0; n < many(150); n++) {
        const random = randomFrom(baseSeed + n)
        const shape = {
          processes: 3,
          operations: 4 + Math.floor(random() * 5),
          unknown: 0.1,
          failed: 0.1,
          mutated: 0.3,
        }
        const events = randomObjectEvents(kinds[model]!(random), shape, random)
        const position = Math.floor(random() * (events.length + 1))
        const history = marked(events, [touched(undefined, position)])
        const initial = model === 'bank' ? { a: 3, b: 0 } : null
        const report = checkHistory(history, { model, initial, levels: ['linearizable', 'eventual'] })
        // An operation that was open at the unrecorded request may have taken effect, unless it failed later.
        const before = smallHistory(upTo(position, events))
        const truth = isObjectLinearizable(model, before)
        const name = `seed ${baseSeed + n}: ${position} ${JSON.stringify(events)}`
        expect(resultOf(report, 'linearizable') !== 'violated', name).toBe(truth)
        const isWhole = events.slice(position).every(({ type }) => type !== 'ok')
        if (!isWhole) {
          expect(resultOf(report, 'linearizable'), name).not.toBe('met')
          if (report.levels.eventual.result !== 'unknown') expect.fail(`${name} ${report.levels.eventual.result}`)
        }
      }
    },
  )

  test.each([
    ['x', 'x'],
    ['7', 'key 7'],
  ])('the reason for an unknown key names the line, the unrecorded request and the remedy: %s', (key, named) => {
    const write = (value: number) => [
      { process: 0, type: 'invoke', f: 'write', key, value } as const,
      { process: 0, type: 'ok', f: 'write', key, value } as const,
    ]
    const mark = { what: 'EVAL', why: 'scripts are not looked into' }
    const history = historyFromEvents([
      ...write(1),
      { process: 'recorder', type: 'info', f: 'touched', key, value: mark },
      ...write(2),
    ])
    const { linearizable } = checkHistory(history).levels
    expect(linearizable.result === 'unknown' && linearizable.reason.text).toContain(
      `${named} is judged only up to line 3, where EVAL may have changed this key in a way that the record does not show (scripts are not looked into). Record every request`,
    )
  })

  test('if a request between servers left a key unknown, the remedy is a route that ignores the request', () => {
    const write: EventInput[] = [
      { process: 0, type: 'invoke', f: 'write', key: 'x', value: 1 },
      { process: 0, type: 'ok', f: 'write', key: 'x', value: 1 },
    ]
    const history = marked(write, [{ ...touched('x', 0), what: 'POST /counters/x/replicate' }])
    const { linearizable } = checkHistory(history).levels
    expect(linearizable.result === 'unknown' && linearizable.reason.text).toContain(
      'add {"request":"POST /counters/*/replicate","ignore":true} to the route table',
    )
  })

  test('a read that precedes its write violates linearizable despite an unrecorded request; sequential is unknown', () => {
    const call = (process: number, f: string, value: number | null, result: number): EventInput[] => [
      { process, type: 'invoke', f, key: 'x', value },
      { process, type: 'ok', f, key: 'x', value: result },
    ]
    const report = checkHistory(marked([...call(0, 'read', null, 1), ...call(1, 'write', 1, 1)], [touched('x', 2)]), {
      levels,
    })
    expect(resultOf(report, 'linearizable')).toBe('violated')
    for (const level of ['sequential', 'causal', 'pram'] as const)
      expect(resultOf(report, level), level).toBe('unknown')
  })

  test('a key is judged only up to the first of several unrecorded requests', () => {
    const write: EventInput[] = [
      { process: 0, type: 'invoke', f: 'write', key: 'x', value: 1 },
      { process: 0, type: 'ok', f: 'write', key: 'x', value: 1 },
    ]
    const read: EventInput[] = [
      { process: 0, type: 'invoke', f: 'read', key: 'x', value: null },
      { process: 0, type: 'ok', f: 'read', key: 'x', value: 2 },
    ]
    for (const [key, again] of [
      ['x', 'x'],
      ['x', undefined],
      [undefined, 'x'],
    ]) {
      const history = marked([...write, ...read], [touched(key, 2), touched(again, 4)])
      expect(resultOf(checkHistory(history), 'linearizable'), `${key}, then ${again}`).toBe('unknown')
    }
  })
})

describe('a read that was not understood', () => {
  const mark: Mark = {
    kind: 'not-understood',
    key: 'x',
    position: 0,
    line: 1,
    what: 'GET /kv/x',
    why: 'status 200, and nothing at json.value',
  }

  test('a read that was not understood makes every level unknown, and the reason names it and the remedy', () => {
    const events = randomEvents(shapeOf(randomFrom(1), { store: 'atomic', mutated: 0, cas: false }), randomFrom(1))
    const report = checkHistory(marked(events, [mark]), { levels })
    for (const level of levels) expect(resultOf(report, level), level).toBe('unknown')
    const { linearizable } = report.levels
    expect(linearizable.result === 'unknown' && linearizable.reason.text).toMatch(
      /^the answer to GET \/kv\/x \(status 200, and nothing at json\.value\) was not understood\. Describe such answers in the route table/,
    )
    expect(report.headline).toMatch(/^unknown: /)
  })

  test(`a read that was not understood changes no violated level (seed ${baseSeed})`, () => {
    for (let n = 0; n < many(200); n++) {
      const random = randomFrom(baseSeed + n)
      const events = randomEvents(shapeOf(random), random)
      const plain = checkHistory(smallHistory(events), { levels })
      const report = checkHistory(marked(events, [mark]), { levels })
      for (const level of levels) {
        const expected = resultOf(plain, level) === 'violated' ? 'violated' : 'unknown'
        expect(resultOf(report, level), `${level}, seed ${baseSeed + n}`).toBe(expected)
      }
    }
  })
})

describe('an operation whose invocation has no value', () => {
  const read = (process: number, value: number): EventInput[] => [
    { process, type: 'invoke', f: 'read', key: 'x', value: null },
    { process, type: 'ok', f: 'read', key: 'x', value },
  ]
  const judged = (...events: readonly EventInput[]) =>
    checkHistory(historyFromEvents(events), { levels: ['linearizable'] }).levels.linearizable

  test('an operation whose invocation has no value is judged by the value in its completion', () => {
    const write: EventInput[] = [
      { process: 0, type: 'invoke', f: 'write', key: 'x' },
      { process: 0, type: 'ok', f: 'write', key: 'x', value: 5 },
    ]
    expect(judged(...write, ...read(1, 5)).result).toBe('met')
    expect(judged(...write, ...read(1, 6)).result).toBe('violated')
    const cas: EventInput[] = [
      { process: 0, type: 'invoke', f: 'cas', key: 'x' },
      { process: 0, type: 'ok', f: 'cas', key: 'x', value: [5, 7] },
    ]
    expect(judged(...write, ...cas, ...read(1, 7)).result).toBe('met')
  })

  test('a write of unknown outcome may have written any value if its invocation has no value', () => {
    const unknown: EventInput[] = [
      { process: 0, type: 'invoke', f: 'write', key: 'x' },
      { process: 0, type: 'info', f: 'write', key: 'x' },
    ]
    const verdict = judged(...unknown, ...read(1, 6))
    expect(verdict.result === 'unknown' && verdict.reason.text).toMatch(
      /^x is judged only up to line 1, where the outcome of the write is unknown, and so is what it wrote\. Let the request name the value/,
    )
    expect(judged(...read(1, 6), ...unknown).result).toBe('violated')
  })
})
