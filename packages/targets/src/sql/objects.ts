import { isTransaction, type Json, membersOf } from '@chaosproxy/history'
import {
  type BankCommands,
  type Command,
  changing,
  comparing,
  type MicroCommands,
  type Objects,
  type ObjectsByName,
  reading,
  type SqlRequest,
  type Transfers,
  transacting,
  transferring,
  unknown,
} from './request.ts'

/**
 * The statements of one database, in its own dialect. Values are JSON texts. Parameters: a key and, except for reads, a
 * value.
 */
export interface Dialect {
  readonly register: Table & {
    readonly append: string
    write(key: string, value: Json): Command
    swap(key: string, old: Json, next: Json): Command
  }
  readonly counter: Table & { readonly add: string }
  readonly set: Table & { readonly add: string; readonly remove: string }
  readonly lists: Table & { readonly append: string }
  readonly transactions: Pick<Table, 'tables'> & { readonly steps: MicroCommands }
  readonly bank: BankCommands & Table & { account(name: string, balance: number): string }
}

interface Table {
  readonly tables: readonly string[]
  readonly read: string
}

interface Functions {
  readonly [f: string]: Asks
}

type Asks = (key: string, value: Json, transfers: Transfers) => SqlRequest

/** A change with the key and the value's text as parameters. */
const changed =
  (sql: string, textOf: (value: Json) => string = JSON.stringify): Asks =>
  (key, value) =>
    changing({ sql, parameters: [key, textOf(value)] }, value)

export const objectsIn = ({ register, counter, set, lists, transactions, bank }: Dialect): ObjectsByName => ({
  register: object(register.tables, {
    read: (key) => reading(register.read, [key], null),
    write: (key, value) => changing(register.write(key, value), value),
    cas(key, value) {
      const [old = null, next = null] = Array.isArray(value) ? (value as readonly Json[]) : []
      return comparing(register.swap(key, old, next), value)
    },
    append: changed(register.append, String),
  }),
  counter: object(counter.tables, {
    read: (key) => reading(counter.read, [key], 0),
    add: changed(counter.add, String),
  }),
  set: object(set.tables, {
    read: (key) => reading(set.read, [key], []),
    add: changed(set.add),
    remove: changed(set.remove),
  }),
  lists: object(lists.tables, {
    read: (key) => reading(lists.read, [key], []),
    append: changed(lists.append),
  }),
  transactions: {
    functions: ['txn'],
    tables: () => transactions.tables,
    requestFor: ({ f, value }) =>
      isTransaction(f) && Array.isArray(value) ? transacting(value, transactions.steps) : unknown(f),
  },
  bank: {
    ...object(bank.tables, {
      read: () => reading(bank.read, [], {}),
      transfer: (_, value, transfers) => transferring(value, transfers, bank),
    }),
    tables: (initial) => [
      ...bank.tables,
      ...Object.entries(membersOf(initial)).map(([name, balance]) => bank.account(name, Number(balance))),
    ],
  },
})

const object = (tables: readonly string[], functions: Functions): Objects => ({
  functions: Object.keys(functions),
  tables: () => tables,
  requestFor({ f, key = '', value }, transfers = 'in-place') {
    const asks = Object.hasOwn(functions, f) ? functions[f] : undefined
    return asks?.(key, value, transfers) ?? unknown(f)
  },
})
