import { millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { check } from '../../src/check/check.ts'
import { guarantees, streamLadder } from '../../src/stream/guarantees.ts'
import { atLeast, many, manyOf } from '../many.ts'
import { drawn, eventsOf, judged, keptOf, type Operation } from '../stream-orders.ts'

// Compares the verdicts of `check` on small histories of concurrent clients with a brute-force search. For each
// guarantee, the search tries every order of the operations until the specification permits one (see `keptOf`).

const resultsOf = (operations: readonly Operation[]): { readonly [level: string]: string } => {
  const { levels } = check(smallHistory(eventsOf(operations)), {
    ...{ model: 'stream', levels: streamLadder.levels, initial: null, failedCas: 'drop', memoryBytes: 1e9 },
    ...{ deadlineMs: millis(60_000), now: () => millis(0) },
  })
  return Object.fromEntries(guarantees.map((each) => [each, levels[each]?.result ?? '']))
}

const listed = (operations: readonly Operation[]): string =>
  eventsOf(operations)
    .map((each) => JSON.stringify(each))
    .join('\n')

test(`the verdicts on streams agree with a brute-force search for an order on ${manyOf(40_000)} small histories`, () => {
  const counts = new Map<string, number>()
  for (let seed = 1; seed <= many(40_000); seed++) {
    const operations = drawn(seed, { operations: 5 + (seed % 3), lies: 6, values: 1 + (seed % 4) })
    const results = resultsOf(operations)
    const kept = keptOf(operations)
    for (const guarantee of judged) {
      const result = results[guarantee] ?? ''
      if (result === (kept.includes(guarantee) ? 'violated' : 'met'))
        expect.fail(`seed ${seed}, ${guarantee}: ${result}\n${listed(operations)}`)
      counts.set(`${guarantee} ${result}`, (counts.get(`${guarantee} ${result}`) ?? 0) + 1)
    }
  }
  if (process.env['SHOW'] !== undefined) console.log(counts)
  for (const guarantee of judged)
    for (const result of ['met', 'violated'])
      expect(counts.get(`${guarantee} ${result}`) ?? 0, `${guarantee} ${result}`).toBeGreaterThan(atLeast(200))
})

test(`check finds no violation in ${manyOf(20_000)} histories of a correct log with concurrent clients`, () => {
  for (let seed = 1; seed <= many(20_000); seed++) {
    const operations = drawn(seed, { operations: 10 + (seed % 30), lies: 0, values: 1 + (seed % 4) })
    const results = resultsOf(operations)
    const broken = guarantees.filter((each) => results[each] === 'violated')
    if (broken.length > 0) expect.fail(`seed ${seed}: ${broken.join()}\n${listed(operations)}`)
  }
})
