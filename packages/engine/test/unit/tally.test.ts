import type { Reason } from '@chaosproxy/checker'
import { millis } from '@chaosproxy/history'
import { noEvidence, type SearchResult, type SeedFailure } from '@chaosproxy/simulator'
import { expect, test } from 'vitest'
import { doubtsOf } from '../../src/search/in-parallel.ts'
import { followRanges } from '../../src/search/searched-ranges.ts'
import { createTally } from '../../src/search/tally.ts'

const failing = (seed: number): SeedFailure => ({
  seed,
  strategy: 'uniform',
  failure: { kind: 'violation', level: 'linearizable', sentence: 'a read was stale' },
  scenario: {} as SeedFailure['scenario'],
})
const result = (...seeds: number[]): SearchResult => ({
  ...{ trials: 64, steps: 9, evidence: noEvidence, findings: seeds.map(failing) },
  tried: { uniform: { trials: 64, found: seeds.length } },
  interesting: seeds,
})

test('the combined result of ranges does not depend on their order, or on a save between two of them', () => {
  const results = [result(3, 9), result(70), result(), result(200, 201)]
  const forward = createTally()
  for (const each of results) forward.add(each)
  const before = createTally()
  for (const each of results.slice(2)) before.add(each)
  const continued = createTally(JSON.parse(JSON.stringify(before.state())))
  for (const each of results.slice(0, 2)) continued.add(each)
  expect(continued.state()).toEqual(forward.state())
  expect(forward.state().sum).toMatchObject({ trials: 256, tried: { uniform: { trials: 256, found: 5 } } })
})

test('a search reports each reason for undecided histories once, with its lowest seed, in any order of the ranges', () => {
  const undecided = (seed: number, kind: Reason['kind'], text: string): SearchResult => ({
    ...result(),
    evidence: { missing: [], undecided: 1, reasons: [{ seed, reason: { kind, text } }] },
  })
  const unread = [11, 12, 13].map((seed) => undecided(seed, 'record', `nobody polled up to ${seed}`))
  const doubts = (results: readonly SearchResult[]) => {
    const tally = createTally()
    for (const each of results) tally.add(each)
    const { sum, lost } = tally.state()
    return doubtsOf({ ...sum, lost, times: new Map(), elapsedMs: millis(1) })
  }
  const [first] = doubts([...unread, undecided(9, 'record', 'nobody polled up to 12')])
  expect(first).toBe(
    '4 of 256 histories could not be judged: nobody polled up to 12 (seed 9); nobody polled up to 11 (seed 11); nobody polled up to 13 (seed 13)',
  )
  const slow = [undecided(7, 'time', 'out of time'), undecided(3, 'time', 'out of time'), ...unread]
  expect(doubts(slow)).toEqual(doubts(slow.toReversed()))
  expect(doubts(slow)).toEqual([
    expect.stringContaining('out of time (seed 3); nobody polled up to 11 (seed 11)'),
    'with fewer --operations, a history takes less time and memory',
  ])
  expect(doubts(unread)).toHaveLength(1)
})

test('a tally keeps the hundred lowest seeds of a cause, and counts all failures', () => {
  const tally = createTally()
  for (let seed = 300; seed > 0; seed--) tally.add(result(seed))
  const { sum, times } = tally.state()
  expect(sum.findings.map(({ seed }) => seed)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1))
  expect(times).toEqual([['not linearizable', 300]])
})

test('the counts that a tally updates incrementally equal the counts in its state', () => {
  const first = createTally()
  for (const each of [result(200, 9), result(70), result()]) first.add(each)
  for (const tally of [first, createTally(first.state())]) {
    const { sum, times } = tally.state()
    expect([tally.trials(), tally.causes()]).toEqual([sum.trials, times.length])
    expect([9, 10].map(tally.failedBefore)).toEqual([false, true])
    expect([tally.interestingBefore(200, 16), tally.interestingBefore(201, 2)]).toEqual([
      [9, 70],
      [70, 200],
    ])
  }
})

test('the saved state of a search includes ranges that finished out of order', () => {
  const ranges = followRanges(64, { next: 1, beyond: [] })
  for (const range of [129, 1, 321]) ranges.add(range)
  expect(ranges.state()).toEqual({ next: 65, beyond: [129, 321] })
  const continued = followRanges(64, ranges.state())
  continued.add(65)
  expect([1, 65, 129, 193, 321].map(continued.has)).toEqual([true, true, true, false, true])
  expect(continued.state()).toEqual({ next: 193, beyond: [321] })
})
