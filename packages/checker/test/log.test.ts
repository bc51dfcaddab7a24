import type { Json } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { unlimited } from '../src/limits/budget.ts'
import { functionsOfObject } from '../src/object/check.ts'
import { partsOf } from '../src/object/model/part.ts'
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
