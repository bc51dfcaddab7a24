import type { Json } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { type Budget, ticking } from '../limits/budget.ts'
import type { Part } from '../object/model/part.ts'
import { type FastAnswer, LEFT_OUT, NOT_APPLICABLE, orderBySlots, violated } from '../object/model/slots.ts'
import { firstWhere } from '../search/halving.ts'
import { placeEarly } from './early.ts'
import { append, type Entries, noteRead } from './entries.ts'
import { APPEND, entriesAtFirst, offsetsOf, READ, readRange, readsOf } from './operations.ts'

/** A read, with the appends whose entries it returned. */
interface Read {
  readonly read: number
  readonly from: number
  readonly limit: number
  readonly appends: readonly number[]
}

interface Seen {
  readonly reads: readonly Read[]
  /**
   * For each append without an offset whose entry some read returned: the index in `Appends.known` of the first later
   * append.
   */
  readonly nextOf: ReadonlyMap<number, number>
}

/**
 * Decides logs whose appends returned their offsets. Apart from sorting, the time is linear in the size of the reads.
 *
 * Appends that returned offsets are ordered by these offsets. An append has no offset if its outcome is unknown or its
 * answer lacks the offset. The entries of a read are contiguous, and each entry belongs to the append of its value. So
 * if a read returned the entry of an append without an offset, the read shows between which known offsets the entry
 * lies.
 *
 * Several entries may lie between the same known offsets although no read shows their order. These entries are sorted
 * by offset bounds: if a read begins at the offset `from` with entry e, all entries before e have offsets less than
 * `from`. The bound of e is the greatest `from` of the reads that begin with e.
 *
 * Each append gets the least possible offset. A read that found nothing shows that no entry was at `from` or later, so
 * the least offsets contradict the fewest of these reads.
 */
export function fast(part: Part, initial: Json, budget: Budget): FastAnswer {
  if (entriesAtFirst(initial).length > 0) return NOT_APPLICABLE
  const appends = appendsOf(part, budget)
  if ('result' in appends) return appends
  const seen = entriesSeen(part, appends, budget)
  if ('result' in seen) return seen
  const entries = inOrder(part, appends, seen, budget)
  if (entries === undefined) return violated([])
  // If an acknowledged append returned no offset, and no read returned its entry, only the search can find its place.
  if ([...appends.loose.values()].some((i) => part.returns[i] !== NEVER && !entries.values.includes(i)))
    return NOT_APPLICABLE
  return placed(part, entries, seen, budget)
}

interface Appends {
  readonly known: readonly number[]
  readonly offsets: readonly number[]
  /** Appends without a known offset, by value. */
  readonly loose: ReadonlyMap<number, number>
}

function appendsOf(part: Part, budget: Budget): Appends | FastAnswer {
  const offsetAt = offsetsOf(part)
  const at = new Map<number, number>()
  const loose = new Map<number, number>()
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    if (part.f[i] !== APPEND) continue
    const offset = offsetAt(i)
    if (offset === undefined) {
      // If a value was appended twice, a read does not show which append it returned.
      if (loose.has(part.input[i])) return NOT_APPLICABLE
      loose.set(part.input[i], i)
      continue
    }
    const other = at.get(offset)
    if (other !== undefined) return violated([other, i])
    if (!Number.isInteger(offset) || offset < 0) return violated([i])
    at.set(offset, i)
  }
  for (const { value, offset } of pairsRead(part, budget)) {
    const i = offset === undefined || at.has(offset) ? undefined : loose.get(value)
    if (i === undefined || offset === undefined) continue
    at.set(offset, i)
    loose.delete(value)
  }
  const sorted = [...at].sort(ticking(([one], [other]) => one - other, budget))
  return { known: sorted.map(([, i]) => i), offsets: sorted.map(([offset]) => offset), loose }
}

function* pairsRead(
  part: Part,
  budget: Budget,
): Iterable<{ readonly value: number; readonly offset: number | undefined }> {
  const readAt = readsOf(part)
  for (let i = 0; i < part.length; i++) {
    if (part.f[i] !== READ) continue
    for (const { value, offset } of readAt(i)) {
      budget.tick()
      if (offset === undefined) break
      yield { value: part.history.values.id(value), offset }
    }
  }
}

function entriesSeen(part: Part, { known, offsets, loose }: Appends, budget: Budget): Seen | FastAnswer {
  const readAt = readsOf(part)
  const reads: Read[] = []
  const nextOf = new Map<number, number>()
  for (let read = 0; read < part.length; read++) {
    budget.tick()
    if (part.f[read] !== READ) continue
    const { from, limit = Number.POSITIVE_INFINITY } = readRange(part, read)
    const entries = readAt(read)
    if (entries.length > limit) return violated([read])
    const appends: number[] = []
    let next = firstWhere(0, offsets.length, (at) => offsets[at] >= from)
    for (const { value, offset } of entries) {
      budget.tick()
      const id = part.history.values.id(value)
      const isNext =
        next < known.length && part.input[known[next]] === id && (offset ?? offsets[next]) === offsets[next]
      const other = offset === undefined ? loose.get(id) : undefined
      if (isNext && other !== undefined) return NOT_APPLICABLE
      const found = isNext ? known[next] : other
      if (found === undefined) return violated(next < known.length ? [known[next], read] : [read])
      if (!isNext && (nextOf.get(found) ?? next) !== next) return violated([found, read])
      if (isNext) next++
      else nextOf.set(found, next)
      appends.push(found)
    }
    reads.push({ read, from, limit, appends })
  }
  return { reads, nextOf }
}

/** Returns the entries in the only order that agrees with the reads, if there is one. */
function inOrder(part: Part, appends: Appends, seen: Seen, budget: Budget): Entries<number> | undefined {
  const sequence = sequenceOf(appends, seen, budget)
  if (sequence === undefined) return undefined
  const offsetOf = new Map(appends.known.map((i, at) => [i, appends.offsets[at]]))
  const entries: Entries<number> = { values: [], least: [], most: [], isOpen: false }
  const rank = new Int32Array(part.length).fill(-1)
  for (const i of sequence) {
    budget.tick()
    rank[i] = entries.values.length
    if (!append(entries, i, offsetOf.get(i))) return undefined
  }
  for (const { from, limit, appends: read } of seen.reads) {
    budget.tick()
    if (read.length === 0) continue
    if (read.some((i, at) => rank[i] !== rank[read[0]] + at)) return undefined
    if (!noteRead(entries, { from, limit, entries: [] }, rank[read[0]])) return undefined
  }
  return entries
}

/** Returns the appends in order: those with known offsets, and between them the others that reads returned. */
function sequenceOf({ known }: Appends, seen: Seen, budget: Budget): readonly number[] | undefined {
  const after = new Map<number, number>()
  const before = new Map<number, number>()
  /** For each append without an offset whose entry begins some reads: the greatest `from` of these reads. */
  const begins = new Map<number, number>()
  for (const { from, appends } of seen.reads) {
    for (const [at, i] of appends.entries()) {
      budget.tick()
      const previous = appends[at - 1]
      if (previous === undefined) {
        if (seen.nextOf.has(i)) begins.set(i, Math.max(from, begins.get(i) ?? 0))
        continue
      }
      if ((after.get(previous) ?? i) !== i || (before.get(i) ?? previous) !== previous) return undefined
      after.set(previous, i)
      before.set(i, previous)
    }
  }
  const heads: number[][] = Array.from({ length: known.length + 1 }, () => [])
  for (const [i, next] of seen.nextOf) if (!seen.nextOf.has(before.get(i) ?? -1)) heads[next].push(i)
  const beginOf = (i: number): number => (before.has(i) ? -1 : (begins.get(i) ?? 0))
  const sequence: number[] = []
  for (const [next, some] of heads.entries()) {
    for (const head of some.sort(ticking((a, b) => beginOf(a) - beginOf(b), budget)))
      for (let i: number | undefined = head; i !== undefined && seen.nextOf.has(i); i = after.get(i)) sequence.push(i)
    if (next < known.length) sequence.push(known[next])
  }
  // If reads order some appends in a cycle, the cycle has no first append, so `sequence` lacks these appends.
  return sequence.length === known.length + seen.nextOf.size ? sequence : undefined
}

function placed(part: Part, { values, least }: Entries<number>, { reads }: Seen, budget: Budget): FastAnswer {
  const slot = new Int32Array(part.length).fill(LEFT_OUT)
  const loose = new Uint8Array(part.length)
  const early: number[] = []
  for (const [at, i] of values.entries()) slot[i] = 2 * at + 1
  for (const { read, from, limit, appends } of reads) {
    budget.tick()
    loose[read] = appends.length === limit ? 1 : 0
    const last = appends.at(-1)
    if (last !== undefined) slot[read] = slot[last] + 1
    else slot[read] = limit === 0 ? 0 : 2 * firstWhere(0, least.length, (at) => least[at] >= from)
    if (last === undefined && limit > 0 && from > 0) early.push(read)
  }
  return placeEarly(part, early, slot, budget) ?? orderBySlots(part, slot, loose, budget)
}
