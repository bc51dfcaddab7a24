import { SqlError } from '../sql/error.ts'
import type { Heap, Index, Reader, Snapshot, Subtransaction, Transaction, Tuple } from './model.ts'
import { statusOf } from './transaction.ts'

/**
 * Serializable snapshot isolation as in PostgreSQL (predicate.c). A read leaves a mark. A write to a row that another
 * transaction read is a rw-conflict from the reader to the writer. Assume that there is a conflict from transaction 1
 * to transaction 2, and one from transaction 2 to transaction 3. If transaction 3 commits first, one of the three must
 * fail.
 *
 * PostgreSQL marks pages and tuples. Here, a read marks a table, a row version, or an index key. If the table is as
 * small as a page, a read may also mark all rows, or all keys of an index.
 */
const ROWS_OF_A_PAGE = 150
/** `max_pred_locks_per_page` */
const ROW_MARKS_PER_PAGE = 2

export class Serializable {
  readonly #readers = new Set<Reader>()
  #lastCommit = 0
  readonly #fails: () => boolean

  /** @param fails decides whether a commit fails if PostgreSQL permits both outcomes. */
  constructor(fails: () => boolean) {
    this.#fails = fails
  }

  get isUsed(): boolean {
    return this.#readers.size > 0
  }

  begin(transaction: Transaction): Reader {
    const reader: Reader = {
      transaction,
      conflictsIn: new Set(),
      conflictsOut: new Set(),
      doomed: false,
      wrote: false,
      prepared: false,
      committed: false,
      prepareNumber: 0,
      commitNumber: 0,
      lastCommitBeforeSnapshot: this.#lastCommit,
      conflictOut: false,
      earliestOutConflictCommit: Number.POSITIVE_INFINITY,
      reads: new Set(),
      rowsRead: new Map(),
    }
    this.#readers.add(reader)
    return reader
  }

  readTable(reader: Reader, heap: Heap): void {
    mark(reader, heap.readers)
  }

  readKey(reader: Reader, index: Index, key: string): void {
    const readers = index.readers.get(key) ?? new Set()
    index.readers.set(key, readers)
    mark(reader, readers)
  }

  /** Marks a visible row that was found through an index. */
  readRow(reader: Reader, heap: Heap, tuple: Tuple): void {
    if (tuple.xmin.transaction === reader.transaction || tuple.readers?.has(reader) === true) return
    const count = (reader.rowsRead.get(heap) ?? 0) + 1
    reader.rowsRead.set(heap, count)
    tuple.readers ??= new Set()
    mark(reader, tuple.readers)
    if (count > ROW_MARKS_PER_PAGE && heap.rowsInserted <= ROWS_OF_A_PAGE) mark(reader, heap.pageReaders)
  }

  /**
   * Records that the reader encountered a version of a row. If the version is visible, the reader has a conflict with
   * the transaction that ended it. If it is invisible, the reader has a conflict with the transaction that inserted it.
   */
  met(reader: Reader, tuple: Tuple, isVisible: boolean, snapshot: Snapshot): void {
    if (reader.doomed) throw failure('Canceled on identification as a pivot, during conflict out checking.')
    const writer = isVisible ? tuple.xmax : tuple.xmin
    if (writer === undefined || statusOf(writer) === 'aborted' || writer.transaction === reader.transaction) return
    this.#conflictOut(reader, writer, snapshot)
  }

  #conflictOut(me: Reader, written: Subtransaction, snapshot: Snapshot): void {
    const writer = written.transaction.reader
    if (writer === undefined || writer.doomed) return
    const concurrent = !writer.committed || written.transaction.commitNumber > snapshot.commitNumber
    if (!concurrent) return
    const harmless =
      isReadOnly(me) &&
      writer.committed &&
      (!writer.conflictOut || me.lastCommitBeforeSnapshot < writer.earliestOutConflictCommit)
    if (!harmless) this.#flag(me, writer, me)
  }

  wroteRow(me: Reader, heap: Heap, { readers }: Tuple): void {
    this.#check(me)
    this.#conflictIn(me, heap.readers)
    this.#conflictIn(me, heap.pageReaders)
    if (readers === undefined) return
    this.#conflictIn(me, readers)
    // The transaction now has a row lock because of its write, so it no longer needs the mark of its read. The mark
    // stays if a rollback to a savepoint may release the row lock (CheckTargetForConflictsIn).
    if (me.transaction.current.parent !== undefined || !readers.delete(me)) return
    me.reads.delete(readers)
    me.rowsRead.set(heap, (me.rowsRead.get(heap) ?? 0) - 1)
  }

  inserted(me: Reader, heap: Heap): void {
    this.#check(me)
    this.#conflictIn(me, heap.readers)
  }

  wroteKey(me: Reader, heap: Heap, index: Index, key: string): void {
    this.#check(me)
    if (heap.rowsInserted <= ROWS_OF_A_PAGE) for (const readers of index.readers.values()) this.#conflictIn(me, readers)
    else this.#conflictIn(me, index.readers.get(key) ?? new Set())
  }

  #check(me: Reader): void {
    if (me.doomed) throw failure('Canceled on identification as a pivot, during conflict in checking.')
    me.wrote = true
  }

  #conflictIn(me: Reader, readers: ReadonlySet<Reader>): void {
    for (const reader of readers) {
      if (reader === me || reader.doomed) continue
      const snapshot = me.transaction.snapshot
      const over = reader.committed && reader.transaction.commitNumber <= (snapshot?.commitNumber ?? 0)
      if (!over) this.#flag(reader, me, me)
    }
  }

  /** Records a rw-conflict: `reader` read a row that `writer` wrote (FlagRWConflict). */
  #flag(reader: Reader, writer: Reader, me: Reader): void {
    if (reader.conflictsOut.has(writer)) return
    this.#checkForFailure(reader, writer, me)
    reader.conflictsOut.add(writer)
    writer.conflictsIn.add(reader)
  }

  /** OnConflict_CheckForSerializationFailure. */
  #checkForFailure(reader: Reader, writer: Reader, me: Reader): void {
    const fails =
      (writer.committed && writer.conflictOut) ||
      writerIsPivot(reader, writer) ||
      (writer.prepared && !isReadOnly(reader) && readerIsPivot(reader, writer))
    if (!fails) return
    if (me === writer) throw failure('Canceled on identification as a pivot, during write.')
    if (writer.prepared)
      throw failure(`Canceled on conflict out to pivot ${writer.transaction.current.xid}, during read.`)
    writer.doomed = true
  }

  /** PreCommit_CheckForSerializationFailure. */
  beforeCommit(me: Reader): void {
    if (me.doomed) throw failure('Canceled on identification as a pivot, during commit attempt.')
    for (const near of me.conflictsIn) {
      if (near.committed || near.doomed) continue
      for (const far of near.conflictsIn) {
        if (far !== me && (far.committed || isReadOnly(far) || far.doomed)) continue
        if (near.prepared) throw failure('Canceled on commit attempt with conflict in from prepared pivot.')
        near.doomed = true
        break
      }
    }
    if (this.#overlapsWriter(me) && this.#fails())
      throw failure('Canceled on identification as a pivot, during commit attempt.')
    me.prepareNumber = ++this.#lastCommit
    me.prepared = true
  }

  /**
   * Whether another writing transaction overlaps this one. Only then may a commit fail although no conflict requires
   * the failure.
   */
  #overlapsWriter(me: Reader): boolean {
    if (me.transaction.readOnly) return false
    const since = me.transaction.snapshot?.commitNumber ?? 0
    for (const other of this.#readers)
      if (other !== me && other.wrote && !other.doomed && (!other.committed || other.transaction.commitNumber > since))
        return true
    return false
  }

  afterCommit(me: Reader, active: ReadonlySet<Transaction>): void {
    me.committed = true
    me.commitNumber = ++this.#lastCommit
    for (const out of me.conflictsOut)
      if (out.committed) {
        me.conflictOut = true
        me.earliestOutConflictCommit = Math.min(me.earliestOutConflictCommit, out.prepareNumber)
      }
    this.#forget(active)
  }

  abort(me: Reader): void {
    me.doomed = true
    this.#remove(me)
  }

  /** Removes transactions that can have no further conflicts. */
  #forget(active: ReadonlySet<Transaction>): void {
    let oldest = Number.POSITIVE_INFINITY
    for (const transaction of active)
      if (transaction.reader !== undefined) oldest = Math.min(oldest, transaction.reader.lastCommitBeforeSnapshot)
    for (const reader of this.#readers) if (reader.committed && reader.commitNumber <= oldest) this.#remove(reader)
  }

  #remove(reader: Reader): void {
    for (const readers of reader.reads) readers.delete(reader)
    for (const other of reader.conflictsIn) other.conflictsOut.delete(reader)
    for (const other of reader.conflictsOut) other.conflictsIn.delete(reader)
    this.#readers.delete(reader)
  }
}

/** Whether a transaction is READ ONLY, or has committed without a write. */
function isReadOnly(reader: Reader): boolean {
  return reader.transaction.readOnly || (reader.committed && !reader.wrote)
}

function mark(reader: Reader, readers: Set<Reader>): void {
  readers.add(reader)
  reader.reads.add(readers)
}

function writerIsPivot(reader: Reader, writer: Reader): boolean {
  for (const last of writer.conflictsOut)
    if (
      last.prepared &&
      (!reader.committed || last.prepareNumber <= reader.commitNumber) &&
      (!writer.committed || last.prepareNumber <= writer.commitNumber) &&
      (!isReadOnly(reader) || last.prepareNumber <= reader.lastCommitBeforeSnapshot)
    )
      return true
  return false
}

function readerIsPivot(reader: Reader, writer: Reader): boolean {
  for (const first of reader.conflictsIn)
    if (
      !first.doomed &&
      (!first.committed || first.commitNumber >= writer.prepareNumber) &&
      (!isReadOnly(first) || first.lastCommitBeforeSnapshot >= writer.prepareNumber)
    )
      return true
  return false
}

function failure(reason: string): SqlError {
  return new SqlError('40001', 'could not serialize access due to read/write dependencies among transactions', {
    detail: `Reason code: ${reason}`,
    hint: 'The transaction might succeed if retried.',
  })
}
