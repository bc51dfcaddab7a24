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

/** Names are compared byte by byte, as in every other system. */
const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin'
const KEY = 'VARCHAR(190)'

/** How MariaDB stores the objects, in tables of their own. Values are JSON texts. `?` is a parameter. */
export const objects: ObjectsByName = {
  register: {
    functions: ['read', 'write', 'cas', 'append'],
    tables: () => [`CREATE TABLE IF NOT EXISTS chaos_register (k ${KEY} PRIMARY KEY, v LONGTEXT NOT NULL) ${TABLE}`],
    asked({ f, key = '', value }) {
      switch (f) {
        case 'read':
          return reading('SELECT v FROM chaos_register WHERE k = ?', [key], null)
        case 'write':
          return value === null
            ? changing('DELETE FROM chaos_register WHERE k = ?', [key], value)
            : changing(
                'INSERT INTO chaos_register VALUES (?, ?) ON DUPLICATE KEY UPDATE v = VALUES(v)',
                [key, JSON.stringify(value)],
                value,
              )
        case 'append':
          return changing(
            `INSERT INTO chaos_register VALUES (?, JSON_QUOTE(?))
             ON DUPLICATE KEY UPDATE v = JSON_QUOTE(CONCAT(JSON_UNQUOTE(v), JSON_UNQUOTE(VALUES(v))))`,
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
    tables: () => [`CREATE TABLE IF NOT EXISTS chaos_counter (k ${KEY} PRIMARY KEY, v BIGINT NOT NULL) ${TABLE}`],
    asked({ f, key = '', value }) {
      switch (f) {
        case 'read':
          return reading('SELECT v FROM chaos_counter WHERE k = ?', [key], 0)
        case 'add':
          return changing(
            'INSERT INTO chaos_counter VALUES (?, ?) ON DUPLICATE KEY UPDATE v = v + VALUES(v)',
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
    tables: () => [
      `CREATE TABLE IF NOT EXISTS chaos_set (k ${KEY}, element ${KEY}, PRIMARY KEY (k, element)) ${TABLE}`,
    ],
    asked({ f, key = '', value }) {
      const element = [key, JSON.stringify(value)]
      switch (f) {
        case 'read':
          return reading(
            "SELECT CONCAT('[', GROUP_CONCAT(element ORDER BY element), ']') FROM chaos_set WHERE k = ?",
            [key],
            [],
          )
        case 'add':
          return changing('INSERT IGNORE INTO chaos_set VALUES (?, ?)', element, value)
        case 'remove':
          return changing('DELETE FROM chaos_set WHERE k = ? AND element = ?', element, value)
        default:
          return unknown(f)
      }
    },
  },
  lists: {
    functions: ['read', 'append'],
    tables: () => [`CREATE TABLE IF NOT EXISTS chaos_list (k ${KEY} PRIMARY KEY, v LONGTEXT NOT NULL) ${TABLE}`],
    asked({ f, key = '', value }) {
      switch (f) {
        case 'read':
          return reading('SELECT v FROM chaos_list WHERE k = ?', [key], [])
        case 'append':
          return changing(appendTo('chaos_list'), [key, JSON.stringify(value)], value)
        default:
          return unknown(f)
      }
    },
  },
  transactions: {
    functions: ['txn'],
    tables: () => [`CREATE TABLE IF NOT EXISTS chaos_cell (k ${KEY} PRIMARY KEY, v LONGTEXT NOT NULL) ${TABLE}`],
    asked: ({ f, value }) =>
      isTransaction(f) && Array.isArray(value) ? transacting(value, microCommands) : unknown(f),
  },
  bank: {
    functions: ['read', 'transfer'],
    tables: (initial) => [
      `CREATE TABLE IF NOT EXISTS chaos_account (name ${KEY} PRIMARY KEY, balance BIGINT NOT NULL) ${TABLE}`,
      `CREATE TABLE IF NOT EXISTS chaos_transfer (id BIGINT PRIMARY KEY) ${TABLE}`,
      ...Object.entries(membersOf(initial)).map(
        ([name, balance]) => `INSERT IGNORE INTO chaos_account VALUES (${literal(name)}, ${Number(balance)})`,
      ),
    ],
    asked({ f, value }, transfers) {
      switch (f) {
        case 'read':
          return reading("SELECT COALESCE(JSON_OBJECTAGG(name, balance), '{}') FROM chaos_account", [], {})
        case 'transfer':
          return transferring(value, transfers ?? 'in-place', bank)
        default:
          return unknown(f)
      }
    },
  },
}

/** A register that is null has no row. */
function swap(key: string, value: Json): Command {
  const [old = null, next = null] = Array.isArray(value) ? (value as readonly Json[]) : []
  const [before, after] = [JSON.stringify(old), JSON.stringify(next)]
  if (old === null)
    return next === null
      ? { sql: 'SELECT 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM chaos_register WHERE k = ?)', parameters: [key] }
      : { sql: 'INSERT IGNORE INTO chaos_register VALUES (?, ?)', parameters: [key, after] }
  return next === null
    ? { sql: 'DELETE FROM chaos_register WHERE k = ? AND v = ?', parameters: [key, before] }
    : { sql: 'UPDATE chaos_register SET v = ?3 WHERE k = ?1 AND v = ?2', parameters: [key, before, after] }
}

/** A list is a JSON text that ends with a bracket, which the next element replaces. */
const appendTo = (table: string): string =>
  `INSERT INTO ${table} VALUES (?, CONCAT('[', ?, ']'))
   ON DUPLICATE KEY UPDATE v = CONCAT(LEFT(v, CHAR_LENGTH(v) - 1), ',', SUBSTR(VALUES(v), 2))`

const microCommands: { readonly [kind: string]: string } = {
  r: 'SELECT v FROM chaos_cell WHERE k = ?',
  w: 'INSERT INTO chaos_cell VALUES (?, ?) ON DUPLICATE KEY UPDATE v = VALUES(v)',
  append: appendTo('chaos_cell'),
}

const IN_PLACE = 'UPDATE chaos_account SET balance = balance'

/** A variable of the session keeps what was read. */
const bank: BankCommands = {
  take: `${IN_PLACE} - ?2 WHERE name = ?1 AND balance >= ?2`,
  give: `${IN_PLACE} + ?2 WHERE name = ?1`,
  readPayer: 'SELECT @chaos_from := balance FROM chaos_account WHERE name = ?1 AND balance >= ?2',
  readPayee: 'SELECT @chaos_to := balance FROM chaos_account WHERE name = ?1',
  takeRead: 'UPDATE chaos_account SET balance = @chaos_from - ?2 WHERE name = ?1',
  giveRead: 'UPDATE chaos_account SET balance = @chaos_to + ?2 WHERE name = ?1',
  once: 'INSERT IGNORE INTO chaos_transfer VALUES (?)',
}

/** A text in SQL, with NO_BACKSLASH_ESCAPES in `sql_mode`. */
export const literal = (text: string | null): string => (text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`)

/** Puts parameters in place of `?1`, `?2`, or of each `?` in order. */
export function withParameters({ sql, parameters }: Command): string {
  let next = 0
  return sql.replaceAll(/\?(\d?)/g, (_, number: string) => {
    const place = number === '' ? next++ : Number(number) - 1
    return literal(parameters[place] ?? null)
  })
}
