import { expect, test } from 'vitest'
import { always, reachable, sometimes, unreachable } from '../../src/index.ts'

test('assertions do nothing outside the simulator, whether or not they hold', () => {
  expect(() => {
    always(false, 'a')
    sometimes(false, 'b')
    reachable('c')
    unreachable('d', { because: 1 })
  }).not.toThrow()
})
