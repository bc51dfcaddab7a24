import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, fieldsOf, type Node } from '../sql/nodes.ts'
import type { Isolation } from '../storage/model.ts'
import { beginSubtransaction } from '../storage/transaction.ts'
import type { Host } from './host.ts'
import type { Wait } from './session.ts'

/** Statements that a failed transaction still executes. */
export function endsTransaction(node: Node): boolean {
  if (!('TransactionStmt' in node)) return false
  const { kind } = node.TransactionStmt
  return kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK' || kind === 'TRANS_STMT_ROLLBACK_TO'
}

export function* controlTransaction(
  connection: Host,
  fields: Fields<'TransactionStmt'>,
): Generator<Wait, string, void> {
  const {
    kind,
    options,
    savepoint_name = '',
  } = fieldsOf('TransactionStmt', fields, ['kind', 'options', 'savepoint_name'])
  switch (kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      if (connection.inBlock) connection.notice('WARNING', '25001', 'there is already a transaction in progress')
      connection.begin(true)
      setModes(connection, options)
      return kind === 'TRANS_STMT_BEGIN' ? 'BEGIN' : 'START TRANSACTION'
    case 'TRANS_STMT_COMMIT': {
      if (connection.failed) {
        connection.rollback()
        return 'ROLLBACK'
      }
      if (!connection.inBlock) connection.notice('WARNING', '25P01', 'there is no transaction in progress')
      yield* connection.payDeferred(() => true)
      try {
        connection.commit()
      } catch (error) {
        // The transaction is over: what fails at the commit leaves no block behind.
        connection.rollback()
        throw error
      }
      return 'COMMIT'
    }
    case 'TRANS_STMT_ROLLBACK':
      if (!connection.inBlock) connection.notice('WARNING', '25P01', 'there is no transaction in progress')
      connection.rollback()
      return 'ROLLBACK'
    case 'TRANS_STMT_SAVEPOINT':
      requireBlock(connection, 'SAVEPOINT')
      connection.savepoints.push({
        name: savepoint_name,
        part: beginSubtransaction(connection.begin(true), savepoint_name),
      })
      return 'SAVEPOINT'
    case 'TRANS_STMT_RELEASE':
      requireBlock(connection, 'RELEASE SAVEPOINT')
      release(connection, savepoint_name)
      return 'RELEASE'
    case 'TRANS_STMT_ROLLBACK_TO':
      requireBlock(connection, 'ROLLBACK TO SAVEPOINT')
      rollBackTo(connection, savepoint_name)
      return 'ROLLBACK'
    default:
      throw new NotSupported('two-phase commit')
  }
}

function requireBlock(connection: Host, command: string): void {
  if (!connection.inBlock) throw new SqlError('25P01', `${command} can only be used in transaction blocks`)
}

function findSavepoint(connection: Host, name: string): number {
  const at = connection.savepoints.findLastIndex((each) => each.name === name)
  if (at < 0) throw new SqlError('3B001', `savepoint "${name}" does not exist`)
  return at
}

function release(connection: Host, name: string): void {
  const at = findSavepoint(connection, name)
  const transaction = connection.begin(true)
  for (const { part } of connection.savepoints.splice(at).toReversed()) {
    if (part.parent === undefined) continue
    part.parent.undo.push(...part.undo.splice(0))
    transaction.current = part.parent
  }
}

function rollBackTo(connection: Host, name: string): void {
  const at = findSavepoint(connection, name)
  const { transaction, savepoints } = connection
  const savepoint = savepoints[at]
  if (transaction === undefined || savepoint === undefined) return
  savepoints.length = at + 1
  if (!savepoint.part.aborted) connection.server.store.abortTo(connection.backend, transaction, savepoint.part)
  connection.failed = false
  savepoint.part = beginSubtransaction(transaction, name)
}

/** ISOLATION LEVEL, READ ONLY and DEFERRABLE of BEGIN or SET TRANSACTION. */
export function setModes(connection: Host, options: readonly Node[] | undefined): void {
  const transaction = connection.begin(false)
  for (const [name, value] of modes(options))
    switch (name) {
      case 'transaction_isolation': {
        const isolation = (value === 'read uncommitted' ? 'read committed' : value) as Isolation
        if (isolation === transaction.isolation) break
        if (transaction.snapshot !== undefined || transaction.commandId > 0 || connection.queried)
          throw new SqlError('25001', 'SET TRANSACTION ISOLATION LEVEL must be called before any query')
        if (transaction.current.parent !== undefined)
          throw new SqlError('25001', 'SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction')
        if (isolation === 'serializable') connection.refuseInStandby('use serializable mode in a hot standby')
        transaction.isolation = isolation
        break
      }
      case 'transaction_read_only':
        if (value === 'off' && transaction.readOnly && connection.queried)
          throw new SqlError('25001', 'transaction read-write mode must be set before any query')
        if (value === 'off') connection.refuseInStandby('set transaction read-write mode during recovery')
        transaction.readOnly = value === 'on'
        break
      case 'transaction_deferrable':
        transaction.deferrable = value === 'on'
        break
    }
}

/** SET SESSION CHARACTERISTICS AS TRANSACTION. */
export function setDefaultModes(connection: Host, options: readonly Node[] | undefined): void {
  for (const [name, value] of modes(options)) connection.setSetting(`default_${name}`, value, false)
}

function modes(options: readonly Node[] | undefined): readonly (readonly [string, string])[] {
  return (options ?? []).map((node) => {
    const { defname = '', arg } = fieldsOf('DefElem', expectKind(node, 'DefElem'), ['defname', 'arg'])
    const { sval, ival } = expectKind(arg, 'A_Const')
    return [defname, sval?.sval ?? ((ival?.ival ?? 0) === 0 ? 'off' : 'on')] as const
  })
}
