import { SqlError } from '../sql/error.ts'
import type { SqlValue } from '../types/value.ts'
import type { Heap, Index, Subtransaction, Transaction, Tuple } from './model.ts'
import type { Writer } from './rows.ts'
import { statusOf } from './transaction.ts'
import { isGarbage } from './visibility.ts'
import type { Wait } from './wait.ts'

export function addEntry(writer: Writer, heap: Heap, index: Index, tuple: Tuple, values: readonly SqlValue[]): void {
  const key = index.keyOf(values)
  const { transaction, store } = writer
  if (transaction.reader !== undefined) store.serializable.wroteKey(transaction.reader, heap, index, key)
  const entries = index.entries.get(key)
  if (entries === undefined) index.entries.set(key, [tuple])
  else entries.push(tuple)
}

/** NULL is distinct from NULL: a key with one never conflicts, unless the index says NULLS NOT DISTINCT. */
export function canConflict(index: Index, values: readonly SqlValue[]): boolean {
  return isConstraint(index) && (index.nullsNotDistinct || !values.includes(null))
}

/** Whether an index keeps rows apart: a unique one, or that of an exclusion constraint. */
export function isConstraint({ unique, excludes }: Index): boolean {
  return unique || excludes !== undefined
}

/** The versions in the way of one with this key, those included that are not there for everybody. */
function* rivals(index: Index, values: readonly SqlValue[]): Generator<Tuple, void, void> {
  const { excludes } = index
  if (excludes === undefined) {
    yield* index.entries.get(index.keyOf(values)) ?? []
    return
  }
  for (const tuples of index.entries.values())
    for (const tuple of tuples) {
      const others = index.valuesOf(tuple.values)
      if (others !== undefined && excludes(values, others)) yield tuple
    }
}

/**
 * The version that a new one with this key would conflict with. Waits for transactions that have not decided yet
 * whether theirs stays (_bt_check_unique, check_exclusion_or_unique_constraint).
 */
export function* findConflict(
  writer: Writer,
  index: Index,
  values: readonly SqlValue[],
  except?: Tuple,
): Generator<Wait, Tuple | undefined, void> {
  if (!canConflict(index, values)) return undefined
  while (true) {
    let undecided: Subtransaction | undefined
    for (const tuple of rivals(index, values)) {
      if (tuple === except) continue
      const found = presence(tuple, writer)
      if (found === 'present') return tuple
      if (found !== 'absent') {
        undecided = found
        break
      }
    }
    if (undecided === undefined) return undefined
    yield* writer.store.waitForEnd(writer.backend, undecided)
  }
}

/** Whether a version is there for a reader of everything that was not rolled back; or who is to decide it. */
export function presence(
  { xmin, xmax: ended }: { readonly xmin: Subtransaction | undefined; readonly xmax: Subtransaction | undefined },
  writer: Writer,
): 'present' | 'absent' | Subtransaction {
  const inserted = xmin === undefined ? 'committed' : statusOf(xmin)
  if (inserted === 'aborted') return 'absent'
  if (inserted === 'active' && xmin !== undefined && xmin.transaction !== writer.transaction) return xmin
  if (ended === undefined) return 'present'
  const status = statusOf(ended)
  if (status === 'aborted') return 'present'
  if (status === 'committed' || ended.transaction === writer.transaction) return 'absent'
  return ended
}

/** Of the versions that were in the way of one with this key until others' commits: the one that was last. */
export function lastFreed(index: Index, values: readonly SqlValue[], own: Transaction): Tuple | undefined {
  if (!canConflict(index, values)) return undefined
  const endOf = ({ xmax }: Tuple): number => xmax?.transaction.commitNumber ?? 0
  const isFreed = ({ xmin, xmax }: Tuple): boolean =>
    xmax !== undefined && xmax.transaction !== own && statusOf(xmin) !== 'aborted' && statusOf(xmax) === 'committed'
  return [...rivals(index, values)]
    .filter(isFreed)
    .reduce<Tuple | undefined>(
      (last, tuple) => (last === undefined || endOf(tuple) >= endOf(last) ? tuple : last),
      undefined,
    )
}

/** The error of a version whose key is in the way of another one's. */
export function keyViolation(
  writer: Writer,
  heap: Heap,
  index: Index,
  values: readonly SqlValue[],
  other: Tuple,
): SqlError {
  const { table, name } = index.partitionAt?.(other.values) ?? { table: heap, name: index.name }
  const place = { schema: table.schema, table: table.name, constraint: name }
  const key = index.describe(values)
  if (index.excludes !== undefined)
    return new SqlError('23P01', `conflicting key value violates exclusion constraint "${name}"`, {
      detail: `Key ${key} conflicts with existing key ${index.describe(index.valuesOf(other.values) ?? [])}.`,
      ...place,
    })
  // A duplicate that a concurrent serializable transaction made is reported as the serialization failure that it is.
  const { transaction, store } = writer
  if (transaction.reader !== undefined)
    store.serializable.wroteKey(transaction.reader, heap, index, index.keyOf(values))
  return new SqlError('23505', `duplicate key value violates unique constraint "${name}"`, {
    detail: `Key ${key} already exists.`,
    ...place,
  })
}

/** Below this many versions that might be garbage, looking for it does not pay. */
const VACUUM_THRESHOLD = 64

/** Removes the versions that nobody can see, as autovacuum does. */
export function vacuum(heap: Heap, horizon: () => number): void {
  if (heap.garbage < VACUUM_THRESHOLD || heap.garbage * 4 < heap.tuples.length) return
  heap.garbage = 0
  const oldest = horizon()
  const kept = heap.tuples.filter((tuple) => !isGarbage(tuple, oldest))
  if (kept.length === heap.tuples.length) return
  heap.tuples = kept
  for (const index of heap.indexes)
    for (const [key, entries] of index.entries) {
      const left = entries.filter((tuple) => !isGarbage(tuple, oldest))
      if (left.length === 0) index.entries.delete(key)
      else if (left.length < entries.length) index.entries.set(key, left)
    }
}
