import type { EventInput, Json } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { unlimited } from '../../src/limits/budget.ts'
import { functionsOfObject } from '../../src/object/check.ts'
import { partsOf } from '../../src/object/model/part.ts'
import { isObjectLinearizable } from '../brute-objects.ts'
import { checkHistory, resultOf } from '../checking.ts'
import { many } from '../many.ts'
import { kinds, randomObjectEvents } from '../random-objects.ts'
import { modelOf, objectOf } from '../registry.ts'

/**
 * Judges a correct random log without a search. Each read begins at an offset where some client's last read ended, and
 * often finds nothing new.
 */
function polled(random: () => number): Json {
  const entries: Json[] = []
  const offsets = new Map<number, number>()
  let next = 0
  const kind = {
    simulate: () => ({
      apply: ({ f, value }: { readonly f: string; readonly value: Json }, process: number): Json => {
        if (f === 'append') return [entries.push(value) - 1, value]
        const { offset } = value as { readonly offset: number }
        const read = entries.slice(offset)
        offsets.set(process % 4, offset + read.length)
        return read
      },
    }),
    ask: (r: () => number) =>
      r() < 0.3
        ? { f: 'append', value: next++ }
        : { f: 'read', value: { offset: [...offsets.values()][Math.floor(r() * offsets.size)] ?? 0 } },
    mutate: (output: Json) => output,
  }
  const shape = { processes: 6, operations: 400, unknown: 0.1, failed: 0.05, mutated: 0 }
  const object = objectOf('dense-log')!
  const functions = functionsOfObject(modelOf('dense-log'), object, null)
  const [part] = partsOf(smallHistory(randomObjectEvents(kind, shape, random)), functions)
  return object.fast!(part!, null, unlimited).result
}

test('the log model decides a correct log without a search, even with empty polls and unknown offsets', () => {
  for (let n = 0; n < 60; n++) expect(polled(randomFrom(inject('seed') + n)), `seed ${inject('seed') + n}`).toBe('met')
})

type Done = readonly [f: string, input: Json, answered: Json]

/** Operations one after another, each by a separate process. */
const verdictBy = (model: string, ...operations: readonly Done[]): string => {
  const events = operations.flatMap(([f, value, answered], process): EventInput[] => [
    { process, type: 'invoke', f, value },
    { process, type: 'ok', f, value: answered },
  ])
  return resultOf(checkHistory(smallHistory(events), { model, levels: ['linearizable'] }), 'linearizable')
}

const verdictOn = (...operations: readonly Done[]): string => verdictBy('dense-log', ...operations)

describe('an append that returns its own value', () => {
  test('a returned number that equals the appended value is an offset if any append returned a number other than its value', () => {
    expect(verdictOn(['append', 7, 0], ['append', 1, 1], ['read', 1, [1]])).toBe('met')
    expect(verdictOn(['append', 7, 0], ['append', 2, 2])).toBe('violated')
    expect(verdictOn(['append', 2, 2], ['append', 7, 0])).toBe('violated')
  })

  test('an append may have any offset if every append returned the value that it appended', () => {
    expect(verdictOn(['append', 5, 5], ['append', 6, 6], ['read', 0, [5, 6]])).toBe('met')
    expect(verdictOn(['append', 5, 5], ['append', 6, 6], ['read', 0, [6, 5]])).toBe('violated')
  })

  test('an append that returns its own value is judged without a search even if 30 other appends overlap', () => {
    const object = objectOf('dense-log')!
    const functions = functionsOfObject(modelOf('dense-log'), object, null)
    // The values descend, so only the middle one equals its offset.
    const values = Array.from({ length: 31 }, (_, offset) => 30 - offset)
    const events = [
      ...values.map((value, process): EventInput => ({ process, type: 'invoke', f: 'append', value })),
      ...values.map((_, process): EventInput => ({ process, type: 'ok', f: 'append', value: process })),
    ]
    const [part] = partsOf(smallHistory(events), functions)
    expect(object.fast!(part!, null, unlimited).result).toBe('met')
  })
})

describe('offsets', () => {
  const sparse = (...operations: readonly Done[]): string => verdictBy('log', ...operations)

  test('offsets may begin anywhere and have gaps, except in a dense log', () => {
    const fromOne: Done[] = [
      ['append', 'a', 1],
      ['append', 'b', 2],
    ]
    const large: Done[] = [
      ['send', 'a', 1_700_000_000_000_000],
      ['send', 'b', 1_700_000_000_000_007],
      [
        'poll',
        null,
        [
          [1_700_000_000_000_000, 'a'],
          [1_700_000_000_000_007, 'b'],
        ],
      ],
    ]
    expect(sparse(...fromOne)).toBe('met')
    expect(sparse(...large)).toBe('met')
    expect(verdictOn(...fromOne)).toBe('violated')
    expect(verdictOn(...large)).toBe('violated')
  })

  test('offsets must increase from each append to the next', () => {
    expect(sparse(['append', 'a', 7], ['append', 'b', 3])).toBe('violated')
    expect(sparse(['append', 'a', 7], ['append', 'b', 7])).toBe('violated')
    expect(sparse(['append', 'a', 0], ['append', 'b', 0])).toBe('violated')
  })

  test('offsets determine what a read from an offset must return', () => {
    const sent: Done[] = [
      ['append', 'a', 10],
      ['append', 'b', 20],
    ]
    expect(sparse(...sent, ['read', 15, ['b']])).toBe('met')
    expect(sparse(...sent, ['read', 15, ['a', 'b']])).toBe('violated')
    expect(sparse(...sent, ['read', 0, ['a']])).toBe('violated')
    expect(sparse(...sent, ['read', { offset: 0, limit: 1 }, ['a']])).toBe('met')
    expect(sparse(...sent, ['read', 20, []])).toBe('violated')
    expect(sparse(...sent, ['read', 21, []])).toBe('met')
    expect(
      sparse(...sent, [
        'read',
        10,
        [
          [10, 'a'],
          [21, 'b'],
        ],
      ]),
    ).toBe('violated')
  })

  test('an append of unknown offset needs a free offset between its two neighbours', () => {
    const around = (last: number): Done[] => [
      ['append', 'a', 1],
      ['append', 'b', null],
      ['append', 'c', last],
    ]
    expect(sparse(...around(3))).toBe('met')
    expect(sparse(...around(2))).toBe('violated')
  })

  test('an appended pair counts as a single value, and not as an offset with a value', () => {
    expect(
      sparse(
        ['append', [1, 'x'], 5],
        ['append', [0, 'y'], 6],
        [
          'read',
          null,
          [
            [1, 'x'],
            [0, 'y'],
          ],
        ],
      ),
    ).toBe('met')
    expect(sparse(['append', [1, 'x'], [1, 'x']], ['append', [0, 'y'], [0, 'y']])).toBe('met')
  })
})

test('an append that returns no value may have any offset, even if other appends return their offsets', () => {
  const events: EventInput[] = [
    { process: 0, type: 'invoke', f: 'append', value: 101 },
    { process: 0, type: 'ok', f: 'append', value: 0 },
    { process: 1, type: 'invoke', f: 'append', value: 102 },
    { process: 1, type: 'ok', f: 'append' },
    { process: 2, type: 'invoke', f: 'append', value: 103 },
    { process: 2, type: 'ok', f: 'append', value: 2 },
  ]
  for (const model of ['log', 'dense-log'])
    expect(resultOf(checkHistory(smallHistory(events), { model }), 'linearizable')).toBe('met')
})

test(`the verdicts on logs whose appends return an offset or nothing agree with the definition (seed ${inject('seed')})`, () => {
  const results = { met: 0, violated: 0 }
  for (let n = 0; n < many(3_000); n++) {
    const random = randomFrom(inject('seed') + n)
    const shape = { processes: 3, operations: 3 + Math.floor(random() * 6), unknown: 0.2, failed: 0, mutated: 0.15 }
    const isMissing = random() < 0.6
    const events = randomObjectEvents(kinds['log']!(random), shape, random).map((event): EventInput => {
      if (event.type !== 'ok' || event.f !== 'append') return event
      const { value, ...rest } = event
      if (isMissing && random() < 0.4) return rest
      return Array.isArray(value) ? { ...rest, value: value[0]! } : rest
    })
    const history = smallHistory(events)
    const truth = isObjectLinearizable('log', history) ? 'met' : 'violated'
    results[truth]++
    const found = resultOf(checkHistory(history, { model: 'log', levels: ['linearizable'] }), 'linearizable')
    expect(found, `seed ${inject('seed') + n}\n${events.map((e) => JSON.stringify(e)).join('\n')}`).toBe(truth)
  }
  expect(Math.min(results.met, results.violated)).toBeGreaterThan(many(3_000) / 20)
})
