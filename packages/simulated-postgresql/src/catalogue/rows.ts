import { addTo } from '../lists.ts'
import { SqlError } from '../sql/error.ts'
import type { Subtransaction, Transaction } from '../storage/model.ts'
import { assignXid, type Writer } from '../storage/rows.ts'
import { statusOf } from '../storage/transaction.ts'
import { presence } from '../storage/unique.ts'
import type { Coroutine } from '../storage/wait.ts'

interface UniqueIndex {
  readonly table: string
  readonly name: string
  readonly columns: string
}

interface Row<T> {
  readonly value: T
  readonly key: string
  readonly xmin: Subtransaction | undefined
  xmax: Subtransaction | undefined
}

/** Records a change of the catalogue and how to undo it. */
type Changed = (by: Subtransaction, undo: () => void) => void

/**
 * The rows of a system catalogue. Only the transaction that changes a row sees the change before the commit. Another
 * transaction that needs the row's key waits for the end of the first.
 */
export class CatalogueRows<T> {
  readonly #index: UniqueIndex
  readonly #changed: Changed
  readonly #byKey = new Map<string, Row<T>[]>()
  readonly #byValue = new Map<T, Row<T>[]>()

  constructor(index: UniqueIndex, changed: Changed) {
    this.#index = index
    this.#changed = changed
  }

  find(key: string, own: Transaction | undefined): T | undefined {
    return this.#byKey.get(key)?.find((row) => exists(row, own))?.value
  }

  has(value: T, own: Transaction | undefined): boolean {
    return this.#byValue.get(value)?.some((row) => exists(row, own)) === true
  }

  /** Whether a row has the key, or may have it after open transactions end. */
  isTaken(key: string, own: Transaction | undefined): boolean {
    return this.#byKey.get(key)?.some(({ xmax }) => xmax === undefined || !isDone(xmax, own)) === true
  }

  all(own: Transaction | undefined): readonly T[] {
    const found: T[] = []
    for (const [value, rows] of this.#byValue) if (rows.some((row) => exists(row, own))) found.push(value)
    return found
  }

  everything(): Iterable<T> {
    return this.#byValue.keys()
  }

  /** Adds a row. First waits for any other transaction that is adding or removing the same key. */
  *insert(key: string, value: T, writer: Writer): Coroutine {
    yield* this.#waitForKey(key, writer)
    this.add(key, value, writer.transaction.current)
  }

  /** Replaces a row. The transaction must see the old row. */
  *replace(old: T, key: string, value: T, writer: Writer): Coroutine {
    yield* this.delete(old, writer)
    yield* this.insert(key, value, writer)
  }

  /** Removes a row. First waits for the end of any other transaction that changes the row (see {@link settle}). */
  *delete(value: T, writer: Writer): Coroutine {
    yield* this.settle(value, writer)
    this.remove(value, writer.transaction.current)
  }

  /** If another transaction is changing the row, waits until it ends. Throws if it commits (simple_heap_update). */
  *settle(value: T, writer: Writer): Coroutine {
    const row = this.#byValue.get(value)?.find((each) => exists(each, writer.transaction))
    if (row === undefined) return
    assignXid(writer)
    for (let other = row.xmax; other !== undefined && statusOf(other) !== 'aborted'; other = row.xmax) {
      if (statusOf(other) === 'committed') throw new SqlError('XX000', 'tuple concurrently updated')
      yield* writer.store.waitForEnd(writer.backend, other)
    }
  }

  /** Adds a row without waiting. The caller ensures that no other transaction uses the key. */
  add(key: string, value: T, by: Subtransaction | undefined): void {
    const row: Row<T> = { value, key, xmin: by, xmax: undefined }
    addTo(this.#byKey, key, row)
    addTo(this.#byValue, value, row)
    if (by !== undefined) this.#changed(by, () => this.#forget(row))
  }

  remove(value: T, by: Subtransaction): void {
    const row = this.#byValue.get(value)?.find((each) => exists(each, by.transaction))
    if (row === undefined) return
    row.xmax = by
    this.#changed(by, () => {
      row.xmax = undefined
    })
  }

  /** Removes rows deleted by committed transactions. */
  sweep(): void {
    for (const rows of this.#byValue.values())
      for (const row of rows) if (row.xmax !== undefined && statusOf(row.xmax) === 'committed') this.#forget(row)
  }

  *#waitForKey(key: string, writer: Writer): Coroutine {
    assignXid(writer)
    while (true) {
      let undecided: Subtransaction | undefined
      for (const row of this.#byKey.get(key) ?? []) {
        const found = presence(row, writer)
        if (found === 'present') throw this.#violation(key)
        if (found !== 'absent') undecided = found
      }
      if (undecided === undefined) return
      yield* writer.store.waitForEnd(writer.backend, undecided)
    }
  }

  #violation(key: string): SqlError {
    const { table, name, columns } = this.#index
    return new SqlError('23505', `duplicate key value violates unique constraint "${name}"`, {
      detail: `Key (${columns})=(${key}) already exists.`,
      ...{ schema: 'pg_catalog', table, constraint: name },
    })
  }

  #forget(row: Row<T>): void {
    takeOut(this.#byKey, row.key, row)
    takeOut(this.#byValue, row.value, row)
  }
}

function takeOut<Key, Each>(all: Map<Key, Each[]>, key: Key, each: Each): void {
  const left = (all.get(key) ?? []).filter((other) => other !== each)
  if (left.length === 0) all.delete(key)
  else all.set(key, left)
}

function exists({ xmin, xmax }: Row<unknown>, own: Transaction | undefined): boolean {
  return (xmin === undefined || isDone(xmin, own)) && (xmax === undefined || !isDone(xmax, own))
}

function isDone(by: Subtransaction, own: Transaction | undefined): boolean {
  return statusOf(by) === 'committed' || (!by.aborted && by.transaction === own)
}
