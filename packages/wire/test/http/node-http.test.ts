import { createRandom } from '@chaosproxy/faults'
import { expect, inject, test } from 'vitest'
import { disagreements } from './disagreements.ts'

test('a message that both node:http and we accept is the same message to both', async () => {
  const seed = `mutations ${inject('seed')}`
  const { found, bothAccepted } = await disagreements(1500, createRandom(seed))
  expect(found, seed).toEqual([])
  expect(bothAccepted).toBeGreaterThan(100)
})
