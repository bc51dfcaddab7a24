import { test } from 'vitest'
import { agreeOnLists } from '../../transactions/list-agreement.ts'

test('the verdict on each level agrees with brute force on random histories of lists, in any order of their lines', () => {
  for (let seed = 0; seed < 300; seed++) agreeOnLists(seed, 5)
})
