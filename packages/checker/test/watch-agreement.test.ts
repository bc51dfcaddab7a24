import type { Json } from '@chaosproxy/history'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { guarantees } from '../src/watch/guarantees.ts'
import { broken, del, judge, put, txn, watch, watched } from './watches.ts'

// The checker against the guarantees as they are defined, each tried on all pairs and triples: cubic, and plain.

interface Told {
  revision: number
  key: string
  value?: number
}
type Response = { events: Told[] } | { progress: number }

const KEYS = ['x', 'y']

/** By revision from 2 on: what was done. */
const writes = fc.array(
  fc.oneof(
    fc.constantFrom('x', 'y').map((key) => ({ [key]: true })),
    fc.constantFrom('x', 'y').map((key) => ({ [key]: false })),
    fc.constant({ x: true, y: true }),
  ),
  { minLength: 1, maxLength: 7 },
)

type Changes = { readonly [key: string]: number | undefined }

function changesOf(drawn: readonly { readonly [key: string]: boolean }[]): Map<number, Changes> {
  return new Map(
    drawn.map((write, i) => [
      i + 2,
      Object.fromEntries(Object.entries(write).map(([key, isPut], k) => [key, isPut ? 10 * (i + 2) + k : undefined])),
    ]),
  )
}

interface Mutation {
  readonly what: 'drop' | 'swap' | 'repeat' | 'split' | 'join' | 'lie' | 'progress'
  readonly at: number
  readonly to: number
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  what: fc.constantFrom('drop', 'swap', 'repeat', 'split', 'join', 'lie', 'progress'),
  at: fc.nat(8),
  to: fc.nat(10),
})

/** What a right watch sends, a response for each revision. */
function rightly(all: ReadonlyMap<number, Changes>, from: number, key: string | undefined): Response[] {
  return [...all]
    .filter(([revision]) => revision >= from)
    .map(([revision, changes]) => ({
      events: Object.entries(changes)
        .filter(([name]) => key === undefined || name === key)
        .map(([name, value]) => (value === undefined ? { revision, key: name } : { revision, key: name, value })),
    }))
    .filter(({ events }) => events.length > 0)
}

function mutated(responses: Response[], { what, at, to }: Mutation): void {
  const i = at % Math.max(1, responses.length)
  const response = responses[i]
  if (what === 'progress') {
    responses.splice(at % (responses.length + 1), 0, { progress: to })
    return
  }
  if (response === undefined || !('events' in response)) return
  const first = response.events[0]
  const j = to % responses.length
  switch (what) {
    case 'drop':
      response.events.shift()
      if (response.events.length === 0) responses.splice(i, 1)
      break
    case 'swap':
      ;[responses[i], responses[j]] = [responses[j] ?? response, response]
      break
    case 'repeat':
      responses.splice(j, 0, { events: response.events.map((event) => ({ ...event })) })
      break
    case 'split':
      if (response.events.length > 1) responses.splice(i + 1, 0, { events: response.events.splice(1) })
      break
    case 'join': {
      const next = responses[i + 1]
      if (next !== undefined && 'events' in next) {
        response.events.push(...next.events)
        responses.splice(i + 1, 1)
      }
      break
    }
    case 'lie':
      if (first !== undefined) first.value = 999
      break
  }
}

interface Case {
  readonly all: ReadonlyMap<number, Changes>
  readonly from: number
  readonly present: number
  readonly key: string | undefined
  readonly responses: readonly Response[]
}

type Flat = (Told & { readonly at: number }) | { readonly at: number; readonly progress: number }

/** The definitions. */
function naively({ all, from, present, key, responses }: Case): string[] {
  const flat = responses.flatMap((response, at): Flat[] =>
    'events' in response ? response.events.map((event) => ({ ...event, at })) : [{ at, progress: response.progress }],
  )
  const told = (upTo: number) =>
    flat.slice(0, upTo).filter((each) => !('progress' in each)) as (Told & { at: number })[]
  const isIn = (name: string) => key === undefined || name === key
  const matching = [...all.keys()].filter((r) => Object.keys(all.get(r) ?? {}).some(isIn) && r >= from)
  const sent = new Set(told(flat.length).map(({ revision }) => revision))
  const found = new Set<string>()
  const claimed = new Set<number>()
  flat.forEach((each, i) => {
    const before = told(i)
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
    // By the end of the response all of the revision has come.
    const upToHere = told(flat.findLastIndex((other) => other.at === each.at) + 1).filter(
      (other) => other.revision === revision,
    )
    if (Object.keys(change ?? {}).some((other) => isIn(other) && !upToHere.some((event) => event.key === other)))
      found.add('atomic')
  })
  return guarantees.filter((each) => found.has(each))
}

test('the judge of watches agrees with the definitions on correct watches and on broken ones', {
  timeout: 60_000,
}, () => {
  let wrong = 0
  fc.assert(
    fc.property(
      fc.record({
        drawn: writes,
        from: fc.integer({ min: 2, max: 6 }),
        present: fc.integer({ min: 1, max: 8 }),
        key: fc.constantFrom(undefined, ...KEYS),
        mutations: fc.array(mutation, { maxLength: 3 }),
      }),
      ({ drawn, from, present, key, mutations }) => {
        const all = changesOf(drawn)
        const responses = rightly(all, from, key)
        if (mutations.length === 0) expect(naively({ all, from, present, key, responses })).toEqual([])
        for (const each of mutations) mutated(responses, each)
        const expected = naively({ all, from, present, key, responses })
        const lines = [...all].map(([revision, changes]) => {
          const [[name, value] = ['x', undefined], ...more] = Object.entries(changes)
          if (more.length > 0) return txn(revision, changes as { [key: string]: Json })
          return value === undefined ? del(revision, name) : put(revision, name, value)
        })
        const asked = watch(1, present, { from, ...(key === undefined ? {} : { key }) })
        const report = judge(...lines, asked, watched(1, ...(responses as unknown as Json[])))
        if (expected.length > 0) wrong++
        expect(broken(report)).toEqual(expected)
      },
    ),
    { numRuns: 1500, seed: 1 },
  )
  expect(wrong).toBeGreaterThan(100)
})
