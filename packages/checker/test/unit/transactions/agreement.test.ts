import { test } from 'vitest'
import { agreeOnLists } from '../../transactions/list-agreement.ts'

test('every level of random list histories agrees with brute force, in any order of the lines', () => {
  for (let seed = 0; seed < 300; seed++) agreeOnLists(seed, 5)
})
