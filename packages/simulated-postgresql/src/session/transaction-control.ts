import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, type Node, refuseRest } from '../sql/nodes.ts'
import { beginSubtransaction } from '../storage/transaction.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { Host } from './host.ts'
import { setModes } from './transaction-settings.ts'

/** Whether a failed transaction still executes the statement. */
export function endsTransaction(node: Node): boolean {
  if (!('TransactionStmt' in node)) return false
  const { kind } = node.TransactionStmt
  return kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK' || kind === 'TRANS_STMT_ROLLBACK_TO'
}

export function* controlTransaction(fields: Fields<'TransactionStmt'>, connection: Host): Coroutine<string> {
  const { kind, options, savepoint_name = '', ...rest } = fields
  refuseRest('TransactionStmt', rest)
  switch (kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      if (connection.transactions.inBlock)
        connection.notice('WARNING', '25001', 'there is already a transaction in progress')
      connection.transactions.beginBlock()
      setModes(connection, options)
      return kind === 'TRANS_STMT_BEGIN' ? 'BEGIN' : 'START TRANSACTION'
    case 'TRANS_STMT_COMMIT': {
      if (connection.transactions.failed) {
        connection.transactions.rollback()
        return 'ROLLBACK'
      }
      if (!connection.transactions.inBlock) connection.notice('WARNING', '25P01', 'there is no transaction in progress')
      try {
        yield* connection.runner.payDeferred(() => true)
        connection.transactions.commit()
      } catch (error) {
        // After an error at the commit, no block stays open.
        connection.transactions.rollback()
        throw error
      }
      return 'COMMIT'
    }
    case 'TRANS_STMT_ROLLBACK':
      if (!connection.transactions.inBlock) connection.notice('WARNING', '25P01', 'there is no transaction in progress')
      connection.transactions.rollback()
      return 'ROLLBACK'
    case 'TRANS_STMT_SAVEPOINT':
      requireBlock(connection, 'SAVEPOINT')
      connection.transactions.savepoints.push({
        name: savepoint_name,
        part: beginSubtransaction(connection.transactions.begin(), savepoint_name),
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
  if (!connection.transactions.inBlock) throw new SqlError('25P01', `${command} can only be used in transaction blocks`)
}

function findSavepoint(connection: Host, name: string): number {
  const at = connection.transactions.savepoints.findLastIndex((each) => each.name === name)
  if (at < 0) throw new SqlError('3B001', `savepoint "${name}" does not exist`)
  return at
}

function release(connection: Host, name: string): void {
  const at = findSavepoint(connection, name)
  const transaction = connection.transactions.begin()
  for (const { part } of connection.transactions.savepoints.splice(at).toReversed()) {
    if (part.parent === undefined) continue
    part.parent.undo.push(...part.undo.splice(0))
    transaction.current = part.parent
  }
}

function rollBackTo(connection: Host, name: string): void {
  const at = findSavepoint(connection, name)
  const { open: transaction, savepoints } = connection.transactions
  const savepoint = savepoints[at]
  if (transaction === undefined || savepoint === undefined) return
  savepoints.length = at + 1
  if (!savepoint.part.aborted) connection.server.store.abortTo(connection.backend, transaction, savepoint.part)
  connection.transactions.failed = false
  savepoint.part = beginSubtransaction(transaction, name)
}
