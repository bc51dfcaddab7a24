import { joinKeys, keyText, sameKeys } from '../catalogue/keys.ts'
import type { ForeignKey, Table } from '../catalogue/table.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import type { Index, Tuple } from '../storage/model.ts'
import { latestOf, latestTuples, lookUp, scan } from '../storage/rows.ts'
import { statusOf } from '../storage/transaction.ts'
import { visible } from '../storage/visibility.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlValue } from '../types/value.ts'
import { completeRow } from './complete-row.ts'
import { concurrent, lockLatest } from './locking.ts'
import type { Run, TableFacts } from './model.ts'
import { refuseTriggers } from './triggers.ts'
import { claim, deleteRow, updateLock, updateRow } from './write-rows.ts'

/** Schedules a check for each foreign key of a new row version. */
export function oweInsertChecks(keys: readonly ForeignKey[], tuple: Tuple, before: Tuple | undefined, run: Run): void {
  for (const key of keys) {
    if (!refers(key, tuple)) continue
    if (before !== undefined && sameKey(key.columns, key.table, before.values, tuple.values, run)) {
      // If the key is unchanged and the old version is committed, the key was checked then. If the old version is not
      // committed, its check is still pending, but will skip the version, because the version has been replaced. The
      // new version then needs a check of its own.
      if (statusOf(before.xmin) === 'committed') continue
    }
    run.owed.push({
      deferred: run.isDeferred(key),
      constraint: key.name,
      run: (later) => checkReference(key, tuple, later),
    })
  }
}

/** Schedules the check of existing rows for a new foreign key. It is one query without locks (RI_Initial_Check). */
export function oweForeignKey(key: ForeignKey, run: Run): void {
  run.owed.push({
    deferred: false,
    constraint: key.name,
    // biome-ignore lint/correctness/useYield: both tables are locked
    *run(later) {
      for (const tuple of latestTuples(key.table, later)) {
        if (!refers(key, tuple)) continue
        const wanted = wantedBy(key, tuple, later)
        if (lookUp(key.referenced, key.index, wanted, latestOf(later), later).length === 0)
          throw missing(key, tuple, later)
      }
    },
  })
}

function refers({ partition, columns, matchFull }: ForeignKey, { values }: Tuple): boolean {
  if (partition?.holds(values) === false) return false
  const isNull = (place: number): boolean => (values[place] ?? null) === null
  return matchFull ? !columns.every(isNull) : !columns.some(isNull)
}

function wantedBy(key: ForeignKey, tuple: Tuple, run: Run): string {
  const values = key.columns.map((place) => tuple.values[place] ?? null)
  if (values.includes(null)) throw missing(key, tuple, run)
  // The index may have the referenced columns in another order than the foreign key.
  const ordered = key.index.columns.map((place) => values[key.referencedColumns.indexOf(place ?? -1)] ?? null)
  return key.index.keyOf(ordered)
}

export function oweReferencedChecks(facts: TableFacts, tuple: Tuple, next: Tuple | undefined, run: Run): void {
  for (const key of facts.referencing) {
    const values = key.referencedColumns.map((place) => tuple.values[place] ?? null)
    if (values.includes(null)) continue
    if (next !== undefined && sameKey(key.referencedColumns, key.referenced, tuple.values, next.values, run)) continue
    const action = next === undefined ? key.onDelete : key.onUpdate
    run.owed.push({
      deferred: action === 'no action' && run.isDeferred(key),
      constraint: key.name,
      run: (later) => react(key, tuple, next, later),
    })
  }
}

function sameKey(
  places: readonly number[],
  table: Table,
  before: readonly SqlValue[],
  after: readonly SqlValue[],
  run: Run,
): boolean {
  return keyOf(places, table, before, run) === keyOf(places, table, after, run)
}

function keyOf(places: readonly number[], table: Table, values: readonly SqlValue[], run: Run): string {
  return joinKeys(
    places.map((place) => {
      const column = table.columns[place]
      return column === undefined ? '' : keyText(values[place] ?? null, column.type, run)
    }),
  )
}

/** Locks the referenced row, so that no transaction deletes the row or changes its key (RI_FKey_check). */
function* checkReference(key: ForeignKey, tuple: Tuple, run: Run): Coroutine {
  if (tuple.xmin.aborted || (tuple.xmax !== undefined && !tuple.xmax.aborted)) return
  yield* run.lockTable(key.referenced, 'RowShareLock')
  const text = wantedBy(key, tuple, run)
  const snapshot = run.latestSnapshot()
  for (const found of lookUp(key.referenced, key.index, text, snapshot, run)) {
    const locked = yield* lockLatest(run, key.referenced, found, 'FOR KEY SHARE', 'wait')
    if (locked === undefined) continue
    const values = key.index.valuesOf(locked.values)
    if (values !== undefined && key.index.keyOf(values) === text) return
  }
  throw missing(key, tuple, run)
}

/** Returns the referencing table for error messages. */
const referring = ({ partition, table }: ForeignKey): Table => partition?.table ?? table

function missing(key: ForeignKey, tuple: Tuple, run: Run): SqlError {
  const values = key.columns.map((place) => tuple.values[place] ?? null)
  const partition = key.partition ?? key.table.partitioned?.partitions.find(({ holds }) => holds(tuple.values))
  const { schema, name: table } = partition?.table ?? key.table
  const { name: constraint } = partition?.foreignKeys.get(key) ?? key
  return new SqlError('23503', `insert or update on table "${table}" violates foreign key constraint "${constraint}"`, {
    detail: values.includes(null)
      ? 'MATCH FULL does not allow mixing of null and nonnull key values.'
      : `Key ${describe(key.table, key.columns, values, run)} is not present in table "${key.referenced.name}".`,
    ...{ schema, table, constraint },
  })
}

function describe(table: Table, places: readonly number[], values: readonly SqlValue[], run: Run): string {
  const names = places.map((place) => table.columns[place]?.name ?? '')
  const texts = places.map((place, at) => {
    const column = table.columns[place]
    const value = values[at] ?? null
    return value === null || column === undefined ? 'null' : run.types.typeOf(column.type.oid).output(value, run)
  })
  return `(${names.join(', ')})=(${texts.join(', ')})`
}

/** Applies the referential action to the referencing table. */
function* react(key: ForeignKey, before: Tuple, next: Tuple | undefined, run: Run): Coroutine {
  if (before.xmax === undefined || before.xmax.aborted) return
  const action = next === undefined ? key.onDelete : key.onUpdate
  if (action === 'no action' && (yield* replaced(key, before, run))) return
  const checks = action === 'no action' || action === 'restrict'
  yield* run.lockTable(key.table, checks ? 'RowShareLock' : 'RowExclusiveLock')
  for (const tuple of referringRows(key, before, !checks, run)) {
    switch (action) {
      case 'no action':
      case 'restrict':
        if ((yield* lockLatest(run, key.table, tuple, 'FOR KEY SHARE', 'wait')) !== undefined)
          throw stillReferenced(key, before, run)
        break
      case 'cascade':
        yield* change(key, tuple, run, next === undefined ? undefined : (at) => cascaded(key, at, next, run))
        break
      case 'set null':
        yield* change(key, tuple, run, () => null)
        break
      case 'set default': {
        const facts = run.factsOf(key.table)
        const defaultAt = (at: number): SqlValue =>
          facts.defaults[key.columns[at] ?? 0]?.evaluate({ row: [], parameters: [], session: run }) ?? null
        yield* change(key, tuple, run, defaultAt)
        // If the default equals the removed key, the row still refers to it: an error, unless another row has the key.
        const values = [...tuple.values]
        for (const [at, place] of key.columns.entries()) values[place] = defaultAt(at)
        const gone = keyOf(key.referencedColumns, key.referenced, before.values, run)
        if (keyOf(key.columns, key.table, values, run) === gone && !(yield* replaced(key, before, run)))
          throw stillReferenced(key, before, run)
        break
      }
    }
  }
}

/** Returns the new value of a referenced column, converted to the type of the referencing column. */
function cascaded(key: ForeignKey, at: number, next: Tuple, run: Run): SqlValue {
  const from = key.referencedColumns[at] ?? 0
  const value = next.values[from] ?? null
  const source = key.referenced.columns[from]?.type
  const target = key.table.columns[key.columns[at] ?? 0]?.type
  if (value === null || source === undefined || target === undefined || source.oid === target.oid) return value
  if (!sameKeys(source, target)) throw new NotSupported('ON UPDATE CASCADE between columns of these two types')
  return run.types.typeOf(target.oid).input(run.types.typeOf(source.oid).output(value, run), run, target.typmod)
}

/** Whether another row has taken over the referenced key. NO ACTION then reports no error. */
function* replaced(key: ForeignKey, before: Tuple, run: Run): Coroutine<boolean> {
  const values = key.index.valuesOf(before.values)
  if (values === undefined) return false
  for (const tuple of lookUp(key.referenced, key.index, key.index.keyOf(values), run.latestSnapshot(), run))
    if ((yield* lockLatest(run, key.referenced, tuple, 'FOR KEY SHARE', 'wait')) !== undefined) return true
  return false
}

/**
 * Returns the rows that refer to the key of `before`.
 *
 * @throws SqlError (40001) if the rows are to be changed and the transaction's snapshot does not show all of them
 */
function referringRows(key: ForeignKey, before: Tuple, areChanged: boolean, run: Run): readonly Tuple[] {
  const wanted = keyOf(key.referencedColumns, key.referenced, before.values, run)
  const latest = { commitNumber: run.store.commits, commandId: run.transaction.commandId }
  const index = indexOf(key)
  const candidates = (): readonly Tuple[] => {
    if (index === undefined) return scan(key.table, latest, run)
    const values = index.columns.map(
      (place) => before.values[key.referencedColumns[key.columns.indexOf(place ?? -1)] ?? -1] ?? null,
    )
    return lookUp(key.table, index, index.keyOf(values), latest, run)
  }
  const found = candidates().filter(
    ({ values }) => keyOf(key.columns, key.table, values, run) === wanted && key.partition?.holds(values) !== false,
  )
  // Whether a concurrent transaction wrote the version, so that the snapshot does not show it.
  const isHidden = (tuple: Tuple): boolean =>
    tuple.xmin.transaction !== run.transaction && !visible(tuple, run.latestSnapshot(), run.transaction)
  if (areChanged && run.transaction.isolation !== 'read committed' && found.some(isHidden)) throw concurrent('update')
  return found
}

function indexOf(key: ForeignKey): Index | undefined {
  return key.table.indexes.find(
    (index) =>
      !index.partial &&
      index.columns.every((place) => {
        const at = place === undefined ? -1 : key.columns.indexOf(place)
        const type = key.table.columns[place ?? -1]?.type
        const referred = key.referenced.columns[key.referencedColumns[at] ?? -1]?.type
        return type !== undefined && referred !== undefined && sameKeys(type, referred)
      }),
  )
}

function* change(key: ForeignKey, tuple: Tuple, run: Run, valueAt: ((at: number) => SqlValue) | undefined): Coroutine {
  const facts = run.factsOf(key.table)
  for (const place of key.columns) facts.assigned.add(place)
  refuseTriggers(facts, valueAt === undefined ? 'DELETE' : 'UPDATE')
  const wanted = keyOf(key.columns, key.table, tuple.values, run)
  let current = tuple
  while (true) {
    const values = [...current.values]
    if (valueAt !== undefined) for (const [at, place] of key.columns.entries()) values[place] = valueAt(at)
    const lock = valueAt === undefined ? 'FOR UPDATE' : updateLock(facts, current.values, values, run)
    const latest = yield* claim(facts, current, lock, run, valueAt === undefined ? 'delete' : 'update')
    if (latest === undefined) return
    if (latest !== current) {
      current = latest
      if (keyOf(key.columns, key.table, current.values, run) !== wanted) return
      continue
    }
    if (valueAt === undefined) deleteRow(facts, current, run)
    else {
      completeRow(facts, values, run)
      yield* updateRow(facts, current, values, lock, run)
    }
    return
  }
}

function stillReferenced(key: ForeignKey, before: Tuple, run: Run): SqlError {
  const values = key.referencedColumns.map((place) => before.values[place] ?? null)
  return new SqlError(
    '23503',
    `update or delete on table "${key.referenced.name}" violates foreign key constraint "${key.name}" on table "${referring(key).name}"`,
    {
      detail: `Key ${describe(key.referenced, key.referencedColumns, values, run)} is still referenced from table "${referring(key).name}".`,
      schema: referring(key).schema,
      table: referring(key).name,
      constraint: key.name,
    },
  )
}
