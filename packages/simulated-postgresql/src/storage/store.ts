import { CommitLog } from './commit-log.ts'
import { LockTable } from './locks.ts'
import type { Heap, Snapshot, Subtransaction, Transaction } from './model.ts'
import { Serializable } from './serializable.ts'
import { statusOf } from './transaction.ts'
import type { Coroutine, EngineTime } from './wait.ts'
import { type Backend, Waiting } from './waiting.ts'

interface StoreOptions {
  readonly time: EngineTime
  readonly random: () => number
  /** Decides whether a serialization failure occurs where PostgreSQL may report one. */
  readonly fails?: (() => boolean) | undefined
  /** Returns the number of commits that a standby's sessions see. */
  readonly replayed?: (() => number) | undefined
}

/** The state that all sessions of a server share, except the catalogue. */
export class Store {
  readonly time: EngineTime
  readonly random: () => number
  readonly locks: LockTable = new LockTable()
  readonly waiting: Waiting
  readonly serializable: Serializable
  readonly log: CommitLog
  readonly active: Set<Transaction> = new Set()
  begunAt: bigint
  commits = 0
  #xids = 730
  /** The ids of open transactions, in ascending order. */
  readonly #open = new Set<number>()
  #oids = 16_384
  #multixacts = 1
  readonly #fails: () => boolean
  readonly #replayed: (() => number) | undefined

  constructor({ time, random, fails = () => false, replayed }: StoreOptions) {
    this.time = time
    this.begunAt = time.now()
    this.random = random
    this.waiting = new Waiting(this.locks, time)
    this.serializable = new Serializable(fails)
    this.log = new CommitLog(time, random)
    this.#fails = fails
    this.#replayed = replayed
  }

  nextOid(): number {
    return this.#oids++
  }

  /** Returns an id for several transactions that lock one row. */
  nextMultixact(): number {
    return this.#multixacts++
  }

  /** Returns the transaction id of a writer. The first call assigns the id and locks it. */
  xidOf(backend: Backend, writer: Subtransaction): number {
    if (writer.xid === 0) {
      if (writer.parent !== undefined) this.xidOf(backend, writer.parent)
      writer.xid = this.#xids++
      if (writer.parent === undefined) this.#open.add(writer.xid)
      this.waiting.tryLock(backend, transactionTarget(writer), 'ExclusiveLock', writer)
    }
    return writer.xid
  }

  *waitForEnd(backend: Backend, writer: Subtransaction): Coroutine {
    const isOpen = (part: Subtransaction): boolean => !part.aborted && part.transaction.state === 'active'
    for (let part: Subtransaction | undefined = writer; part !== undefined && isOpen(part); ) {
      yield* this.waiting.lock(backend, transactionTarget(part), 'ShareLock', undefined)
      this.locks.release(backend, part, 'ShareLock', undefined)
      part = isOpen(part) ? part.parent : undefined
    }
  }

  /** Returns the oldest open transaction id. */
  oldestXid(): number {
    const [oldest = this.#xids] = this.#open
    return oldest
  }

  takeSnapshot(transaction: Transaction): Snapshot {
    return { commitNumber: this.#replayed?.() ?? this.commits, commandId: transaction.commandId }
  }

  /** Returns the oldest commit of all snapshots in use. A version that ended earlier is garbage. */
  horizon(): number {
    let oldest = Math.min(this.#replayed?.() ?? this.commits, this.log.certain)
    for (const transaction of this.active)
      if (transaction.snapshot !== undefined) oldest = Math.min(oldest, transaction.snapshot.commitNumber)
    return oldest
  }

  /**
   * Decides whether a change fails although no conflict requires it. Such a failure is possible only if another
   * transaction has changed the table since the snapshot.
   */
  failsWithoutNeed({ isolation, snapshot }: Transaction, heap: Heap): boolean {
    if (isolation === 'read committed' || snapshot === undefined) return false
    const isLater = (writer: Subtransaction | undefined): boolean =>
      writer !== undefined &&
      statusOf(writer) === 'committed' &&
      writer.transaction.commitNumber > snapshot.commitNumber
    return heap.tuples.some(({ xmin, xmax }) => isLater(xmin) || isLater(xmax)) && this.#fails()
  }

  commit(backend: Backend, transaction: Transaction, durability: Parameters<CommitLog['add']>[1]): void {
    if (transaction.reader !== undefined) this.serializable.beforeCommit(transaction.reader)
    transaction.state = 'committed'
    transaction.commitNumber = ++this.commits
    if (outermost(transaction).xid !== 0) this.log.add(transaction, durability)
    this.#end(transaction)
    if (transaction.reader !== undefined) this.serializable.afterCommit(transaction.reader, this.active)
    this.locks.releaseWhere(backend, (grant) => grant.scope !== undefined)
  }

  abort(backend: Backend, transaction: Transaction): void {
    for (let part: Subtransaction | undefined = transaction.current; part !== undefined; part = part.parent) undo(part)
    transaction.state = 'aborted'
    this.#end(transaction)
    if (transaction.reader !== undefined) this.serializable.abort(transaction.reader)
    this.locks.releaseWhere(backend, (grant) => grant.scope !== undefined)
  }

  #end(transaction: Transaction): void {
    this.active.delete(transaction)
    this.#open.delete(outermost(transaction).xid)
  }

  /** Rolls back to a savepoint. */
  abortTo(backend: Backend, transaction: Transaction, savepoint: Subtransaction): void {
    const aborted = new Set<Subtransaction>()
    let part = transaction.current
    while (true) {
      undo(part)
      aborted.add(part)
      if (part === savepoint || part.parent === undefined) break
      part = part.parent
    }
    transaction.current = savepoint.parent ?? savepoint
    this.locks.releaseWhere(backend, (grant) => grant.scope !== undefined && belongsTo(grant.scope, aborted))
  }
}

export function outermost({ current }: Transaction): Subtransaction {
  let part = current
  while (part.parent !== undefined) part = part.parent
  return part
}

function undo(part: Subtransaction): void {
  part.aborted = true
  for (const step of part.undo.toReversed()) step()
  part.undo.length = 0
}

/**
 * Whether a subtransaction is aborted or part of an aborted one. If so, marks it as aborted. `abortTo` calls this
 * function for the owner of every lock. Each subtransaction that wrote holds a lock, so all of them are marked.
 */
function belongsTo(scope: Subtransaction, aborted: ReadonlySet<Subtransaction>): boolean {
  const path: Subtransaction[] = []
  for (let part: Subtransaction | undefined = scope; part !== undefined; part = part.parent) {
    path.push(part)
    if (!aborted.has(part)) continue
    for (const each of path) each.aborted = true
    return true
  }
  return false
}

function transactionTarget(writer: Subtransaction): { tag: object; name: string; event: string } {
  return { tag: writer, name: `transaction ${writer.xid}`, event: 'transactionid' }
}
