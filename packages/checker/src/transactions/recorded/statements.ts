import { type History, type Json, OK, outputOf, readsWhole, type TransactionNote } from '@chaosproxy/history'
import { casValuesOf } from '../../encoding/cas-values.ts'
import { registerFunctions } from '../../register/encoding/encode.ts'
import { rowOfCell } from '../granted/row-locks.ts'

/**
 * Reports whether the history was recorded from traffic in which each operation is one statement on a register. Units
 * of several such operations can be judged like transactions.
 */
export const areStatements = ({ header, functions, transactionNotes }: History): boolean =>
  transactionNotes === undefined &&
  header?.extra?.['workload'] === 'traffic' &&
  functions.every((name) => registerFunctions.includes(name))

/**
 * Converts recorded operations on registers to transactions of one statement each, all on the same row. The row lock
 * stands for a server that runs each command atomically, at some moment between request and reply.
 */
export function asStatements(history: History): History {
  const { operations, functions, keys, values, header } = history
  const { length, f, key, outcome, callTime, returnTime, returnLine } = operations
  const value = new Int32Array(length)
  const transactionNotes = new Map<number, TransactionNote>()
  for (let row = 0; row < length; row++) {
    const cell = keys[key[row]] ?? ''
    const micro = microOperations(functions[f[row]], cell, outputOf(history, row))
    value[row] = values.idOfTransaction(micro)
    const locks = [{ row: rowOfCell(cell), from: returnTime[row], to: callTime[row] }]
    if (outcome[row] === OK)
      transactionNotes.set(returnLine[row], {
        locks: micro.some(([does]) => does === 'w') ? locks : [],
        ...{ isolation: undefined, statements: [], predicates: [], request: undefined },
      })
  }
  const columns = { f: new Uint8Array(length), key: new Int32Array(length).fill(-1), input: value, output: value }
  return {
    ...{ ...history, functions: ['txn'], transactionNotes, operations: { ...operations, ...columns } },
    header: { chaos: 1, ...header, model: 'rw-register' },
  }
}

type MicroOperation = [does: 'r' | 'w', cell: string, ...value: Json[]]

function microOperations(name: string, cell: string, value: Json): MicroOperation[] {
  if (readsWhole(name)) return [['r', cell, value]]
  if (name === 'append')
    return [
      ['r', cell],
      ['w', cell],
    ]
  if (name !== 'cas') return [['w', cell, value]]
  const casValues = casValuesOf(value)
  return [
    casValues?.is === 'full' ? ['r', cell, casValues.from] : ['r', cell],
    casValues === undefined ? ['w', cell] : ['w', cell, casValues.to],
  ]
}
