import { nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { Call } from '../../../src/record/call.ts'
import type { CommandOperation } from '../../../src/redis/answers.ts'
import { Expirations } from '../../../src/redis/expirations.ts'
import { HeldValues } from '../../../src/redis/held-values.ts'
import { Lifetimes } from '../../../src/redis/lifetimes.ts'
import { createTransaction } from '../../../src/redis/transaction.ts'

const operation = (call: Partial<Call>): CommandOperation =>
  ({ call: { f: 'write', key: 'x', value: '1', ...call }, says: () => ({ type: 'ok' }) }) as never
const reading = (key: string) => operation({ f: 'read', key, value: null, harmless: true })

test('a MULTI of more than 10,000 commands counts as changing every key', () => {
  const transaction = createTransaction('0')
  const queue = (count: number) => {
    for (let i = 0; i < count; i++) transaction.queue(() => ({ what: 'PING', touches: 'nothing' }))
  }
  queue(10_000)
  expect([transaction.touches, transaction.allTouches]).toEqual(['nothing', 'nothing'])
  const longer = createTransaction('0')
  for (let i = 0; i < 10_001; i++) longer.queue(() => ({ what: 'PING', touches: 'nothing' }))
  expect([longer.touches, longer.allTouches, longer.parts]).toEqual(['everything', 'everything', []])
})

test('a key may expire at any time if more than 100,000 keys with a time to live are tracked', () => {
  const opened: string[] = []
  const expirations = new Expirations({
    now: () => nanos(0),
    open(key) {
      opened.push(key)
      return { ended: () => undefined }
    },
  })
  const lasting = (key: string) => ({ lifetime: { key, afterMs: 60_000, isSet: () => true }, at: undefined })
  const keys = Array.from({ length: 100_000 }, (_, i) => `${i}`)
  expirations.called([], keys.map(lasting))
  expect(opened).toEqual([])
  expirations.called([], [lasting('x')])
  expect(opened).toEqual(['x'])
})

test('HeldValues keeps the values of at most 300,000 keys', () => {
  const held = new HeldValues()
  const write = (key: string) => {
    const parts = [operation({ key })]
    held.called(parts)
    held.ended(parts, { type: 'ok', value: '1' })
  }
  for (let i = 0; i < 300_000; i++) write(`${i}`)
  expect(held.of('0')?.value).toBe('1')
  write('x')
  expect(held.of('0')).toBeUndefined()
})

describe('the 300,000 keys whose disappearance is noticed', () => {
  /** Returns whether the disappearance of x is noticed. x was seen first, and then other keys were read. */
  function isNoticed(others: number, value: string | null): boolean {
    const lifetimes = new Lifetimes()
    const read = (key: string, found: string | null) => {
      const parts = [reading(key)]
      return lifetimes.ended(parts, lifetimes.called(parts), { type: 'ok', value: found }, found)
    }
    read('x', 'a')
    for (let i = 0; i < others; i++) read(`${i}`, value)
    return read('x', null).length > 0
  }

  test('the disappearance of a key is noticed only if fewer than 300,000 other keys were seen in the meantime', () => {
    expect([isNoticed(299_999, 'a'), isNoticed(300_000, 'a')]).toEqual([true, false])
  })

  test('keys that certainly do not expire are forgotten first', () => {
    expect(isNoticed(300_000, null)).toBe(true)
  })
})
