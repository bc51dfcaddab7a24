import { canonical, type History, type Json } from '@chaosproxy/history'
import type { ObjectOperation, Specification } from '../judge/model.ts'
import type { ObjectModel } from '../object/model/object-model.ts'
import type { Part } from '../object/model/part.ts'
import { append, copyOf, type Entries, noteRead, placesOf, type Reading } from './entries.ts'
import { fast } from './fast.ts'
import {
  APPEND,
  type EntriesOf,
  entriesAtFirst,
  entriesIn,
  logNumbers,
  offsetsIn,
  offsetsOf,
  rangeOf,
  readOf,
  readRange,
  readsOf,
} from './operations.ts'

export const sparse: Pick<ObjectModel, 'rule' | 'specification' | 'fast' | 'simulate'> = {
  rule: 'offsets increase, and each holds one value for all',
  specification: (initial, history) => sparseFrom(initial, history, false),
  fast,
  simulate,
}

/** `isOpen`: unknown entries may precede the initial ones. */
export function sparseFrom(
  initial: Json,
  history: History | undefined,
  isOpen: boolean,
): Specification<Entries<string>> {
  const offsetOf = offsetsIn(history)
  const entriesOf = entriesIn(history)
  return {
    initial: beginning(entriesAtFirst(initial).map(canonical), isOpen),
    step: (known, operation) => {
      if (logNumbers[operation.f] === APPEND) {
        const after = copyOf(known)
        const { value, output } = operation
        return append(after, JSON.stringify(value), offsetOf(value, output)) ? [after] : []
      }
      const reading = readingOf(operation, entriesOf)
      return placesOf(known, reading).flatMap((place) => {
        const after = copyOf(known)
        return noteRead(after, reading, place) ? [after] : []
      })
    },
    key: ({ values, least, most, isOpen: open }) => `${open} ${values.join(' ')} ${least.join(' ')} ${most.join(' ')}`,
  }
}

function beginning<Value>(values: readonly Value[], isOpen: boolean): Entries<Value> {
  const entries: Entries<Value> = { values: [], least: [], most: [], isOpen }
  for (const value of values) append(entries, value, undefined)
  return entries
}

function readingOf(operation: ObjectOperation, entriesOf: EntriesOf): Reading<string> {
  const read = readOf(entriesOf, operation.output)
  const { from, limit = Number.POSITIVE_INFINITY } = rangeOf(operation)
  return { from, limit, entries: read.map(({ value, offset }) => ({ value: JSON.stringify(value), offset })) }
}

function simulate(part: Part, initial: Json): (i: number) => boolean {
  const { values } = part.history
  const offsetAt = offsetsOf(part)
  const readAt = readsOf(part)
  const known = beginning(
    entriesAtFirst(initial).map((value): number => values.id(value)),
    false,
  )
  return (i) => {
    if (part.f[i] === APPEND) return append(known, part.input[i], offsetAt(i))
    const { from, limit = Number.POSITIVE_INFINITY } = readRange(part, i)
    const entries = readAt(i).map(({ value, offset }) => ({ value: values.id(value), offset }))
    const reading = { from, limit, entries }
    const [place, another] = placesOf(known, reading)
    if (place === undefined) return false
    // A read with several possible places proves nothing.
    return another !== undefined || noteRead(known, reading, place)
  }
}
