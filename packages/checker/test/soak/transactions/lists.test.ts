import { inject, test } from 'vitest'
import { agreeOnLists } from '../../transactions/list-agreement.ts'

// CHAOS_SOAK=short judges a quarter of the histories.
const HISTORIES = process.env['CHAOS_SOAK'] === 'short' ? 5_000 : 20_000

const baseSeed = inject('seed')

test(`the verdict on each level agrees with its axioms on ${HISTORIES} random histories of lists, in any order of lines`, () => {
  for (let n = 0; n < HISTORIES; n++) agreeOnLists(baseSeed + 2_000_000 + n)
})
