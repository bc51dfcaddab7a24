import type { EventInput, Json } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { encodingBytes } from '../../src/judge/encoding-memory.ts'
import { createBudget } from '../../src/limits/budget.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import { partsOf } from '../../src/register/linearizable/decide.ts'
import { hasManyKeys } from '../../src/register/linearizable/many-keys.ts'
import { violatesLinearizability } from '../../src/register/linearizable/portfolio/small.ts'
import { checkHistory } from '../checking.ts'

// With this many keys, the checker decides one key after another, without a separate history for each. Judging each key
// alone must give the same result.

const seed = inject('seed')
const KEYS = 9_000

/**
 * Returns many short histories of registers. Each history has its own key, and begins after the previous one has ended.
 */
function manyKeys(random: () => number, store: 'atomic' | 'stale'): EventInput[] {
  const events: EventInput[] = []
  let process = 0
  for (let key = 0; key < KEYS; key++) {
    const own = randomEvents(
      {
        ...{ processes: 2, operations: 1 + Math.floor(random() * 4), keys: 1, values: random() < 0.5 ? 0 : 2 },
        ...{ cas: random() < 0.2, store, unknown: random() < 0.2 ? 0.2 : 0, failed: 0.05, mutated: 0 },
      },
      random,
    )
    let most = 0
    for (const event of own) {
      most = Math.max(most, Number(event.process) + 1)
      events.push({ ...event, key: `k${key}`, process: process + Number(event.process) })
    }
    process += most
  }
  return events
}

const options = { model: 'register', initial: null as Json, failedCas: 'drop', levels: ['linearizable'] } as const

function judgeEach(events: readonly EventInput[]): readonly boolean[] {
  const history = smallHistory(events)
  const limits = { deadlineMs: 60_000, memoryBytes: 1e9, now: () => 0 } as unknown as Parameters<typeof createBudget>[0]
  const budget = createBudget(limits)
  const { encoded, decoder } = encodeRegister(history, { ...options, ...limits }, budget)
  expect(hasManyKeys(encoded)).toBe(true)
  return partsOf(encoded, budget).map((part) => violatesLinearizability(part, decoder.value, budget, 1e5) === true)
}

test('check finds a history of many atomic keys linearizable, with an order for each key', () => {
  const events = manyKeys(randomFrom(seed), 'atomic')
  const history = smallHistory(events)
  const { linearizable } = checkHistory(history, options).levels
  if (linearizable.result !== 'met' || linearizable.witness.kind !== 'order') throw new Error(linearizable.result)
  const { orders } = linearizable.witness
  const rows = orders.flatMap(({ operations }) => operations)
  expect(new Set(rows).size).toBe(rows.length)
  const { operations, keys } = history
  for (const order of orders) {
    for (const row of order.operations) expect(keys[operations.key[row]!]).toBe(order.key)
  }
  const completed = events.filter(({ type }) => type === 'ok').length
  expect(rows.length).toBeGreaterThanOrEqual(completed)
})

test('check reports the first of many violated keys, with operations of that key only', () => {
  const events = manyKeys(randomFrom(seed + 1), 'stale')
  const violated = judgeEach(events)
  expect(violated).toContain(true)
  const { linearizable } = checkHistory(smallHistory(events), options).levels
  if (linearizable.result !== 'violated') throw new Error(linearizable.result)
  expect(linearizable.counterexample.keys).toEqual([`k${violated.indexOf(true)}`])
})

test('a check of many keys is unknown if the keys exceed the memory limit', () => {
  const events = manyKeys(randomFrom(seed + 2), 'atomic')
  const history = smallHistory(events)
  const memoryBytes = encodingBytes(history) + 10_000
  const { linearizable } = checkHistory(history, { ...options, memoryBytes }).levels
  expect(linearizable).toMatchObject({ result: 'unknown', reason: { text: expect.stringContaining('out of memory') } })
})

test('a check of many sets is unknown if the sets exceed the memory limit', () => {
  const events = Array.from({ length: 5_000 }, (_, key): EventInput[] => [
    { process: key, type: 'invoke', f: 'add', key: `k${key}`, value: 1 },
    { process: key, type: 'ok', f: 'add', key: `k${key}`, value: 1 },
  ]).flat()
  const judge = (memoryBytes: number): unknown =>
    checkHistory(smallHistory(events), { model: 'set', levels: ['linearizable'], memoryBytes }).levels.linearizable
  expect(judge(1e8)).toMatchObject({ result: 'met' })
  expect(judge(5e6)).toMatchObject({ result: 'unknown', reason: { text: expect.stringContaining('out of memory') } })
})
