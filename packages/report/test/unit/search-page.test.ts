import { millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { type FoundFailure, renderSearch, type SearchSummary } from '../../src/terminal/search-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'

const size = { operations: 60, faults: 2, nodes: 3 }
const failure: FoundFailure = {
  ...{ title: 'not linearizable', sentence: 'a read went back', trace: [], seed: 4, strategy: 'windows', times: 1 },
  ...{ found: size, shrunk: size, steps: [], columns: [], file: undefined, again: 'npx chaos fuzz --seed 4' },
}
const summary: SearchSummary = {
  ...{ subject: 'raft', taken: '', level: 'linearizable', trials: 40, steps: 4_000, elapsedMs: millis(2_000) },
  ...{ shrinkMs: millis(3_000), tried: {}, doubts: [], failures: [failure] },
}

test('the page of a search states the rate of its trials, and the time of shrinking separately', () => {
  const page = renderSearch(summary, plainStyle, { width: 110, unicode: true })
  expect(page).toContain(
    '40 trials in 2.00 s, including startup: 20 trials and 2,000 steps a second; shrinking took 3.00 s',
  )
  expect(renderSearch({ ...summary, failures: [] }, plainStyle, { width: 110, unicode: true })).not.toContain(
    'shrinking took',
  )
})

test('the page of a search first states what users lost in a violation, and last the next step', () => {
  const told = {
    what: 'p0 did not see its own confirmed write',
    answers: [['Next', 'Read from the primary.']],
  } as const
  const page = renderSearch({ ...summary, failures: [{ ...failure, telling: told }] }, plainStyle, {
    width: 110,
    unicode: true,
  })
  expect(page).toMatch(
    /^\s*p0 did not see its own confirmed write\n {2}NOT LINEARIZABLE\n {2}a read went back\n {2}next: Read from the primary\.\n {2}seed 4/,
  )
  const bare = renderSearch({ ...summary, failures: [{ ...failure, telling: { ...told, what: '' } }] }, plainStyle, {
    width: 110,
    unicode: true,
  })
  expect(bare).toMatch(/^\s*NOT LINEARIZABLE\n/)
})

test('the page of a search prints a broken assertion in SQL unchanged', () => {
  const title = `broken: SELECT count(*) = 1 FROM orders WHERE state = 'paid'`
  const page = renderSearch({ ...summary, failures: [{ ...failure, title }] }, plainStyle, {
    width: 110,
    unicode: true,
  })
  expect(page).toContain(`BROKEN: SELECT count(*) = 1 FROM orders WHERE state = 'paid'`)
})
