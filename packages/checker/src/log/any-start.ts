import { type History, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'
import type { ByStart } from '../judge/entry.ts'
import { type AnyStart, guessNothing } from '../object/model/any-start.ts'
import { elementsByStart, type Placed } from '../object/model/elements-by-start.ts'
import { entriesIn, isAppendToLog, offsetsByRow, type ReadEntry, rangeOf } from './operations.ts'
import { sparseFrom } from './sparse.ts'

export const denseLogByStart = (history: History): ByStart =>
  elementsByStart(
    history,
    'log',
    isAppendToLog,
    placedIn(history, ({ from }, read) => read.map(({ offset }, at) => offset ?? from + at)),
  )

const logByStart = (history: History): ByStart =>
  elementsByStart(history, 'log', isAppendToLog, placedIn(history, placesIn(history)))

/** Where the entries that a read returned are; undefined for those of which that is unknown. */
type PlacesOf = (
  asked: { readonly from: number; readonly key: number },
  read: readonly ReadEntry[],
) => readonly (number | undefined)[]

/** The places that appends and reads returned. */
function* placedIn(history: History, placesOf: PlacesOf): Iterable<Placed> {
  const { f, key, outcome, input, returnEvent, length } = history.operations
  const appends = history.functions.map(isAppendToLog)
  const offsetOf = offsetsByRow(history)
  const entriesOf = entriesIn(history)
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK) continue
    const where = { key: key[row], seen: returnEvent[row] }
    if (appends[f[row]]) {
      const offset = offsetOf(row)
      if (offset !== undefined) yield { ...where, at: offset, element: input[row] }
      continue
    }
    const read = entriesOf(outputOf(history, row)) ?? []
    const places = placesOf({ ...rangeOf({ value: inputOf(history, row) }), key: key[row] }, read)
    for (const [n, { value }] of read.entries()) {
      const at = places[n]
      if (at !== undefined) yield { ...where, at, element: history.values.id(value) }
    }
  }
}

/** In a log with gaps a value read without its offset is where its append was; a second one follows it. */
function placesIn(history: History): PlacesOf {
  const { f, key, outcome, input, length } = history.operations
  const offsetOf = offsetsByRow(history)
  const known = new Map<string, number>()
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK || !isAppendToLog(history.functions[f[row]])) continue
    const offset = offsetOf(row)
    if (offset !== undefined) known.set(`${key[row]} ${input[row]}`, offset)
  }
  return (asked, read) => {
    const times = new Map<Json, number>()
    return read.map(({ value, offset }) => {
      if (offset !== undefined) return offset
      const id: number = history.values.id(value)
      const time = times.get(id) ?? 0
      times.set(id, time + 1)
      const place = known.get(`${asked.key} ${id}`)
      return place === undefined ? undefined : place + time / (time + 1)
    })
  }
}

/** Reads reveal the entries that were there at the start, those before known ones first. */
export const logFromAny: AnyStart = {
  specification: (history) => sparseFrom(null, history, true),
  guesses: guessNothing,
  byStart: logByStart,
}
