import type { EventInput } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { functionsOfObject } from '../../src/object/check.ts'
import { partsOf } from '../../src/object/model/part.ts'
import { faultOfObjectWitness, simulateBy } from '../../src/object/search/replay.ts'
import { modelOf, objectOf } from '../registry.ts'

// Tests the replay of witnesses. An object is reported as linearizable only if its order passes this replay.

const event = (process: number, type: EventInput['type'], f: string, value: EventInput['value']): EventInput => ({
  process,
  type,
  f,
  value,
})

/** Two enqueues, one after the other, a dequeue that overlaps the second, and an enqueue of unknown outcome. */
const history = smallHistory([
  event(0, 'invoke', 'enqueue', 1),
  event(0, 'ok', 'enqueue', 1),
  event(0, 'invoke', 'enqueue', 2),
  event(1, 'invoke', 'dequeue', null),
  event(1, 'ok', 'dequeue', 1),
  event(0, 'ok', 'enqueue', 2),
  event(2, 'invoke', 'enqueue', 3),
])

const [part] = partsOf(history, functionsOfObject(modelOf('queue'), objectOf('queue')!, null))

test.each(['its specification', 'its simulation'])(
  "the replay of a queue's witness by %s requires each operation exactly once, legal and in real-time order",
  (by) => {
    const queue = objectOf('queue')!
    const fault = (...order: readonly number[]): string | undefined =>
      faultOfObjectWitness(
        part!,
        order,
        by === 'its specification' ? simulateBy(queue.specification(null), part!) : queue.simulate!(part!, null),
      )
    expect(fault(0, 1, 2)).toBe(undefined)
    expect(fault(0, 2, 1)).toBe(undefined)
    expect(fault(0, 2, 1, 3)).toBe(undefined)
    expect(fault(0, 2)).toBe('operation 1 is missing')
    expect(fault(0, 1, 1, 2)).toBe('operation 1 appears twice')
    expect(fault(1, 0, 2)).toBe('operation 0 returned before one that precedes it was called')
    expect(fault(0, 3, 1, 2)).toBe('operation 1 returned before one that precedes it was called')
    expect(fault(2, 0, 1)).toBe('operation 2 is not possible where it is placed')
  },
)
