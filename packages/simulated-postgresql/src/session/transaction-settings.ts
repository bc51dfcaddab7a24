import { SqlError } from '../sql/error.ts'
import { expectKind, type Node, optionsOf } from '../sql/nodes.ts'
import type { Isolation } from '../storage/model.ts'
import type { Host } from './host.ts'

/** Applies ISOLATION LEVEL, READ ONLY and DEFERRABLE of BEGIN or SET TRANSACTION. */
export function setModes(connection: Host, options: readonly Node[] | undefined): void {
  const transaction = connection.transactions.begin()
  for (const [name, value] of modes(options))
    switch (name) {
      case 'transaction_isolation': {
        const isolation = (value === 'read uncommitted' ? 'read committed' : value) as Isolation
        if (isolation === transaction.isolation) break
        if (transaction.snapshot !== undefined || transaction.commandId > 0 || connection.transactions.queried)
          throw new SqlError('25001', 'SET TRANSACTION ISOLATION LEVEL must be called before any query')
        if (transaction.current.parent !== undefined)
          throw new SqlError('25001', 'SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction')
        if (isolation === 'serializable')
          connection.transactions.refuseInStandby('use serializable mode in a hot standby')
        transaction.isolation = isolation
        break
      }
      case 'transaction_read_only':
        if (value === 'off' && transaction.readOnly && connection.transactions.queried)
          throw new SqlError('25001', 'transaction read-write mode must be set before any query')
        if (value === 'off') connection.transactions.refuseInStandby('set transaction read-write mode during recovery')
        transaction.readOnly = value === 'on'
        break
      case 'transaction_deferrable':
        transaction.deferrable = value === 'on'
        break
    }
}

/** Executes SET SESSION CHARACTERISTICS AS TRANSACTION. */
export function setDefaultModes(connection: Host, options: readonly Node[] | undefined): void {
  for (const [name, value] of modes(options)) setSetting(connection, `default_${name}`, value, false)
}

function modes(options: readonly Node[] | undefined): readonly (readonly [string, string])[] {
  return optionsOf(options).map(([name, arg]) => {
    const { sval, ival } = expectKind(arg, 'A_Const')
    return [name, sval?.sval ?? ((ival?.ival ?? 0) === 0 ? 'off' : 'on')] as const
  })
}

export function showSetting(connection: Host, name: string, missingOk = false): string | undefined {
  const { open } = connection.transactions
  const key = name.toLowerCase()
  if (open !== undefined && key === 'transaction_isolation') return open.isolation
  if (open !== undefined && key === 'transaction_read_only') return open.readOnly ? 'on' : 'off'
  if (open !== undefined && key === 'transaction_deferrable') return open.deferrable ? 'on' : 'off'
  return connection.settings.show(name, missingOk)
}

/** Executes SET. An abort of the transaction undoes it. The end of the transaction always undoes SET LOCAL. */
export function setSetting(connection: Host, name: string, value: string | undefined, local: boolean): void {
  const restore = connection.settings.set(name, value)
  let undone = false
  const undo = (): void => {
    if (!undone) restore()
    undone = true
  }
  const { open, localUndo } = connection.transactions
  if (open === undefined) return
  if (local) localUndo.push(undo)
  open.current.undo.push(undo)
}
