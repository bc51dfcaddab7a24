import type { EventInput, Json } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { unlimited } from '../src/limits/budget.ts'
import { functionsOfObject } from '../src/object/check.ts'
import { partsOf } from '../src/object/model/part.ts'
import { checkHistory, resultOf } from './checking.ts'
import { randomFrom } from './random-history.ts'
import { randomObjectEvents } from './random-objects.ts'
import { modelOf, objectOf } from './registry.ts'
import { smallHistory } from './small-history.ts'

/** A log whose clients poll from where they left off, and often find nothing new. */
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
  const object = objectOf('log')!
  const functions = functionsOfObject(modelOf('log'), object, null)
  const [part] = partsOf(smallHistory(randomObjectEvents(kind, shape, random)), functions)
  return object.fast!(part!, null, unlimited).result
}

test('a correct log is decided without a search, with polls that found nothing and appends whose offsets nobody saw', () => {
  for (let n = 0; n < 60; n++) expect(polled(randomFrom(inject('seed') + n)), `seed ${inject('seed') + n}`).toBe('met')
})

type Done = readonly [f: string, asked: Json, answered: Json]

/** One operation after the other, each by the same process. */
const verdictOn = (...operations: readonly Done[]): string => {
  const events = operations.flatMap(([f, value, answered], process): EventInput[] => [
    { process, type: 'invoke', f, value },
    { process, type: 'ok', f, value: answered },
  ])
  return resultOf(checkHistory(smallHistory(events), { model: 'log', levels: ['linearizable'] }), 'linearizable')
}

describe('an append that returns its own value', () => {
  test('has an offset by chance where others return offsets', () => {
    expect(verdictOn(['append', 7, 0], ['append', 1, 1], ['read', 1, [1]])).toBe('met')
    expect(verdictOn(['append', 7, 0], ['append', 2, 2])).toBe('violated')
    expect(verdictOn(['append', 2, 2], ['append', 7, 0])).toBe('violated')
  })

  test('repeats its invocation where all do', () => {
    expect(verdictOn(['append', 5, 5], ['append', 6, 6], ['read', 0, [5, 6]])).toBe('met')
    expect(verdictOn(['append', 5, 5], ['append', 6, 6], ['read', 0, [6, 5]])).toBe('violated')
  })

  test('needs no search among many that overlap', () => {
    const object = objectOf('log')!
    const functions = functionsOfObject(modelOf('log'), object, null)
    // Backwards, so that the one in the middle is at the offset that its value is.
    const values = Array.from({ length: 31 }, (_, offset) => 30 - offset)
    const events = [
      ...values.map((value, process): EventInput => ({ process, type: 'invoke', f: 'append', value })),
      ...values.map((_, process): EventInput => ({ process, type: 'ok', f: 'append', value: process })),
    ]
    const [part] = partsOf(smallHistory(events), functions)
    expect(object.fast!(part!, null, unlimited).result).toBe('met')
  })
})
