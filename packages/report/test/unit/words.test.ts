import { expect, test } from 'vitest'
import { percentOf, shareOf } from '../../src/words.ts'

test('a share of fewer than twenty operations is printed as a count', () => {
  expect([percentOf(2 / 3, 3), shareOf(2 / 3, 3)]).toEqual(['2 of 3', '2 of 3'])
  expect([percentOf(0.5, 20), shareOf(0.5, 1_204)]).toEqual(['50.00%', '50.00% of 1,204'])
})
