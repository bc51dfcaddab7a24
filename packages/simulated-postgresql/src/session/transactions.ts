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
  /** Called at the end of a transaction. Also called if there was no transaction to end. */
  ended(): void
}

/** The transactions of a session, at most one of them open, and the state of the open one. */
export class Transactions {
  readonly #owner: TransactionOwner
  open: Transaction | undefined
  /** Whether BEGIN opened the transaction; an implicit transaction commits at the Sync message. */
  inBlock = false
  failed = false
  /** Whether a query was executed in the transaction: its isolation level can then no longer change. */
  queried = false
  /**
   * The open savepoints, innermost last. After an error, ROLLBACK TO still works for a savepoint whose subtransaction
   * was aborted.
   */
  readonly savepoints: { readonly name: string; part: Subtransaction }[] = []
  /** The modes that SET CONSTRAINTS set, by constraint name. The empty name stands for ALL. */
  readonly deferring: Map<string, boolean> = new Map()
  /** Constraint checks deferred to the end of the transaction. */
  readonly owed: OwedCheck[] = []
  /** Functions that undo SET LOCAL at the end of the transaction. */
  readonly localUndo: (() => void)[] = []
  /** Notifications that NOTIFY sends at the commit. */
  readonly outbox: Notification[] = []
  /** The activity of all sessions when the open transaction first read it. */
  activity: readonly Activity[] | undefined
  /** The number of transactions begun. */
  begun = 0
  /** The number of committed transactions with writes. */
  commits = 0

  constructor(owner: TransactionOwner) {
    this.#owner = owner
  }

  status(): 'idle' | 'transaction' | 'failed' {
    return this.failed ? 'failed' : this.inBlock ? 'transaction' : 'idle'
  }

  /** Returns the open transaction; begins one if there is none. */
  begin(block: boolean): Transaction {
    if (block) this.inBlock = true
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

  /** @param what follows "cannot". */
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
   * Aborts after an error: in a block with an open savepoint, the part after the last savepoint; otherwise the whole
   * transaction. Releases the locks immediately. A block stays open until ROLLBACK.
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
      // With an open savepoint, only the work after it is aborted: ROLLBACK TO can still keep the rest.
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
    if (tables.length > 0) dropTogether(tables, this.begin(false).current, this.#owner.server.catalogue)
  }
}
