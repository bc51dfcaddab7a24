import { millis } from '@chaosproxy/history'
import { noEvidence } from '@chaosproxy/simulator'
import { expect, test } from 'vitest'
import type { SearchState } from '../../src/search/in-parallel.ts'
import { doubtsOf, type Searcher, searchInParallel } from '../../src/search/in-parallel.ts'

const GENERATION = 4_096

/**
 * Returns a fake searcher. In each range of seeds, only the first seed is interesting. This seed also determines after
 * how many microtasks the range ends.
 */
function searching(width: number, more: Partial<Searcher> = {}) {
  const begun = new Map<number, readonly number[]>()
  const searcher: Searcher = {
    width,
    generation: GENERATION,
    async range(first, count, interesting) {
      begun.set(first, interesting)
      for (let turns = (first * 7) % (width * 3); turns > 0; turns--) await undefined
      const found = { findings: [], tried: {}, interesting: [first] }
      return { type: 'done', value: { trials: count, steps: 1, evidence: noEvidence, ...found } }
    },
    stuck: () => Promise.reject(new Error('nothing is stuck')),
    ...more,
  }
  return { searcher, begun }
}

const terms = { firstSeed: 1, limit: { seeds: 4 * GENERATION }, keepGoing: true }
const hooks = { listener: () => {}, interrupted: new AbortController().signal }

test('the earlier seeds that a range of seeds varies do not depend on the number of parallel ranges', async () => {
  const [alone, many] = [searching(1), searching(64)]
  await searchInParallel(alone.searcher, terms, hooks)
  await searchInParallel(many.searcher, terms, hooks)
  expect(new Map([...many.begun].sort(([one], [other]) => one - other))).toEqual(alone.begun)
})

test('a range of seeds varies the newest seeds with new coverage that precede the previous block of 4,096 seeds', async () => {
  const { searcher, begun } = searching(8)
  await searchInParallel(searcher, terms, hooks)
  expect([begun.get(1), begun.get(1 + GENERATION)]).toEqual([[], []])
  const of = (generation: number) => begun.get(1 + generation * GENERATION + 64 * 5)
  const until = (end: number) => Array.from({ length: 16 }, (_, n) => end - (16 - n) * 64)
  expect([of(2), of(3)]).toEqual([until(1 + GENERATION), until(1 + 2 * GENERATION)])
})

test('a resumed search varies the same seeds as the search that it continues', async () => {
  const { searcher, begun } = searching(8)
  let halfway: SearchState | undefined
  const reached = (state: () => SearchState) => {
    const { ranges } = state()
    if (halfway === undefined && ranges.next > 2 * GENERATION) halfway = JSON.parse(JSON.stringify(state()))
  }
  await searchInParallel(searcher, terms, { ...hooks, reached })
  const continued = searching(3)
  await searchInParallel(continued.searcher, terms, { ...hooks, before: halfway })
  expect(continued.begun.size).toBeGreaterThan(100)
  for (const [first, interesting] of continued.begun) expect(interesting).toEqual(begun.get(first))
})

test('a search that does not vary earlier seeds starts every range of seeds before the first range ends', async () => {
  const { searcher, begun } = searching(8, { generation: undefined })
  const range: Searcher['range'] = async (first, count, interesting) => {
    const end = searcher.range(first, count, interesting)
    // The first range ends after all others.
    while (first === 1 && begun.size < (4 * GENERATION) / 64) await new Promise((resolve) => setImmediate(resolve))
    return end
  }
  expect((await searchInParallel({ ...searcher, range }, terms, hooks)).trials).toBe(4 * GENERATION)
})

test('an interrupted search ends even if later seeds still wait for the results of an unfinished range', async () => {
  const ending = new AbortController()
  const { searcher, begun } = searching(200)
  const range: Searcher['range'] = (first, count, interesting) => {
    if (first !== 1 + 64) return searcher.range(first, count, interesting)
    return new Promise((resolve) => {
      ending.signal.addEventListener('abort', () => resolve({ type: 'abandoned' }))
    })
  }
  const ended = searchInParallel({ ...searcher, range }, terms, { ...hooks, interrupted: ending.signal })
  // Wait until all ranges of 64 seeds in the first two blocks of `GENERATION` seeds have begun. These are 128 ranges,
  // but `begun` does not record the range from seed 65, which never finishes.
  while (begun.size < 127) await new Promise((resolve) => setImmediate(resolve))
  ending.abort()
  expect((await ended).trials).toBeGreaterThan(100 * 64)
  expect([...begun.keys()].every((first) => first <= 2 * GENERATION)).toBe(true)
})

test('a search doubts its result if its time ended before every strategy had a trial', async () => {
  const doubtsWith = async (tried: readonly string[]) => {
    const interrupted = new AbortController()
    const { searcher } = searching(1, {
      async range(_first, count) {
        interrupted.abort()
        const each = { trials: 1, found: 0 }
        const found = { findings: [], tried: Object.fromEntries(tried.map((name) => [name, each])), interesting: [] }
        return { type: 'done', value: { trials: count, steps: 1, evidence: { ...noEvidence, missing: [] }, ...found } }
      },
    })
    const timed = {
      firstSeed: 1,
      limit: { timeMs: millis(60_000) },
      keepGoing: false,
      strategies: ['a', 'b', 'c', 'a'],
    }
    const withOne = { ...searcher, seedsATask: 1 }
    return doubtsOf(await searchInParallel(withOne, timed, { ...hooks, interrupted: interrupted.signal }))
  }
  expect(await doubtsWith(['a'])).toEqual([
    'the time ended after 1 trial, with no trial of 2 of 3 strategies: give a longer --time, or fewer --operations',
  ])
  expect(await doubtsWith(['a', 'b', 'c'])).toEqual([])
})
