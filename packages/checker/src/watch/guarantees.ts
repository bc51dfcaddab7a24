import { type Faithful, ladderOf } from '../judge/guarantees.ts'
import type { Ladder } from '../verdict/ladder.ts'

/**
 * The guarantees of a stream of changes, after etcd's API guarantees for watches:
 *
 * - filtered: the watch sends only requested changes
 * - ordered: revisions never decrease
 * - unique: no change is sent twice, not even after a resume
 * - atomic: all changes of one revision come in one response
 * - bookmarkable: after progress r, no change up to r is sent any more, and none is missing; progress never decreases
 * - reliable: if changes a < b < c match and a and c were sent, so was b
 * - resumable: a watch started at r begins with the first matching change from r on, or is refused if that change is
 *   compacted
 * - truthful: each event correctly reports the change, the previous value, and whether the key is new
 * - live: every change arrives eventually
 * - future: a watch started beyond the present revision sends nothing older than its start
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

/** `faithful`: all guarantees. */
export type WatchLevel = Faithful | Guarantee

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

export const watchLadder: Ladder<WatchLevel> = ladderOf(
  guarantees,
  // Omits the guarantees whose violation a later event may repair, such as the answer to a write or a late change.
  guarantees.filter((each) => each !== 'truthful' && each !== 'live'),
)
