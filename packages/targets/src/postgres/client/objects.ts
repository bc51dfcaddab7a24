import { type Completion, type Input, isTransaction, type Json } from '@chaosproxy/history'
import { rowsOf } from '@chaosproxy/wire/postgresql'
import type { Judged } from './outcomes.ts'

/** How a workload's objects are stored in a database: a table, and a command for each operation. */
export type ObjectName = 'register' | 'counter' | 'set' | 'lists' | 'transactions' | 'bank'

/** `read-then-write`: a transaction reads both balances, and later writes what it makes of them, as many applications do. */
export type Transfers = 'in-place' | 'read-then-write'
export const transfersMade: readonly Transfers[] = ['in-place', 'read-then-write']

export interface Command {
  readonly sql: string
  readonly parameters: readonly (string | null)[]
}

type Done = Extract<Judged, { readonly type: 'done' }>

/** How to carry out an operation. */
export type Asked =
  /** A single command, which is its own transaction. */
  | { readonly type: 'command'; readonly command: Command; readonly result: (done: Done) => Completion }
  /** Several commands in one transaction. */
  | {
      readonly type: 'transaction'
      readonly commands: readonly StepCommand[]
      /** What the client learns if it commits; when absent, what it asked for. */
      readonly result?: (done: readonly Done[]) => Completion
    }
  | { readonly type: 'unknown'; readonly why: string }

/** If `otherwise` is given, the transaction is rolled back for that reason unless the command changes a row. */
type StepCommand = Command & { readonly otherwise?: string }

export interface Objects {
  readonly functions: readonly string[]
  /** Commands that create the tables if they do not exist. */
  tables(initial: Json): readonly string[]
  /** `transfers`: how a bank changes balances. */
  asked(input: Input, transfers?: Transfers): Asked
}

export const objects: { readonly [name in ObjectName]: Objects } = {
  register: {
    functions: ['read', 'write', 'cas', 'append'],
    tables: () => ['CREATE TABLE IF NOT EXISTS chaos_register (key text PRIMARY KEY, value jsonb NOT NULL)'],
    asked({ f, key = '', value }) {
      switch (f) {
        case 'read':
          return reading('SELECT value FROM chaos_register WHERE key = $1', [key], null)
        case 'write':
          return changing(
            'INSERT INTO chaos_register AS r VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value',
            [key, JSON.stringify(value)],
            value,
          )
        case 'append':
          return changing(
            `INSERT INTO chaos_register AS r VALUES ($1, to_jsonb($2::text))
             ON CONFLICT (key) DO UPDATE SET value = to_jsonb((r.value #>> '{}') || $2::text)`,
            [key, String(value)],
            value,
          )
        case 'cas':
          return comparing(key, value)
        default:
          return unknown(f)
      }
    },
  },
  counter: {
    functions: ['read', 'add'],
    tables: () => ['CREATE TABLE IF NOT EXISTS chaos_counter (key text PRIMARY KEY, value bigint NOT NULL)'],
    asked({ f, key = '', value }) {
      switch (f) {
        case 'read':
          return reading('SELECT value FROM chaos_counter WHERE key = $1', [key], 0)
        case 'add':
          return changing(
            'INSERT INTO chaos_counter AS c VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = c.value + EXCLUDED.value',
            [key, String(value)],
            value,
          )
        default:
          return unknown(f)
      }
    },
  },
  set: {
    functions: ['read', 'add', 'remove'],
    tables: () => ['CREATE TABLE IF NOT EXISTS chaos_set (key text, element jsonb, PRIMARY KEY (key, element))'],
    asked({ f, key = '', value }) {
      const element = [key, JSON.stringify(value)]
      switch (f) {
        case 'read':
          return reading(
            "SELECT coalesce(jsonb_agg(element ORDER BY element), '[]') FROM chaos_set WHERE key = $1",
            [key],
            [],
          )
        case 'add':
          return changing('INSERT INTO chaos_set VALUES ($1, $2) ON CONFLICT DO NOTHING', element, value)
        case 'remove':
          return changing('DELETE FROM chaos_set WHERE key = $1 AND element = $2', element, value)
        default:
          return unknown(f)
      }
    },
  },
  lists: {
    functions: ['read', 'append'],
    tables: () => ['CREATE TABLE IF NOT EXISTS chaos_list (key text PRIMARY KEY, elements jsonb NOT NULL)'],
    asked({ f, key = '', value }) {
      switch (f) {
        case 'read':
          return reading('SELECT elements FROM chaos_list WHERE key = $1', [key], [])
        case 'append':
          return changing(
            `INSERT INTO chaos_list AS l VALUES ($1, jsonb_build_array($2::jsonb))
             ON CONFLICT (key) DO UPDATE SET elements = l.elements || EXCLUDED.elements`,
            [key, JSON.stringify(value)],
            value,
          )
        default:
          return unknown(f)
      }
    },
  },
  transactions: {
    functions: ['txn'],
    tables: () => ['CREATE TABLE IF NOT EXISTS chaos_cell (key text PRIMARY KEY, value jsonb NOT NULL)'],
    asked: ({ f, value }) => (isTransaction(f) && Array.isArray(value) ? transacting(value) : unknown(f)),
  },
  bank: {
    functions: ['read', 'transfer'],
    tables: (initial) => [
      'CREATE TABLE IF NOT EXISTS chaos_account (name text PRIMARY KEY, balance bigint NOT NULL)',
      'CREATE TABLE IF NOT EXISTS chaos_transfer (id bigint PRIMARY KEY)',
      ...Object.entries(membersOf(initial)).map(
        ([name, balance]) =>
          `INSERT INTO chaos_account VALUES ('${name.replaceAll("'", "''")}', ${Number(balance)}) ON CONFLICT DO NOTHING`,
      ),
    ],
    asked({ f, value }, transfers) {
      switch (f) {
        case 'read':
          return reading("SELECT coalesce(jsonb_object_agg(name, balance), '{}') FROM chaos_account", [], {})
        case 'transfer':
          return transferring(value, transfers)
        default:
          return unknown(f)
      }
    },
  },
}

/** A read whose value is the first column of the only row. */
const reading = (sql: string, parameters: readonly string[], absent: Json): Asked => ({
  type: 'command',
  command: { sql, parameters },
  result: ({ rows }) => ({ type: 'ok', value: jsonIn(rows, absent) }),
})

function jsonIn(rows: Done['rows'] | undefined, absent: Json): Json {
  const text = rows?.[0]?.[0]
  return text === undefined || text === null ? absent : (JSON.parse(text) as Json)
}

const changing = (sql: string, parameters: readonly string[], given: Json): Asked => ({
  type: 'command',
  command: { sql, parameters },
  result: () => ({ type: 'ok', value: given }),
})

/** Even under read committed, a row locked by another transaction is compared again once it is free. */
function comparing(key: string, value: Json): Asked {
  const [old, next] = Array.isArray(value) ? (value as readonly Json[]) : []
  const command: Command =
    old === null || old === undefined
      ? {
          sql: `INSERT INTO chaos_register AS r VALUES ($1, $2)
                ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value WHERE r.value = 'null'`,
          parameters: [key, JSON.stringify(next ?? null)],
        }
      : {
          sql: 'UPDATE chaos_register SET value = $2 WHERE key = $1 AND value = $3',
          parameters: [key, JSON.stringify(next ?? null), JSON.stringify(old)],
        }
  return {
    type: 'command',
    command,
    result: ({ tag }) =>
      rowsOf(tag) === 0 ? { type: 'fail', error: 'mismatch', answered: true } : { type: 'ok', value },
  }
}

/** Micro-operations in the order given, which may deadlock: PostgreSQL ends one of the transactions then. */
function transacting(steps: readonly Json[]): Asked {
  const known = steps.map((step) => (Array.isArray(step) ? (step as readonly Json[]) : []))
  const strange = known.find(([kind]) => typeof kind !== 'string' || !Object.hasOwn(microCommands, kind))
  if (strange !== undefined) return unknown(`the step ${JSON.stringify(strange)}`)
  return {
    type: 'transaction',
    commands: known.map(([kind, key, given = null]) => ({
      sql: microCommands[String(kind)] ?? '',
      parameters: kind === 'r' ? [String(key)] : [String(key), JSON.stringify(given)],
    })),
    result: (done) => ({
      type: 'ok',
      value: known.map(
        ([kind = null, key = null, given = null], i): Json => [
          kind,
          key,
          kind === 'r' ? jsonIn(done[i]?.rows, null) : given,
        ],
      ),
    }),
  }
}

const microCommands: { readonly [kind: string]: string } = {
  r: 'SELECT value FROM chaos_cell WHERE key = $1',
  w: 'INSERT INTO chaos_cell VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value',
  append: `INSERT INTO chaos_cell AS c VALUES ($1, jsonb_build_array($2::jsonb))
           ON CONFLICT (key) DO UPDATE SET value = c.value || EXCLUDED.value`,
}

/** Locks accounts in order of their names, so that transfers cannot deadlock. */
function transferring(value: Json, transfers: Transfers = 'in-place'): Asked {
  const { from, to, amount, id } = membersOf(value)
  const taken = [String(from), String(amount)]
  const given = [String(to), String(amount)]
  const short = 'insufficient funds'
  const noAccount = `there is no account ${to}`
  const inPlace = 'UPDATE chaos_account SET balance = balance'
  // A setting of the transaction keeps what it read.
  const read = (as: string) =>
    `SELECT set_config('chaos.${as}', balance::text, true) FROM chaos_account WHERE name = $1`
  const write = "UPDATE chaos_account SET balance = current_setting('chaos."
  const [reads, take, give]: readonly [StepCommand[], StepCommand, StepCommand] =
    transfers === 'in-place'
      ? [
          [],
          { sql: `${inPlace} - $2 WHERE name = $1 AND balance >= $2`, parameters: taken, otherwise: short },
          { sql: `${inPlace} + $2 WHERE name = $1`, parameters: given, otherwise: noAccount },
        ]
      : [
          [
            { sql: `${read('from')} AND balance >= $2`, parameters: taken, otherwise: short },
            { sql: read('to'), parameters: [String(to)], otherwise: noAccount },
          ],
          { sql: `${write}from')::bigint - $2 WHERE name = $1`, parameters: taken, otherwise: short },
          { sql: `${write}to')::bigint + $2 WHERE name = $1`, parameters: given, otherwise: noAccount },
        ]
  const moves = [...reads, ...(String(from) < String(to) ? [take, give] : [give, take])]
  const once = {
    sql: 'INSERT INTO chaos_transfer VALUES ($1) ON CONFLICT DO NOTHING',
    parameters: [String(id)],
    otherwise: 'made before',
  }
  return { type: 'transaction', commands: id === undefined ? moves : [once, ...moves] }
}

const unknown = (f: string): Asked => ({ type: 'unknown', why: `there is no command for ${f}` })

const membersOf = (value: Json): { readonly [member: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [member: string]: Json })
    : {}

export const objectNames = Object.keys(objects) as readonly ObjectName[]

/** The object that has these operations. */
export function objectOf(functions: readonly string[], initial: Json): ObjectName {
  if (functions.some(isTransaction)) return 'transactions'
  if (functions.includes('transfer')) return 'bank'
  if (functions.includes('add')) return typeof initial === 'number' ? 'counter' : 'set'
  if (functions.includes('append') && !functions.includes('write')) return 'lists'
  return 'register'
}
