import { describe, expect, test } from 'vitest'
import { hasJobs } from '../../src/jobs.ts'
import { Store } from '../../src/store.ts'

describe('the BullMQ queues of a Redis', () => {
  test.each([
    ['list', 'bull:mail:wait', true],
    ['list', 'bull:mail:active', true],
    ['list', 'mail', false],
    ['zset', 'bull:mail:delayed', true],
    ['zset', 'bull:mail:completed', false],
  ])('a Redis with a %s at the key %s has pending BullMQ jobs: %s', (type, key, expected) => {
    const store = new Store(() => 0)
    const value = type === 'list' ? { type, items: ['1'] } : { type, scores: new Map([['1', 500 * 0x1000]]) }
    store.database(0).put(key, value as never)
    expect(hasJobs(store, 0)).toBe(expected)
  })
})
