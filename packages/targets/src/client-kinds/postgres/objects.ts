import { type Dialect, objectsIn } from '../../sql/objects.ts'
import type { ObjectsByName } from '../../sql/request.ts'

const tableOf = (name: string, columns: string): string => `CREATE TABLE IF NOT EXISTS chaos_${name} (${columns})`

const IN_PLACE = 'UPDATE chaos_account SET balance = balance'
const READ = "SELECT set_config('chaos"
const WRITE = "UPDATE chaos_account SET balance = current_setting('chaos"

const dialect: Dialect = {
  register: {
    tables: [tableOf('register', 'key text PRIMARY KEY, value jsonb NOT NULL')],
    read: 'SELECT value FROM chaos_register WHERE key = $1',
    append: `INSERT INTO chaos_register AS r VALUES ($1, to_jsonb($2::text))
             ON CONFLICT (key) DO UPDATE SET value = to_jsonb((r.value #>> '{}') || $2::text)`,
    write: (key, value) => ({
      sql: 'INSERT INTO chaos_register AS r VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value',
      parameters: [key, JSON.stringify(value)],
    }),
    // Even under read committed, PostgreSQL evaluates the condition again after it has waited for a locked row.
    swap: (key, old, next) =>
      old === null
        ? {
            sql: `INSERT INTO chaos_register AS r VALUES ($1, $2)
                  ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value WHERE r.value = 'null'`,
            parameters: [key, JSON.stringify(next)],
          }
        : {
            sql: 'UPDATE chaos_register SET value = $2 WHERE key = $1 AND value = $3',
            parameters: [key, JSON.stringify(next), JSON.stringify(old)],
          },
  },
  counter: {
    tables: [tableOf('counter', 'key text PRIMARY KEY, value bigint NOT NULL')],
    read: 'SELECT value FROM chaos_counter WHERE key = $1',
    add: 'INSERT INTO chaos_counter AS c VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = c.value + EXCLUDED.value',
  },
  set: {
    tables: [tableOf('set', 'key text, element jsonb, PRIMARY KEY (key, element)')],
    read: "SELECT coalesce(jsonb_agg(element ORDER BY element), '[]') FROM chaos_set WHERE key = $1",
    add: 'INSERT INTO chaos_set VALUES ($1, $2) ON CONFLICT DO NOTHING',
    remove: 'DELETE FROM chaos_set WHERE key = $1 AND element = $2',
  },
  lists: {
    tables: [tableOf('list', 'key text PRIMARY KEY, elements jsonb NOT NULL')],
    read: 'SELECT elements FROM chaos_list WHERE key = $1',
    append: `INSERT INTO chaos_list AS l VALUES ($1, jsonb_build_array($2::jsonb))
             ON CONFLICT (key) DO UPDATE SET elements = l.elements || EXCLUDED.elements`,
  },
  transactions: {
    tables: [tableOf('cell', 'key text PRIMARY KEY, value jsonb NOT NULL')],
    steps: {
      r: 'SELECT value FROM chaos_cell WHERE key = $1',
      w: 'INSERT INTO chaos_cell VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value',
      append: `INSERT INTO chaos_cell AS c VALUES ($1, jsonb_build_array($2::jsonb))
               ON CONFLICT (key) DO UPDATE SET value = c.value || EXCLUDED.value`,
    },
  },
  bank: {
    tables: [
      tableOf('account', 'name text PRIMARY KEY, balance bigint NOT NULL'),
      tableOf('transfer', 'id bigint PRIMARY KEY'),
    ],
    account: (name, balance) =>
      `INSERT INTO chaos_account VALUES ('${name.replaceAll("'", "''")}', ${balance}) ON CONFLICT DO NOTHING`,
    read: "SELECT coalesce(jsonb_object_agg(name, balance), '{}') FROM chaos_account",
    take: `${IN_PLACE} - $2 WHERE name = $1 AND balance >= $2`,
    give: `${IN_PLACE} + $2 WHERE name = $1`,
    // The balance that was read is kept in a setting of the transaction.
    readPayer: `${READ}.from', balance::text, true) FROM chaos_account WHERE name = $1 AND balance >= $2`,
    readPayee: `${READ}.to', balance::text, true) FROM chaos_account WHERE name = $1`,
    takeRead: `${WRITE}.from')::bigint - $2 WHERE name = $1`,
    giveRead: `${WRITE}.to')::bigint + $2 WHERE name = $1`,
    once: 'INSERT INTO chaos_transfer VALUES ($1) ON CONFLICT DO NOTHING',
  },
}

export const objects: ObjectsByName = objectsIn(dialect)
