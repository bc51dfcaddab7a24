import { type Counterexample, wordsOfLevel } from '@chaosproxy/checker'
import { historyFromEvents } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { whyTitle } from '../../src/facts/violation-words.ts'

test.each([
  ['x', 'key "x"'],
  ['"1"', 'key "1"'],
])('the title of a violation quotes its key once: %s', (key, named) => {
  const history = historyFromEvents([{ process: 0, type: 'invoke', f: 'read', key: 'x' }])
  const counterexample = { level: 'linearizable', operations: [], keys: [key] } as unknown as Counterexample
  expect(whyTitle(history, { counterexample, others: [] } as never)).toMatch(new RegExp(`, ${named}$`))
})

test('the meaning of the level "declared" has no full stop, like the meanings of the other levels', () => {
  expect(wordsOfLevel('declared')?.sentence).toMatch(/^each .*[^.]$/)
})
