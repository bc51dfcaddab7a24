import { test } from 'vitest'
import { agreeOnLists } from './list-agreement.ts'

test('every level of random list histories is decided as by brute force, in any order of their lines', () => {
  for (let seed = 0; seed < 300; seed++) agreeOnLists(seed, 5)
})
