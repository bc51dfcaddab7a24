import type { Isolation, Subtransaction, Transaction } from './model.ts'

export function beginTransaction(pid: number, startedAt: bigint, isolation: Isolation): Transaction {
  const transaction = {
    pid,
    isolation,
    readOnly: false,
    deferrable: false,
    isPermanent: false,
    state: 'active' as const,
    commitNumber: 0,
    startedAt,
    commandId: 0,
    commands: 0,
    snapshot: undefined,
    xmin: 0,
    reader: undefined,
  }
  const outermost = { parent: undefined, savepoint: undefined, aborted: false, xid: 0, undo: [] }
  const whole = Object.assign(transaction, { current: undefined as unknown as Subtransaction })
  whole.current = { ...outermost, transaction: whole }
  return whole
}

export function beginSubtransaction(transaction: Transaction, savepoint: string | undefined): Subtransaction {
  const begun = { transaction, parent: transaction.current, savepoint, aborted: false, xid: 0, undo: [] }
  transaction.current = begun
  return begun
}

/** Begins the next command, which sees all writes so far. */
export function nextCommand(transaction: Transaction): void {
  transaction.commandId = ++transaction.commands
}

export function statusOf(writer: Subtransaction): 'active' | 'committed' | 'aborted' {
  return writer.aborted ? 'aborted' : writer.transaction.state
}
