import { addTo } from '../lists.ts'
import { SqlError } from '../sql/error.ts'
import type { SqlValue } from '../types/value.ts'
import type { Heap, Index, Subtransaction, Tuple } from './model.ts'
import type { Writer } from './rows.ts'
import { statusOf } from './transaction.ts'
import { isGarbage } from './visibility.ts'
import type { Coroutine } from './wait.ts'

export function addEntry(writer: Writer, heap: Heap, index: Index, tuple: Tuple, values: readonly SqlValue[]): void {
  const key = index.keyOf(values)
  const { transaction, store } = writer
  if (transaction.reader !== undefined) store.serializable.wroteKey(transaction.reader, heap, index, key)
  addTo(index.entries, key, tuple)
}

/** Whether a key can conflict. Nulls are distinct, unless the index has NULLS NOT DISTINCT. */
export function canConflict(index: Index, values: readonly SqlValue[]): boolean {
  return isConstraint(index) && (index.nullsNotDistinct || !values.includes(null))
}

/** Whether an index enforces uniqueness or an exclusion. */
export function isConstraint({ unique, excludes }: Index): boolean {
  return unique || excludes !== undefined
}

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
 * Returns the version that a new version with this key would conflict with. Waits for transactions that decide this
 * (_bt_check_unique, check_exclusion_or_unique_constraint).
 */
export function* findConflict(
  writer: Writer,
  index: Index,
  values: readonly SqlValue[],
  except?: Tuple,
): Coroutine<Tuple | undefined> {
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

/**
 * Returns whether a version exists, without the changes of aborted subtransactions. If the answer depends on the end of
 * an open subtransaction, returns that subtransaction.
 */
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

/** Returns the version with this key that a committed transaction deleted or replaced last. */
export function lastFreed(index: Index, values: readonly SqlValue[]): Tuple | undefined {
  if (!canConflict(index, values)) return undefined
  const endOf = ({ xmax }: Tuple): number => xmax?.transaction.commitNumber ?? 0
  const isFreed = ({ xmax }: Tuple): boolean => xmax !== undefined && statusOf(xmax) === 'committed'
  return [...rivals(index, values)]
    .filter(isFreed)
    .toSorted((a, b) => endOf(a) - endOf(b))
    .at(-1)
}

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
  // A serialization failure takes precedence over the error for a duplicate key.
  const { transaction, store } = writer
  if (transaction.reader !== undefined)
    store.serializable.wroteKey(transaction.reader, heap, index, index.keyOf(values))
  return new SqlError('23505', `duplicate key value violates unique constraint "${name}"`, {
    detail: `Key ${key} already exists.`,
    ...place,
  })
}

/** The minimum number of garbage versions that makes a vacuum worth its time. */
const VACUUM_THRESHOLD = 64

/** Removes the versions that no snapshot can see, as autovacuum does. */
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
