import { createRandom } from '@chaosproxy/faults'
import { expect, test } from 'vitest'
import { createKeyPool, keyNames } from '../../src/keys.ts'

test('the first key names are x, y and z, and no key name repeats', () => {
  expect(keyNames(3)).toEqual(['x', 'y', 'z'])
  expect(new Set(keyNames(100)).size).toBe(100)
})

test('a key pool replaces a full or abandoned key by a new key', () => {
  const random = createRandom(1)
  for (const count of [1, 5, 40]) {
    const pool = createKeyPool(count, 3)
    const seen = new Map<string, number>()
    for (let i = 0; i < 2_000; i++) {
      const key = pool.pick(random)
      seen.set(key, (seen.get(key) ?? 0) + 1)
      if (random.chance(0.1)) pool.replace(key)
      else pool.filled(key)
    }
    // Each key was picked at most three times: a key is replaced after three items, or earlier by `replace`.
    expect(Math.max(...seen.values())).toBeLessThanOrEqual(3)
  }
})

test('a key pool replaces a key once, even if two clients abandon it', () => {
  const pool = createKeyPool(1)
  pool.replace('x')
  pool.replace('x')
  expect(pool.pick(createRandom(1))).toBe('x2')
})
