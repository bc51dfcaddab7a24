import { nanos } from '@chaosproxy/history'
import type { Scenario } from '@chaosproxy/runner'
import { expect, test } from 'vitest'
import { unusualText } from '../../src/search/delay-words.ts'

test('the description of a held request states the time and the number of requests after which it continues', () => {
  const hold = { at: 'a.ts:3', from: 0, until: 'a.ts:3', times: 2, most: nanos(40e6) }
  expect(unusualText({ holds: [hold] } as unknown as Scenario)).toBe(
    'One request was held at a.ts:3 for 40 ms, or until 2 other requests had passed this place',
  )
})
