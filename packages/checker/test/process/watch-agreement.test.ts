import fc from 'fast-check'
import { expect, test } from 'vitest'
import { guarantees } from '../../src/watch/guarantees.ts'
import { type Case, caseOf, drawing, linesOf, type WatchEvent } from '../random-watches.ts'
import { broken, judge } from '../watches.ts'

// Compares the checker with plain definitions of the guarantees, which examine all pairs and triples of events in cubic
// time.

type Flat = (WatchEvent & { readonly at: number }) | { readonly at: number; readonly progress: number }

/** The definitions. */
function naively({ all, from, present, key, responses }: Case): string[] {
  const flat = responses.flatMap((response, at): Flat[] =>
    'events' in response ? response.events.map((event) => ({ ...event, at })) : [{ at, progress: response.progress }],
  )
  const changesUpTo = (upTo: number) =>
    flat.slice(0, upTo).filter((each) => !('progress' in each)) as (WatchEvent & { at: number })[]
  const isIn = (name: string) => key === undefined || name === key
  const matching = [...all.keys()].filter((r) => Object.keys(all.get(r) ?? {}).some(isIn) && r >= from)
  const sent = new Set(changesUpTo(flat.length).map(({ revision }) => revision))
  const found = new Set<string>()
  const claimed = new Set<number>()
  flat.forEach((each, i) => {
    const before = changesUpTo(i)
    const bookmarks = flat.slice(0, i).flatMap((other) => ('progress' in other ? [other.progress] : []))
    const unclaimed = (m: number) => !claimed.has(m) && !before.some(({ revision }) => revision > m)
    if ('progress' in each) {
      const { progress } = each
      if (bookmarks.some((other) => other > progress)) found.add('bookmarkable')
      if (before.some(({ revision }) => revision > progress)) found.add('bookmarkable')
      for (const m of matching)
        if (m <= progress && unclaimed(m)) {
          if (!before.some(({ revision }) => revision === m)) found.add('bookmarkable')
          claimed.add(m)
        }
      return
    }
    const { revision, key: name, value } = each
    if (!isIn(name)) found.add('filtered')
    if (revision < from) found.add(from > present ? 'future' : 'filtered')
    if (before.some((other) => other.revision > revision)) found.add('ordered')
    if (before.some((other) => other.revision === revision && other.key === name)) found.add('unique')
    else if (
      before.some((other) => other.revision === revision) &&
      before.find((other) => other.revision === revision)?.at !== each.at
    )
      found.add('atomic')
    if (bookmarks.some((progress) => progress >= revision)) found.add('bookmarkable')
    for (const m of matching)
      if (m < revision && !sent.has(m) && unclaimed(m)) found.add(before.length === 0 ? 'resumable' : 'reliable')
    const change = all.get(revision)
    if (change === undefined || !(name in change) || change[name] !== value) found.add('truthful')
    // A response must contain all changes of a revision.
    const upToHere = changesUpTo(flat.findLastIndex((other) => other.at === each.at) + 1).filter(
      (other) => other.revision === revision,
    )
    if (Object.keys(change ?? {}).some((other) => isIn(other) && !upToHere.some((event) => event.key === other)))
      found.add('atomic')
  })
  return guarantees.filter((each) => found.has(each))
}

test('the verdicts on watches agree with the definitions of the guarantees, for correct and for faulty watches', {
  timeout: 60_000,
}, () => {
  let wrong = 0
  fc.assert(
    fc.property(drawing, (drawn) => {
      const some = caseOf(drawn)
      const expected = naively(some)
      if (drawn.mutations.length === 0) expect(expected).toEqual([])
      const report = judge(...linesOf(some))
      if (expected.length > 0) wrong++
      expect(broken(report)).toEqual(expected)
    }),
    { numRuns: 1500, seed: 1 },
  )
  expect(wrong).toBeGreaterThan(100)
})
