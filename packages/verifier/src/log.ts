import { isList, listOf, textOf, textsOf } from './history.ts'
import { type Entry, everything, type Model, objectsOf } from './model.ts'
import { unknownFunction } from './objects.ts'
import { isObject, type Json, refuse, undecided } from './proof.ts'

/**
 * A log (Kafka's, Kreps et al. 2011): an append returns the offset of its value, and a read returns the values from an
 * offset on, up to a limit. Offsets increase. In a dense log, an entry's offset is the number of entries before it. If
 * some entries of a dense log are left out, the rest is a log that is not dense. The model stores an entry with its
 * least and greatest possible offset.
 */
export const logModel = (isDense: boolean): Model => ({
  family: 'elements',
  view(operation) {
    const { f, outcome, input, answer = null, line } = operation
    if (f === 'append' || f === 'send') {
      if (isPair(input))
        undecided(`line ${line}: the verifier does not cover a value that may be taken for an entry of a log`)
      return outcome === 'fail'
        ? []
        : [{ kind: 'place', element: textOf(input), offset: offsetOf(outcome === 'ok' ? answer : null, input, line) }]
    }
    if (f !== 'read' && f !== 'poll') return unknownFunction(operation)
    if (outcome !== 'ok') return []
    const { offset: from = 0, limit = null } = isObject(input) ? input : { offset: input ?? 0 }
    if (typeof from !== 'number' || (limit !== null && typeof limit !== 'number'))
      return refuse(`line ${line}: a read must begin at an offset`)
    const entries = listOf(answer).map((each, at): Entry => {
      const [offset, value] = isPair(each) ? each : [isDense ? from + at : undefined, each]
      return { element: textOf(value), offset: offset === undefined ? undefined : exact(offset, line) }
    })
    return [{ kind: 'range', from: exact(from, line), limit: limit ?? Number.POSITIVE_INFINITY, entries }]
  },
  start: (initial, counts) =>
    objectsOf(
      () => {
        if (listOf(initial()).some(isPair)) undecided('a pair in the initial log may be an entry or only its value')
        return textsOf(initial())
          .filter(counts)
          .map((element) => ({ element, least: 0, most: MOST }))
      },
      (held, action) => {
        const isNumbered = isDense && counts === everything
        const bound = (at: number, least: number, most: number): void => {
          const entry = held[at]
          if (entry === undefined) return
          entry.least = Math.max(entry.least, least)
          entry.most = Math.min(entry.most, most)
        }
        if (action.kind === 'place') {
          const { element, offset } = action
          if (!counts(element)) return true
          if (isNumbered && offset !== undefined && offset !== held.length) return false
          held.push({ element, least: offset ?? 0, most: offset ?? MOST })
          return mayIncrease(held)
        }
        if (action.kind !== 'range' || action.entries.length > action.limit) return false
        const { from, limit } = action
        const read = action.entries.filter(({ element }) => counts(element))
        const isFull = action.entries.length === limit
        // After a read that returned `limit` entries, the log may contain further entries. If, in addition, none of the
        // returned entries counts (see `counts`), the read proves nothing: the entries that count may be elsewhere.
        if (isFull && read.length === 0) return true
        const isAt = (at: number): boolean => read.every(({ element }, n) => held[at + n]?.element === element)
        const mayBegin = (at: number): boolean =>
          (held[at]?.most ?? MOST) >= from && (held[at - 1]?.least ?? -1) < from && isAt(at)
        const places = isFull ? [...held.keys()].filter(mayBegin) : [held.length - read.length].filter(isAt)
        const [place = -1] = places
        if (isNumbered && read.some(({ offset }, n) => offset !== undefined && offset !== place + n)) return false
        if (places.length > 1)
          undecided('the verifier does not cover a read whose answer fits at several places of a log')
        if (place < 0 || (isNumbered && place !== Math.min(from, held.length))) return false
        bound(place - 1, 0, from - 1)
        bound(place, from, MOST)
        for (const [n, { offset }] of read.entries()) if (offset !== undefined) bound(place + n, offset, offset)
        return mayIncrease(held)
      },
    ),
})

const MOST = Number.MAX_SAFE_INTEGER

/** Returns whether offsets can be chosen within their bounds so that they increase. */
function mayIncrease(held: readonly { readonly least: number; readonly most: number }[]): boolean {
  let last = -1
  return held.every(({ least, most }) => {
    last = Math.max(last + 1, least)
    return last <= most
  })
}

const isPair = (json: Json): json is readonly [number, Json] =>
  isList(json) && json.length === 2 && typeof json[0] === 'number'

const exact = (offset: number, line: number): number =>
  Number.isSafeInteger(offset) && offset >= 0
    ? offset
    : undecided(`line ${line}: the verifier does not cover the offset ${offset}`)

/** Returns the offset in an answer. A completion that only repeats its invocation has none. */
function offsetOf(answer: Json, input: Json, line: number): number | undefined {
  if (isPair(answer)) return exact(answer[0], line)
  if (answer === null || (typeof answer !== 'number' && textOf(answer) === textOf(input))) return undefined
  if (typeof answer === 'number' && answer !== input) return exact(answer, line)
  return undecided(`line ${line}: ${textOf(answer)} may be an offset or a value`)
}
