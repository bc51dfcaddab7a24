import { createRandom } from '@chaosproxy/faults'
import { expect, inject, test } from 'vitest'
import { disagreements } from './disagreements.ts'

test('what node:http and we both take for a message, we take for the same one', async () => {
  const seed = `mutations ${inject('seed')}`
  const { found, bothAccepted } = await disagreements(1500, createRandom(seed))
  expect(found, seed).toEqual([])
  expect(bothAccepted).toBeGreaterThan(100)
})
