import { createRandom } from '@chaosproxy/faults'
import { expect, inject, test } from 'vitest'
import { disagreements } from '../../http/disagreements.ts'

test('node:http and the parser agree on each message that both accept', async () => {
  const seed = `mutations ${inject('seed')}`
  const { found, bothAccepted } = await disagreements(1500, createRandom(seed))
  expect(found, seed).toEqual([])
  expect(bothAccepted).toBeGreaterThan(100)
})
