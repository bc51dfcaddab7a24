import type { Ladder } from '../levels/ladder.ts'

/**
 * What a stream of changes must keep, after etcd's API guarantees for watches:
 *
 * - filtered: it sends only what was asked for
 * - ordered: never a revision after a higher one
 * - unique: no change twice, not across a resume either
 * - atomic: all changes of one revision come in one response
 * - bookmarkable: after progress r nothing up to r comes or is missing; progress never falls
 * - reliable: of a < b < c that match, a and c imply b
 * - resumable: started at r, it begins with the first matching change from r on, or is refused if that is compacted
 * - truthful: what it says was changed, was there before and is new was so
 * - live: in the end everything arrives
 * - future: started beyond the present, it sends nothing older than its start
 */
export const guarantees = [
  'filtered',
  'ordered',
  'unique',
  'atomic',
  'bookmarkable',
  'reliable',
  'resumable',
  'truthful',
  'live',
  'future',
] as const

export type Guarantee = (typeof guarantees)[number]

/** `faithful`: all of them. */
export type WatchLevel = 'faithful' | Guarantee

/** What is wrong with a watch that does not keep it, for a headline. */
export const faults: { readonly [guarantee in Guarantee]: string } = {
  filtered: 'sends what was not asked for',
  ordered: 'goes back in time',
  unique: 'repeats changes',
  atomic: 'splits revisions',
  bookmarkable: 'reports progress wrongly',
  reliable: 'leaves gaps',
  resumable: 'skips changes at its start',
  truthful: 'tells what was not so',
  live: 'gets stuck',
  future: 'sends what is older than its start',
}

export const watchLadder: Ladder<WatchLevel> = {
  levels: ['faithful', ...guarantees],
  implied: {
    faithful: guarantees,
    ...(Object.fromEntries(guarantees.map((each) => [each, []])) as unknown as {
      readonly [each in Guarantee]: readonly WatchLevel[]
    }),
  },
  apart: [],
}
