import type { Activity } from '../catalogue/relation.ts'
import type { Table } from '../catalogue/table.ts'
import { dropTogether } from '../define/drop.ts'
import { empty } from '../define/truncate.ts'
import type { Deferrable, OwedCheck } from '../execute/model.ts'
import { SqlError } from '../sql/error.ts'
import type { Isolation, Snapshot, Subtransaction, Transaction } from '../storage/model.ts'
import { outermost } from '../storage/store.ts'
import { beginTransaction } from '../storage/transaction.ts'
import type { Backend } from '../storage/waiting.ts'
import type { Notification } from './notifications.ts'
import type { Server } from './server.ts'
import type { Settings } from './settings.ts'

export interface TransactionOwner {
  readonly server: Server
  readonly backend: Backend
  readonly settings: Settings
  temporaryTables(): readonly Table[]
  /** Called when a transaction ends, and when COMMIT or ROLLBACK finds no open transaction. */
  ended(): void
}

/** The transactions of a session, of which at most one is open. */
export class Transactions {
  readonly #owner: TransactionOwner
  open: Transaction | undefined
  /** Whether BEGIN opened the transaction. An implicit transaction commits at the Sync message. */
  inBlock = false
  failed = false
  queried = false
  readonly savepoints: { readonly name: string; part: Subtransaction }[] = []
  /** The modes of SET CONSTRAINTS by constraint name; the empty name stands for ALL. */
  readonly deferring: Map<string, boolean> = new Map()
  readonly owed: OwedCheck[] = []
  /** Functions that undo SET LOCAL at the end of the transaction. */
  readonly localUndo: (() => void)[] = []
  readonly outbox: Notification[] = []
  activity: readonly Activity[] | undefined
  begun = 0
  commits = 0

  constructor(owner: TransactionOwner) {
    this.#owner = owner
  }

  status(): 'idle' | 'transaction' | 'failed' {
    return this.failed ? 'failed' : this.inBlock ? 'transaction' : 'idle'
  }

  /** Begins a transaction block. If a transaction is already open, it becomes the transaction of the block. */
  beginBlock(): void {
    this.inBlock = true
    this.begin()
  }

  /** Returns the open transaction, or begins one. */
  begin(): Transaction {
    if (this.open !== undefined) return this.open
    const { server, backend, settings } = this.#owner
    const { store } = server
    const level = (settings.get('default_transaction_isolation') ?? 'read committed').toLowerCase()
    const isolation = (level === 'read uncommitted' ? 'read committed' : level) as Isolation
    const begun = beginTransaction(backend.pid, store.time.now(), isolation)
    if (isolation === 'serializable') this.refuseInStandby('use serializable mode in a hot standby')
    begun.readOnly = server.isStandby || settings.get('default_transaction_read_only') === 'on'
    begun.deferrable = settings.get('default_transaction_deferrable') === 'on'
    this.open = begun
    this.begun++
    store.active.add(begun)
    server.witness?.began(begun)
    return begun
  }

  takeSnapshot(transaction: Transaction): Snapshot {
    const { store } = this.#owner.server
    this.queried = true
    const known = transaction.snapshot
    if (known === undefined) transaction.xmin = store.oldestXid()
    if (transaction.isolation === 'read committed' || known === undefined) {
      if (transaction.isolation === 'serializable') transaction.reader = store.serializable.begin(transaction)
      transaction.snapshot = store.takeSnapshot(transaction)
    } else transaction.snapshot = { commitNumber: known.commitNumber, commandId: transaction.commandId }
    return transaction.snapshot
  }

  isDeferred(constraint: Deferrable): boolean {
    if (!constraint.deferrable || !this.inBlock) return false
    return this.deferring.get(constraint.name) ?? this.deferring.get('') ?? constraint.initiallyDeferred
  }

  /** @param what the text of the error after "cannot". */
  refuseInStandby(what: string, code = '0A000'): void {
    if (this.#owner.server.isStandby) throw new SqlError(code, `cannot ${what}`)
  }

  refuseReadOnly(verb: string): void {
    if (this.open?.readOnly === true) throw new SqlError('25006', `cannot execute ${verb} in a read-only transaction`)
  }

  /** Commits an implicit transaction at the Sync message. */
  sync(): void {
    if (this.open === undefined || this.inBlock) return
    try {
      this.commit()
    } catch (error) {
      this.fail()
      throw error
    }
  }

  /** Commits after the deferred checks have run. */
  commit(): void {
    const transaction = this.open
    if (transaction === undefined) {
      this.#finish()
      return
    }
    const { server, backend } = this.#owner
    const { store, catalogue, notifications, options } = server
    this.#endTemporaryTables(transaction)
    const published = this.outbox.splice(0)
    const wrote = outermost(transaction).xid !== 0
    store.commit(backend, transaction, this.#durability(transaction))
    catalogue.committed(transaction)
    server.witness?.committed(transaction)
    this.open = undefined
    this.#finish()
    notifications.publish(published)
    if (wrote) {
      this.commits++
      options.committed?.(store.log.flushedOf(store.commits) === store.commits)
    }
  }

  #endTemporaryTables({ current }: Transaction): void {
    for (const table of this.#owner.temporaryTables())
      if (table.onCommit === 'drop') dropTogether([table], current, this.#owner.server.catalogue)
      else if (table.onCommit === 'delete rows') empty(table, current, false)
  }

  #durability({ isPermanent }: Transaction): 'synchronous' | 'asynchronous' | 'permanent' {
    if (isPermanent) return 'permanent'
    return this.#owner.settings.get('synchronous_commit') === 'off' ? 'asynchronous' : 'synchronous'
  }

  rollback(): void {
    const transaction = this.open
    this.open = undefined
    if (transaction !== undefined) this.#abort(transaction)
    this.#finish()
  }

  /**
   * Aborts after an error: the part after the last savepoint, or the whole transaction. A block stays open until
   * ROLLBACK.
   */
  fail(): void {
    if (this.failed) return
    if (!this.inBlock) {
      this.rollback()
      return
    }
    const transaction = this.open
    if (transaction !== undefined && transaction.state === 'active') {
      const { server, backend } = this.#owner
      // After a savepoint, only the work since the savepoint is undone, because ROLLBACK TO may keep the earlier work.
      if (transaction.current.parent === undefined) this.#abort(transaction)
      else server.store.abortTo(backend, transaction, transaction.current)
    }
    this.failed = true
  }

  #abort(transaction: Transaction): void {
    const { server, backend } = this.#owner
    server.store.abort(backend, transaction)
    server.catalogue.aborted(transaction)
    server.witness?.aborted(transaction)
    this.activity = undefined
  }

  #finish(): void {
    this.inBlock = false
    this.failed = false
    this.queried = false
    this.outbox.length = 0
    this.activity = undefined
    this.owed.length = 0
    this.savepoints.length = 0
    this.deferring.clear()
    for (const undo of this.localUndo.splice(0).toReversed()) undo()
    this.#owner.ended()
  }

  dropTemporaryTables(): void {
    const tables = this.#owner.temporaryTables()
    if (tables.length > 0) dropTogether(tables, this.begin().current, this.#owner.server.catalogue)
  }
}
