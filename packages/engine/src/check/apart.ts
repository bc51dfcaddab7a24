import { type ApartAnswer, decidedByStart, judgeApart, type ShareOptions } from '@chaosproxy/checker'
import { type History, historyOfPlace } from '@chaosproxy/history'
import type { PackedRecording } from '@chaosproxy/history/files'
import { signsOf } from '@chaosproxy/runner'
import { type ApartResult, together } from './apart-result.ts'
import { isUnclear, type Judging, judgeLongKeys, LONG } from './long-key.ts'
import { heldBytesOf, roomBeside } from './memory.ts'
import { checkOptionsFor } from './options.ts'

/**
 * Judges the keys in some groups of keys (places) of a recording. The caller makes the findings that need all keys.
 *
 * @throws UserError as `judgeApart` does.
 */
export function judgePlaces(
  { rest, packed }: PackedRecording,
  places: readonly number[],
  { file, settings, packedBytes = 0, leftMs }: Judging,
  long: number = LONG,
): ApartResult {
  const results: ApartResult[] = []
  for (const place of places) {
    const judged = judgeLongKeys({ rest, packed }, place, { file, settings, packedBytes, leftMs }, long)
    results.push(...judged.values())
    const history = historyOfPlace(rest, packed, place, new Set(judged.keys()))
    if (history.operations.length === 0) continue
    const memoryBytes = roomBeside(settings.memoryBytes, packedBytes + heldBytesOf(history))
    const options = {
      ...checkOptionsFor(file, history, settings, leftMs()),
      ...{ memoryBytes, explain: false, staleness: false },
    }
    const answer = whole(history, options) ?? judgeApart(history, options)
    results.push({ answer, signs: signsOf(history) })
    // All keys of the recording must be judged together, so the remaining keys need not be judged separately.
    if (answer.result === 'whole') break
  }
  return together(results)
}

/** Returns why these keys cannot be judged separately; undefined if they can. */
function whole(history: History, options: ShareOptions): ApartAnswer | undefined {
  if (isUnclear(history)) return { result: 'whole', why: 'answers were not understood' }
  return decidedByStart(history, options).length > 0 ? { result: 'whole', why: 'its start decides' } : undefined
}
