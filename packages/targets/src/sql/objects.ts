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
  readonly register: {
    readonly tables: readonly string[]
    readonly read: string
    readonly append: string
    write(key: string, value: Json): Command
    swap(key: string, old: Json, next: Json): Command
  }
  readonly counter: { readonly tables: readonly string[]; readonly read: string; readonly add: string }
  readonly set: {
    readonly tables: readonly string[]
    readonly read: string
    readonly add: string
    readonly remove: string
  }
  readonly lists: { readonly tables: readonly string[]; readonly read: string; readonly append: string }
  readonly transactions: { readonly tables: readonly string[]; readonly steps: MicroCommands }
  readonly bank: BankCommands & {
    readonly tables: readonly string[]
    account(name: string, balance: number): string
    readonly read: string
  }
}

interface Functions {
  readonly [f: string]: (key: string, value: Json, transfers: Transfers) => SqlRequest
}

export const objectsIn = ({ register, counter, set, lists, transactions, bank }: Dialect): ObjectsByName => ({
  register: object(register.tables, {
    read: (key) => reading(register.read, [key], null),
    write: (key, value) => changing(register.write(key, value), value),
    cas(key, value) {
      const [old = null, next = null] = Array.isArray(value) ? (value as readonly Json[]) : []
      return comparing(register.swap(key, old, next), value)
    },
    append: (key, value) => changing({ sql: register.append, parameters: [key, String(value)] }, value),
  }),
  counter: object(counter.tables, {
    read: (key) => reading(counter.read, [key], 0),
    add: (key, value) => changing({ sql: counter.add, parameters: [key, String(value)] }, value),
  }),
  set: object(set.tables, {
    read: (key) => reading(set.read, [key], []),
    add: (key, value) => changing({ sql: set.add, parameters: [key, JSON.stringify(value)] }, value),
    remove: (key, value) => changing({ sql: set.remove, parameters: [key, JSON.stringify(value)] }, value),
  }),
  lists: object(lists.tables, {
    read: (key) => reading(lists.read, [key], []),
    append: (key, value) => changing({ sql: lists.append, parameters: [key, JSON.stringify(value)] }, value),
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
