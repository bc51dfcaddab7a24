import { judgeLongKey } from '@chaosproxy/checker'
import { eachPartOfKey, type History, historyOfTally, operationsByKey, tallyOf } from '@chaosproxy/history'
import type { PackedRecording } from '@chaosproxy/history/files'
import { unjudgedLine } from '@chaosproxy/report'
import { hasReadNothing } from '@chaosproxy/runner'
import type { ApartResult } from './apart-result.ts'
import { roomBeside } from './memory.ts'
import { type CheckSpec, checkOptionsFor } from './options.ts'

// Judges a key with too many operations to unpack at once.

/** Fewer operations than this take less than 100 MB of memory when they are unpacked. */
export const LONG = 500_000

/** The settings for judging keys. `packedBytes` is the memory that all packed operations take. */
export interface Judging {
  readonly file: string
  readonly settings: CheckSpec
  readonly packedBytes?: number | undefined
  readonly leftMs: () => number
}

/** Whether a reply was not understood, so that its operation may have taken effect. */
export const isUnclear = (history: History): boolean => unjudgedLine({ ...history, marks: [], passedOn: [] }) !== ''

/**
 * Judges the keys of a place (a group of keys, see `Dealing`) that have at least `least` operations. Leaves out keys
 * that can be judged only once all their operations are unpacked.
 */
export function judgeLongKeys(
  { rest, packed }: PackedRecording,
  place: number,
  { file, settings, packedBytes = 0, leftMs }: Judging,
  least: number,
): ReadonlyMap<string, ApartResult> {
  const found = new Map<string, ApartResult>()
  const rows = packed.reduce((sum, each) => sum + (each.rows[place]?.count ?? 0), 0)
  if (rows < least) return found
  const history = historyOfTally(rest, tallyOf(packed.map(({ counted }) => counted)))
  for (const [key, operations] of operationsByKey(packed, place)) {
    if (operations < least) continue
    const eachPart: Parameters<typeof judgeLongKey>[0]['eachPart'] = (take) =>
      eachPartOfKey(rest, packed, { place, key }, (part) => !isUnclear(part) && !hasReadNothing(part) && take(part))
    const memoryBytes = roomBeside(settings.memoryBytes, packedBytes)
    const options = { ...checkOptionsFor(file, history, settings, leftMs()), memoryBytes }
    const answer = judgeLongKey({ key: key === '' ? null : key, operations, eachPart }, history, options)
    // At least two values were written to each key that is judged here. So each of its reads could have returned a
    // wrong value.
    if (answer !== undefined)
      found.set(key, {
        answer,
        signs: { hasNews: answer.result === 'met', leavesOut: false },
      })
  }
  return found
}
