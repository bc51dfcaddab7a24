import { canonical, type History, type Json } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import type { Specification } from '../judge/model.ts'
import { type Budget, ticking } from '../limits/budget.ts'
import type { ObjectModel } from '../object/model/object-model.ts'
import type { Part } from '../object/model/part.ts'
import { type FastAnswer, LEFT_OUT, NOT_APPLICABLE, orderBySlots, violated } from '../object/model/slots.ts'
import { placeEarly } from './early.ts'
import {
  APPEND,
  entriesAtFirst,
  entriesIn,
  logNumbers,
  offsetsIn,
  offsetsOf,
  READ,
  type ReadEntry,
  rangeOf,
  readOf,
  readRange,
  readsOf,
} from './operations.ts'

export const dense: Pick<ObjectModel, 'rule' | 'specification' | 'fast' | 'simulate'> = {
  rule: 'offsets have no gaps, and each holds one value for all',
  specification,
  fast,
  simulate,
}

function specification(initial: Json, history?: History): Specification<readonly string[]> {
  const start = entriesAtFirst(initial).map((value) => canonical(value))
  const offsetOf = offsetsIn(history)
  const entriesOf = entriesIn(history)
  return {
    initial: start,
    step: (entries, operation) => {
      const { f, value, output } = operation
      if (logNumbers[f] === APPEND) {
        const offset = offsetOf(value, output)
        return offset === undefined || offset === entries.length ? [[...entries, JSON.stringify(value)]] : []
      }
      const { from, limit } = rangeOf(operation)
      const read = readOf(entriesOf, output)
      const there = entries.slice(from, limit === undefined ? undefined : from + limit)
      const isThere = ({ value, offset }: ReadEntry, at: number): boolean =>
        JSON.stringify(value) === there[at] && (offset ?? from + at) === from + at
      const same = read.length === there.length && read.every(isThere)
      return same ? [entries] : []
    },
    key: (entries) => entries.join(' '),
  }
}

/**
 * Decides logs with known offsets. Apart from sorting, the time is linear in the size of the reads.
 *
 * An offset is known if the append returned it, or if a read shows the value of an append of unknown outcome. Offsets
 * give the order of the appends. A read comes after the last append whose entry it returned. If it did not reach its
 * limit, it also comes before the next append. An empty read comes at any time before the append at its offset. The
 * append of unknown outcome that was called first gets the first unknown offset, which is the earliest possible choice.
 */
function fast(part: Part, initial: Json, budget: Budget): FastAnswer {
  const { length, f } = part
  if (entriesAtFirst(initial).length > 0) return NOT_APPLICABLE
  const offsetAt = offsetsOf(part)
  const readAt = readsOf(part)
  const appendAt = new Map<number, number>()
  const unknown = new Map<number, number>()
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] !== APPEND) continue
    if (part.returns[i] === NEVER) {
      if (unknown.has(part.input[i])) return NOT_APPLICABLE
      unknown.set(part.input[i], i)
      continue
    }
    const offset = offsetAt(i)
    if (offset === undefined) return NOT_APPLICABLE
    const other = appendAt.get(offset)
    if (other !== undefined) return violated([other, i])
    appendAt.set(offset, i)
  }
  const slot = new Int32Array(length).fill(LEFT_OUT)
  const loose = new Uint8Array(length)
  const early: number[] = []
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] !== READ) continue
    const { from, limit } = readRange(part, i)
    const read = readAt(i)
    if (limit !== undefined && read.length > limit) return violated([i])
    for (const [at, { value, offset = from + at }] of read.entries()) {
      budget.tick()
      if (offset !== from + at) return violated([i])
      const id = part.history.values.id(value)
      const append = appendAt.get(from + at)
      if (append !== undefined) {
        if (part.input[append] !== id) return violated([append, i])
        continue
      }
      const unseen = unknown.get(id)
      if (unseen === undefined) return violated([i])
      unknown.delete(id)
      appendAt.set(from + at, unseen)
    }
    loose[i] = limit !== undefined && read.length === limit ? 1 : 0
    slot[i] = read.length === 0 && limit === 0 ? 0 : 2 * (from + read.length)
    if (read.length === 0 && loose[i] === 0 && from > 0) early.push(i)
  }
  const unseen = [...unknown.values()].sort(ticking((a, b) => part.calls[b] - part.calls[a], budget))
  for (let offset = 0; offset < appendAt.size; offset++) {
    budget.tick()
    const append = appendAt.get(offset) ?? unseen.pop()
    if (append === undefined) return violated([...appendAt.values()])
    appendAt.set(offset, append)
    slot[append] = 2 * offset + 1
  }
  return placeEarly(part, early, slot, budget) ?? orderBySlots(part, slot, loose, budget)
}

function simulate(part: Part, initial: Json): (i: number) => boolean {
  const { values } = part.history
  const offsetAt = offsetsOf(part)
  const readAt = readsOf(part)
  const entries: number[] = entriesAtFirst(initial).map((value) => values.id(value))
  return (i) => {
    if (part.f[i] === APPEND) {
      const offset = offsetAt(i)
      entries.push(part.input[i])
      return offset === undefined || offset === entries.length - 1
    }
    const { from, limit = entries.length } = readRange(part, i)
    const read = readAt(i)
    const there = entries.slice(from, from + limit)
    const isThere = ({ value, offset }: ReadEntry, at: number): boolean =>
      values.id(value) === there[at] && (offset ?? from + at) === from + at
    return read.length === there.length && read.every(isThere)
  }
}
