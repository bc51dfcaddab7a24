import { expect, test } from 'vitest'
import {
  amountText,
  byName,
  count,
  duration,
  moment,
  momentInMillis,
  percent,
  plural,
  rate,
} from '../../src/text/figures.ts'

test.each([
  [count(58_113), '58,113'],
  [plural(1, 'trial'), '1 trial'],
  [plural(1_204, 'trial'), '1,204 trials'],
  [rate(0.357), '0.4'],
  [rate(9.94), '9.9'],
  [rate(38.4), '38'],
  [rate(1_203.7), '1,204'],
  [duration(412_000_000), '412 ms'],
  [amountText(68_954.5), '68,954.5'],
  [amountText(0.1 + 0.2), '0.3'],
  [moment(12_031_000_000), '12.031 s'],
  [moment(12_031_000_000, 1), '12.0 s'],
  [moment(Number.POSITIVE_INFINITY), 'never'],
  [momentInMillis(12_340_000), '12.3 ms'],
])('numbers are formatted the same way in every locale: %s', (written, expected) => {
  expect(written).toBe(expected)
})

test('a percentage between 0 and 100 is never rounded to 0 or 100', () => {
  expect([percent(1 / 3), percent(0.99999), percent(0.00001), percent(1)]).toEqual([
    '33.33%',
    '99.99%',
    '0.01%',
    '100.00%',
  ])
})

test('byName sorts names by the numbers in them', () => {
  expect(['n10', 'n2', 'm3', 'n1'].sort(byName)).toEqual(['m3', 'n1', 'n2', 'n10'])
})
