import { type Dialect, objectsIn } from '../../sql/objects.ts'
import type { Command, ObjectsByName } from '../../sql/request.ts'

/** Compares names byte by byte, as all other systems do. */
const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin'
const KEY = 'VARCHAR(190)'

const tableOf = (name: string, columns: string): string =>
  `CREATE TABLE IF NOT EXISTS chaos_${name} (${columns}) ${TABLE}`

/** A list is a JSON text, so the next element replaces the closing bracket. */
const appendTo = (table: string): string =>
  `INSERT INTO ${table} VALUES (?, CONCAT('[', ?, ']'))
   ON DUPLICATE KEY UPDATE v = CONCAT(LEFT(v, CHAR_LENGTH(v) - 1), ',', SUBSTR(VALUES(v), 2))`

const IN_PLACE = 'UPDATE chaos_account SET balance = balance'

/** The SQL of MariaDB. `?` is a parameter. */
const dialect: Dialect = {
  register: {
    tables: [tableOf('register', `k ${KEY} PRIMARY KEY, v LONGTEXT NOT NULL`)],
    read: 'SELECT v FROM chaos_register WHERE k = ?',
    append: `INSERT INTO chaos_register VALUES (?, JSON_QUOTE(?))
             ON DUPLICATE KEY UPDATE v = JSON_QUOTE(CONCAT(JSON_UNQUOTE(v), JSON_UNQUOTE(VALUES(v))))`,
    // A register whose value is null has no row.
    write: (key, value) =>
      value === null
        ? { sql: 'DELETE FROM chaos_register WHERE k = ?', parameters: [key] }
        : {
            sql: 'INSERT INTO chaos_register VALUES (?, ?) ON DUPLICATE KEY UPDATE v = VALUES(v)',
            parameters: [key, JSON.stringify(value)],
          },
    swap(key, old, next) {
      const [before, after] = [JSON.stringify(old), JSON.stringify(next)]
      if (old === null)
        return next === null
          ? { sql: 'SELECT 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM chaos_register WHERE k = ?)', parameters: [key] }
          : { sql: 'INSERT IGNORE INTO chaos_register VALUES (?, ?)', parameters: [key, after] }
      return next === null
        ? { sql: 'DELETE FROM chaos_register WHERE k = ? AND v = ?', parameters: [key, before] }
        : { sql: 'UPDATE chaos_register SET v = ?3 WHERE k = ?1 AND v = ?2', parameters: [key, before, after] }
    },
  },
  counter: {
    tables: [tableOf('counter', `k ${KEY} PRIMARY KEY, v BIGINT NOT NULL`)],
    read: 'SELECT v FROM chaos_counter WHERE k = ?',
    add: 'INSERT INTO chaos_counter VALUES (?, ?) ON DUPLICATE KEY UPDATE v = v + VALUES(v)',
  },
  set: {
    tables: [tableOf('set', `k ${KEY}, element ${KEY}, PRIMARY KEY (k, element)`)],
    read: "SELECT CONCAT('[', GROUP_CONCAT(element ORDER BY element), ']') FROM chaos_set WHERE k = ?",
    add: 'INSERT IGNORE INTO chaos_set VALUES (?, ?)',
    remove: 'DELETE FROM chaos_set WHERE k = ? AND element = ?',
  },
  lists: {
    tables: [tableOf('list', `k ${KEY} PRIMARY KEY, v LONGTEXT NOT NULL`)],
    read: 'SELECT v FROM chaos_list WHERE k = ?',
    append: appendTo('chaos_list'),
  },
  transactions: {
    tables: [tableOf('cell', `k ${KEY} PRIMARY KEY, v LONGTEXT NOT NULL`)],
    steps: {
      r: 'SELECT v FROM chaos_cell WHERE k = ?',
      w: 'INSERT INTO chaos_cell VALUES (?, ?) ON DUPLICATE KEY UPDATE v = VALUES(v)',
      append: appendTo('chaos_cell'),
    },
  },
  bank: {
    tables: [
      tableOf('account', `name ${KEY} PRIMARY KEY, balance BIGINT NOT NULL`),
      tableOf('transfer', 'id BIGINT PRIMARY KEY'),
    ],
    account: (name, balance) => `INSERT IGNORE INTO chaos_account VALUES (${literal(name)}, ${balance})`,
    read: "SELECT COALESCE(JSON_OBJECTAGG(name, balance), '{}') FROM chaos_account",
    take: `${IN_PLACE} - ?2 WHERE name = ?1 AND balance >= ?2`,
    give: `${IN_PLACE} + ?2 WHERE name = ?1`,
    // A session variable stores the balance that was read.
    readPayer: 'SELECT @chaos_from := balance FROM chaos_account WHERE name = ?1 AND balance >= ?2',
    readPayee: 'SELECT @chaos_to := balance FROM chaos_account WHERE name = ?1',
    takeRead: 'UPDATE chaos_account SET balance = @chaos_from - ?2 WHERE name = ?1',
    giveRead: 'UPDATE chaos_account SET balance = @chaos_to + ?2 WHERE name = ?1',
    once: 'INSERT IGNORE INTO chaos_transfer VALUES (?)',
  },
}

export const objects: ObjectsByName = objectsIn(dialect)

/** Returns a text as an SQL literal. Requires NO_BACKSLASH_ESCAPES in `sql_mode`. */
const literal = (text: string | null): string => (text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`)

/** Replaces placeholders by the parameters: `?1` and `?2` by number, or each `?` in order. */
export function withParameters({ sql, parameters }: Command): string {
  let next = 0
  return sql.replaceAll(/\?(\d?)/g, (_, number: string) => {
    const place = number === '' ? next++ : Number(number) - 1
    return literal(parameters[place] ?? null)
  })
}
