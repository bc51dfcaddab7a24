import { isTransaction, type Json } from '@chaosproxy/history'
import {
  type BankCommands,
  type Command,
  changing,
  comparing,
  membersOf,
  type ObjectsByName,
  reading,
  transacting,
  transferring,
  unknown,
} from '../../sql/asked.ts'

/** How PostgreSQL stores the objects, in tables of their own. */
export const objects: ObjectsByName = {
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
          return comparing(swap(key, value), value)
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
    asked: ({ f, value }) =>
      isTransaction(f) && Array.isArray(value) ? transacting(value, microCommands) : unknown(f),
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
          return transferring(value, transfers ?? 'in-place', bank)
        default:
          return unknown(f)
      }
    },
  },
}

/** Even under read committed, a row locked by another transaction is compared again once it is free. */
function swap(key: string, value: Json): Command {
  const [old, next] = Array.isArray(value) ? (value as readonly Json[]) : []
  return old === null || old === undefined
    ? {
        sql: `INSERT INTO chaos_register AS r VALUES ($1, $2)
              ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value WHERE r.value = 'null'`,
        parameters: [key, JSON.stringify(next ?? null)],
      }
    : {
        sql: 'UPDATE chaos_register SET value = $2 WHERE key = $1 AND value = $3',
        parameters: [key, JSON.stringify(next ?? null), JSON.stringify(old)],
      }
}

const microCommands: { readonly [kind: string]: string } = {
  r: 'SELECT value FROM chaos_cell WHERE key = $1',
  w: 'INSERT INTO chaos_cell VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value',
  append: `INSERT INTO chaos_cell AS c VALUES ($1, jsonb_build_array($2::jsonb))
           ON CONFLICT (key) DO UPDATE SET value = c.value || EXCLUDED.value`,
}

const IN_PLACE = 'UPDATE chaos_account SET balance = balance'
const READ = "SELECT set_config('chaos"
const WRITE = "UPDATE chaos_account SET balance = current_setting('chaos"

/** A setting of the transaction keeps what it read. */
const bank: BankCommands = {
  take: `${IN_PLACE} - $2 WHERE name = $1 AND balance >= $2`,
  give: `${IN_PLACE} + $2 WHERE name = $1`,
  readPayer: `${READ}.from', balance::text, true) FROM chaos_account WHERE name = $1 AND balance >= $2`,
  readPayee: `${READ}.to', balance::text, true) FROM chaos_account WHERE name = $1`,
  takeRead: `${WRITE}.from')::bigint - $2 WHERE name = $1`,
  giveRead: `${WRITE}.to')::bigint + $2 WHERE name = $1`,
  once: 'INSERT INTO chaos_transfer VALUES ($1) ON CONFLICT DO NOTHING',
}
