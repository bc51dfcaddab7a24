import { historyFromEvents, type Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { judged, type Line, oneByOne, together } from '../../../checker/test/transactions/judged.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { tellingOf } from '../../src/telling/telling.ts'

// If transactions violate a level, the title of the headline says in plain words what happened to the data. The verdict
// below the title names the level.

const append = (key: string, element: number): Json => ['append', key, element]
const read = (key: string, ...list: number[]): Json => ['r', key, list]
const line = (process: number, ...value: Json[]): Line => [process, value]

test.each([
  [
    'a lost update',
    [
      ...together(line(0, read('x'), append('x', 1)), line(1, read('x'), append('x', 2))),
      ...oneByOne(line(2, read('x', 1, 2))),
    ],
    'Two transactions appended to the same version of a list',
  ],
  [
    'an append to a list that another one had changed blindly',
    [...together(line(0, read('x'), append('x', 2)), line(1, append('x', 1))), ...oneByOne(line(2, read('x', 1, 2)))],
    'A transaction appended to a list that had changed since it read it',
  ],
  [
    'write skew',
    together(line(0, read('x'), append('y', 1)), line(1, read('y'), append('x', 1))),
    'Transactions did not see each other’s changes',
  ],
  [
    'read skew',
    together(line(0, append('x', 1), append('y', 1)), line(1, read('y'), read('x', 1))),
    'A transaction saw half of another’s changes',
  ],
] as const)('the headline of %s states what happened to the data', (_, events, title) => {
  const history = historyFromEvents(events)
  const { headline } = factsOf({ history, report: judged(events) })
  expect([headline.title, headline.verdict]).toEqual([title, 'Not strict serializable'])
})

test('the headline of transactions names the strongest met level and the violated level above it', () => {
  const events = together(line(0, read('x'), append('y', 1)), line(1, read('y'), append('x', 1)))
  const history = historyFromEvents(events)
  const facts = factsOf({ history, report: judged(events), requestedLevel: 'snapshot-isolation' })
  const { what, outcome } = tellingOf(facts, { history })
  expect([outcome, what]).toEqual(['weaker', 'Strong snapshot isolated, not strict serializable'])
})
