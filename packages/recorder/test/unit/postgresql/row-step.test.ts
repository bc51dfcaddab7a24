import { describe, expect, test } from 'vitest'
import { mysqlDialect } from '../../../src/mysql/statement.ts'
import type { Answer } from '../../../src/postgresql/part.ts'
import type { Portal } from '../../../src/postgresql/prepared.ts'
import { doneBy, type MicroOperation, type RowStep, requestedOperations } from '../../../src/postgresql/row-step.ts'
import { parsePostgresqlSettings } from '../../../src/postgresql/settings.ts'
import { statementsOf } from '../../../src/postgresql/sql-tokens.ts'
import { analyse } from '../../../src/postgresql/statement.ts'

interface Options {
  readonly isMysql?: boolean
  /** The parameters, as texts or as bytes. */
  readonly values?: readonly (string | Buffer | null)[]
  readonly formats?: Portal['formats']
  readonly types?: readonly number[]
}

/**
 * Returns the step of a statement. The tables are accounts (id, balance, owner) and prices (id, price), with a numeric
 * price.
 */
function stepOf(sql: string, { isMysql = false, values, formats = [], types = [] }: Options = {}): RowStep {
  const tables = { accounts: { values: ['balance', 'owner'] }, prices: { values: { price: 'numeric' } } }
  const { commands } = parsePostgresqlSettings({ tables }, 'a test')
  const known = isMysql
    ? new Map([...(commands.tables ?? [])].map(([name, table]) => [name, { ...table, converts: true }]))
    : commands.tables
  const [tokens = []] = statementsOf(sql) ?? []
  const statement = analyse(tokens, { ...commands, tables: known, ...(isMysql ? { dialect: mysqlDialect } : {}) })
  if (statement.kind !== 'rows') throw new Error(`${sql} is read as ${JSON.stringify(statement)}`)
  const portal: Portal | undefined = values && {
    ...{ prepared: { statements: [], types, columns: undefined }, formats, resultFormats: [] },
    values: values.map((value) => (typeof value === 'string' ? Buffer.from(value) : value)),
    ...{ columns: undefined, wasExecuted: false },
  }
  return { what: sql, statement: statement.rows, portal }
}

const column = (name: string) => ({
  ...{ name, table: 1, attribute: 1, type: 23, size: -1, modifier: -1, format: 0 as const },
})

/** An answer with these columns and rows. */
function answered(tag: string, names: string = '', ...rows: readonly (readonly (string | null)[])[]): Answer {
  return {
    tag,
    rows: rows.map((row) => row.map((value) => (value === null ? null : Buffer.from(value)))),
    columns: names === '' ? undefined : names.split(' ').map(column),
    formats: undefined,
  }
}

const textOf = ([kind, cell, ...value]: MicroOperation): string =>
  `${kind} ${cell}${value.map((each) => `=${JSON.stringify(each)}`).join('')}`

/** Returns all that is recorded of a statement: `r accounts/7/balance=100; locks accounts/7; predicate; doubt: why`. */
function done(step: RowStep, answer: Answer): string {
  const { micro, locked, isPredicate, doubt } = doneBy(step, answer)
  const doubted = typeof doubt?.touches === 'object' ? ` of ${doubt.touches.keys.join(', ')}` : ''
  return [
    ...micro.map(textOf),
    ...locked.map((row) => `locks ${row}`),
    ...(isPredicate ? ['predicate'] : []),
    ...(doubt === undefined ? [] : [`doubt${doubt.lasts === true ? ' for ever' : ''}${doubted}: ${doubt.why}`]),
  ].join('; ')
}

type Case = readonly [sql: string, answer: Answer, done: string, options?: Options]

const CASES: readonly Case[] = [
  ['SELECT balance FROM accounts WHERE id = 7', answered('SELECT 1', 'balance', ['100']), 'r accounts/7/balance=100'],
  ['SELECT balance FROM accounts WHERE id = 7', answered('SELECT 0', 'balance'), 'r accounts/7/balance=null'],
  [
    'SELECT balance FROM accounts WHERE id = 7 FOR UPDATE',
    answered('SELECT 1', 'balance', ['100']),
    'r accounts/7/balance=100; locks accounts/7',
  ],
  [
    'SELECT id, balance FROM accounts WHERE id IN (7, 8)',
    answered('SELECT 1', 'id balance', ['7', '100']),
    'r accounts/7/balance=100; r accounts/8/balance=null',
  ],
  [
    'SELECT balance FROM accounts WHERE id IN (7, 8)',
    answered('SELECT 1', 'balance', ['100']),
    'predicate; doubt: its result lacks id; select it as well',
  ],
  ['SELECT 1 FROM accounts WHERE id IN (7, 8)', answered('SELECT 1', 'a', ['1']), 'predicate'],
  [
    'SELECT 1 FROM accounts WHERE id IN (7, 8)',
    answered('SELECT 0', 'a'),
    'r accounts/7/balance=null; r accounts/7/owner=null; r accounts/8/balance=null; r accounts/8/owner=null',
  ],
  [
    'SELECT id, balance FROM accounts WHERE id IN (7, 8)',
    { ...answered('SELECT 1', 'id balance', ['7', '100']), hasMore: true },
    'r accounts/7/balance=100; predicate; doubt: not all of its rows were seen; read them without a cursor',
  ],
  [
    'SELECT id, balance FROM accounts WHERE id IN (7, 8)',
    answered('', 'id balance', ['7', '100']),
    'r accounts/7/balance=100; predicate; doubt: not all of its rows were seen; read them without a cursor',
  ],
  [
    'SELECT id, balance FROM accounts WHERE id IN (7, 8)',
    answered('', 'id balance', ['7', '1'], ['8', '2']),
    'r accounts/7/balance=1; r accounts/8/balance=2',
  ],
  [
    'SELECT id, balance FROM accounts WHERE id = 7',
    { ...answered('', 'id balance', ['7', '1']), hasMore: true },
    'r accounts/7/balance=1; doubt: not all of its rows were seen; read them without a cursor',
  ],
  ['SELECT id, balance FROM accounts WHERE id = 7 LIMIT 0', answered('SELECT 0', 'id balance'), 'predicate'],
  [
    'SELECT id, balance FROM accounts WHERE balance > 5',
    answered('SELECT 1', 'id balance', ['7', '100']),
    'r accounts/7/balance=100; predicate',
  ],
  [
    'SELECT balance FROM accounts WHERE balance > 5',
    answered('SELECT 1', 'balance', ['100']),
    'predicate; doubt: its result lacks id; select it as well',
  ],
  [
    'SELECT id, price FROM prices WHERE price > 5',
    answered('SELECT 1', 'id price', ['7', '100']),
    'r prices/7/price=100; predicate',
  ],
  ['SELECT id FROM prices WHERE price > 5', answered('SELECT 1', 'id', ['7']), 'r> prices/7/price=5; predicate'],
  ['SELECT price FROM prices WHERE id = 7 AND price > 5', answered('SELECT 0', 'price'), 'r!> prices/7/price=5'],
  ['SELECT price FROM prices WHERE id = 7 AND price = 5', answered('SELECT 0', 'price'), 'r!= prices/7/price=5'],
  ['SELECT price FROM prices WHERE id = 7 AND price <> 5', answered('SELECT 0', 'price'), 'r!<> prices/7/price=5'],
  ['SELECT id FROM prices WHERE id = 7 AND price > NULL', answered('SELECT 0', 'id'), 'r prices/7/price'],
  [
    'SELECT owner FROM accounts WHERE id = 7 AND balance = 5 AND upper(owner) = 1',
    answered('SELECT 1', 'owner', ['a']),
    'r accounts/7/owner="a"; r accounts/7/balance=5',
  ],
  [
    'SELECT id FROM accounts WHERE id = 7 AND balance = 5 AND upper(owner) = 1',
    answered('SELECT 1', 'id', ['7']),
    'r accounts/7/balance=5; r accounts/7/owner',
  ],
  [
    'SELECT id FROM accounts WHERE id = 7 AND balance = 5 AND upper(owner) = 1',
    answered('SELECT 0', 'id'),
    'r accounts/7/balance; r accounts/7/owner',
  ],
  [
    'SELECT id FROM accounts WHERE id = 7 AND upper(other) = 1',
    answered('SELECT 0', 'id'),
    'r accounts/7/balance; r accounts/7/owner',
  ],
  [
    'SELECT id, balance FROM accounts WHERE id IN (7, 7)',
    answered('SELECT 2', 'id balance', ['7', '1'], ['7', '1']),
    'doubt for ever of accounts/*/balance, accounts/*/owner: two rows of its answer have the same id. Name the primary key of accounts, or leave this table out of the recording. At REPEATABLE READ, do not insert a row that another transaction deleted: the snapshot still shows it',
  ],
  [
    'SELECT id, balance FROM accounts',
    answered('SELECT 2', 'id balance', ['7', '1'], ['7', '2']),
    'doubt for ever of accounts/*/balance, accounts/*/owner: two rows of its answer have the same id. Name the primary key of accounts, or leave this table out of the recording. At REPEATABLE READ, do not insert a row that another transaction deleted: the snapshot still shows it',
  ],
  [
    'SELECT id, balance FROM accounts WHERE id = 7',
    answered('SELECT 1', 'id', ['7']),
    'doubt: the answer has no column balance',
  ],
  [
    'SELECT id, balance FROM accounts WHERE id = 7',
    answered('SELECT 1', 'id balance', [null, '7']),
    'doubt: the primary key in the answer of SELECT id, balance FROM accounts WHERE id = 7 is not readable',
  ],
  [
    'SELECT price FROM prices WHERE id = 7',
    answered('SELECT 1', 'price', ['a']),
    'doubt: the value of price in its answer cannot be read as numeric',
  ],
  [
    'SELECT count(*) FROM accounts WHERE id = 7',
    answered('SELECT 1', 'count', ['1']),
    'r accounts/7/balance; r accounts/7/owner',
  ],
  [
    'SELECT count(*) FROM accounts WHERE id = 7',
    answered('SELECT 1', 'count', ['0']),
    'r accounts/7/balance=null; r accounts/7/owner=null',
  ],
  [
    'SELECT count(*) FROM accounts WHERE id IN (7, 8)',
    answered('SELECT 1', 'count', ['2']),
    'r accounts/7/balance; r accounts/7/owner; r accounts/8/balance; r accounts/8/owner',
  ],
  ['SELECT count(*) FROM accounts WHERE id IN (7, 8)', answered('SELECT 1', 'count', ['1']), 'predicate'],
  [
    'SELECT count(*) FROM accounts WHERE id = 7 AND balance = 5',
    answered('SELECT 1', 'count', ['1']),
    'r accounts/7/balance=5',
  ],
  ['SELECT count(*) FROM accounts WHERE balance = 5', answered('SELECT 1', 'count', ['0']), 'predicate'],
  ['SELECT count(*) FROM accounts', answered('SELECT 1', 'count', ['0']), 'predicate'],
  [
    'SELECT EXISTS (SELECT 1 FROM accounts WHERE id = 7)',
    answered('SELECT 1', 'exists', ['t']),
    'r accounts/7/balance; r accounts/7/owner',
  ],
  ['SELECT EXISTS (SELECT 1 FROM accounts WHERE id IN (7, 8))', answered('SELECT 1', 'exists', ['t']), 'predicate'],
  [
    'SELECT EXISTS (SELECT 1 FROM accounts WHERE id = 7)',
    answered('SELECT 1', 'exists', ['f']),
    'r accounts/7/balance=null; r accounts/7/owner=null',
  ],
  ['SELECT EXISTS (SELECT 1 FROM accounts WHERE id = 7)', answered('SELECT 0', 'exists'), 'predicate'],
  ['UPDATE accounts SET balance = 9 WHERE id = 7', answered('UPDATE 1'), 'w accounts/7/balance=9; locks accounts/7'],
  ['UPDATE accounts SET balance = 9 WHERE id = 7', answered('UPDATE 0'), 'r accounts/7/balance=null'],
  [
    'UPDATE accounts SET balance = 9 WHERE id IN (7, 8)',
    answered('UPDATE 1'),
    'doubt of accounts/7/balance, accounts/8/balance: it does not say which rows it changed; add RETURNING id',
  ],
  [
    'UPDATE accounts SET balance = 9 WHERE id IN (7, 8) RETURNING id',
    answered('UPDATE 1', 'id', ['8']),
    'r accounts/7/balance=null; w accounts/8/balance=9; locks accounts/8',
  ],
  [
    'UPDATE accounts SET balance = 9 WHERE id IN (7, 8) RETURNING id',
    answered('', 'id', ['8']),
    'doubt of accounts/7/balance, accounts/8/balance: it does not say which rows it changed; add RETURNING id',
  ],
  [
    'UPDATE accounts SET balance = 9 WHERE id IN (7, 8) RETURNING id',
    answered(''),
    'doubt of accounts/7/balance, accounts/8/balance: it does not say which rows it changed; add RETURNING id',
  ],
  [
    'UPDATE accounts SET balance = 9 WHERE id = 7 RETURNING balance',
    answered('', 'balance', ['9']),
    'w accounts/7/balance=9; locks accounts/7',
  ],
  [
    'UPDATE accounts SET balance = 9 WHERE owner = 5',
    answered('UPDATE 1'),
    'predicate; doubt of accounts/*/balance: it does not say which rows it changed; add RETURNING id',
  ],
  [
    'UPDATE accounts SET balance = 9 WHERE owner = 5 RETURNING id',
    answered('UPDATE 1', 'id', ['7']),
    'r accounts/7/owner=5; w accounts/7/balance=9; locks accounts/7; predicate',
  ],
  ['UPDATE accounts SET balance = 9 WHERE owner = 5 RETURNING id', answered('UPDATE 0', 'id'), 'predicate'],
  [
    'UPDATE accounts SET balance = 9 WHERE owner = 5 RETURNING id',
    answered('', 'id'),
    'predicate; doubt of accounts/*/balance: it does not say which rows it changed; add RETURNING id',
  ],
  ['UPDATE accounts SET other = 9 WHERE owner = 5', answered('UPDATE 1'), 'predicate'],
  ['UPDATE accounts SET other = 9 WHERE id = 7', answered('UPDATE 1'), ''],
  [
    'UPDATE accounts SET balance = balance + 5 WHERE id = 7',
    answered('UPDATE 1'),
    'add accounts/7/balance=5; locks accounts/7',
  ],
  [
    'UPDATE accounts SET balance = balance - 5 WHERE id = 7',
    answered('UPDATE 1'),
    'add accounts/7/balance=-5; locks accounts/7',
  ],
  [
    'UPDATE accounts SET balance = balance + 5 WHERE id = 7 RETURNING balance',
    answered('UPDATE 1', 'balance', ['12']),
    'r accounts/7/balance=7; w accounts/7/balance=12; locks accounts/7',
  ],
  [
    'UPDATE accounts SET balance = balance - 5 WHERE id = 7 RETURNING balance, owner',
    answered('UPDATE 1', 'balance owner', ['12', 'a']),
    'r accounts/7/balance=17; w accounts/7/balance=12; r accounts/7/owner="a"; locks accounts/7',
  ],
  [
    'UPDATE accounts SET balance = upper(owner) WHERE id = 7',
    answered('UPDATE 1'),
    'w accounts/7/balance; locks accounts/7; doubt: it reads owner, whose value no reply shows; add RETURNING owner',
  ],
  [
    'UPDATE accounts SET balance = upper(owner) WHERE id = 7 RETURNING owner',
    answered('UPDATE 1', 'owner', ['a']),
    'w accounts/7/balance; r accounts/7/owner="a"; locks accounts/7',
  ],
  ['UPDATE accounts SET balance = upper(owner) WHERE id = 7', answered('UPDATE 0'), 'r accounts/7/balance=null'],
  [
    'UPDATE accounts SET balance = upper(owner), owner = 1 WHERE id = 7',
    answered('UPDATE 1'),
    'w accounts/7/balance; w accounts/7/owner=1; locks accounts/7',
  ],
  [
    'UPDATE accounts SET balance = 9 WHERE id = 7 AND owner = 5',
    answered('UPDATE 1'),
    'r accounts/7/owner=5; w accounts/7/balance=9; locks accounts/7',
  ],
  ['UPDATE accounts SET balance = 9 WHERE id = 7 AND owner = 5', answered('UPDATE 0'), 'r!= accounts/7/owner=5'],
  [
    'DELETE FROM accounts WHERE id = 7',
    answered('DELETE 1'),
    'w accounts/7/balance=null; w accounts/7/owner=null; locks accounts/7',
  ],
  ['DELETE FROM accounts WHERE id = 7', answered('DELETE 0'), 'r accounts/7/balance=null; r accounts/7/owner=null'],
  [
    'DELETE FROM accounts WHERE owner = 5',
    answered('DELETE 2'),
    'predicate; doubt of accounts/*/balance, accounts/*/owner: it does not say which rows it changed; add RETURNING id',
  ],
  [
    'DELETE FROM accounts WHERE owner = 5 RETURNING id',
    answered('DELETE 1', 'id', ['7']),
    'r accounts/7/owner=5; w accounts/7/balance=null; w accounts/7/owner=null; locks accounts/7; predicate',
  ],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5)',
    answered('INSERT 0 1'),
    'w accounts/7/balance=5; w accounts/7/owner; locks accounts/7',
  ],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5), (8, 6)',
    answered('INSERT 0 2'),
    'w accounts/7/balance=5; w accounts/7/owner; w accounts/8/balance=6; w accounts/8/owner; locks accounts/7; locks accounts/8',
  ],
  [
    'INSERT INTO accounts (balance) VALUES (5)',
    answered('INSERT 0 1'),
    'doubt of accounts/*/balance, accounts/*/owner: it does not say which rows it inserted; add RETURNING id',
  ],
  [
    'INSERT INTO accounts (balance) VALUES (5) RETURNING id',
    answered('INSERT 0 1', 'id', ['7']),
    'w accounts/7/balance=5; w accounts/7/owner; locks accounts/7',
  ],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5) ON CONFLICT DO NOTHING',
    answered('INSERT 0 0'),
    'r accounts/7/balance; r accounts/7/owner; predicate',
  ],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5) ON CONFLICT (id) DO NOTHING',
    answered('INSERT 0 0'),
    'r accounts/7/balance; r accounts/7/owner',
  ],
  ['INSERT INTO accounts (balance) VALUES (5) ON CONFLICT (id) DO NOTHING', answered('INSERT 0 0'), 'predicate'],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5), (8, 6) ON CONFLICT (id) DO NOTHING',
    answered('INSERT 0 1'),
    'doubt of accounts/*/balance, accounts/*/owner: it does not say which rows it inserted; add RETURNING id',
  ],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5), (8, 6) ON CONFLICT (id) DO NOTHING RETURNING id',
    answered('INSERT 0 1', 'id', ['8']),
    'w accounts/8/balance=6; w accounts/8/owner; locks accounts/8; predicate',
  ],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5) ON CONFLICT (id) DO UPDATE SET balance = 5',
    answered('INSERT 0 1'),
    'w accounts/7/balance=5; locks accounts/7; doubt of accounts/7/owner: its answer does not say whether it inserted owner or kept the old value; set owner in DO UPDATE as well',
  ],
  [
    'INSERT INTO accounts (id, balance, owner) VALUES (7, 5, 1) ON CONFLICT (id) DO UPDATE SET balance = 5',
    answered('INSERT 0 1'),
    'w accounts/7/balance=5; locks accounts/7; doubt of accounts/7/owner: its answer does not say whether it inserted owner or kept the old value; set owner in DO UPDATE as well',
  ],
  [
    'UPDATE accounts SET balance = $1 WHERE id = $2',
    answered('UPDATE 1'),
    'w accounts/7/balance=9; locks accounts/7',
    { values: ['9', '7'] },
  ],
  [
    'UPDATE accounts SET balance = $1 WHERE id = $2',
    answered('UPDATE 1'),
    'w accounts/7/balance=null; locks accounts/7',
    { values: [null, '7'] },
  ],
  [
    'UPDATE accounts SET balance = $1 WHERE id = $2',
    answered('UPDATE 1'),
    'predicate; doubt of accounts/*/balance: it does not say which rows it changed; add RETURNING id',
    { values: ['9'] },
  ],
  [
    'SELECT id, balance FROM accounts WHERE id = ANY ($1)',
    answered('SELECT 1', 'id balance', ['7', '1']),
    'r accounts/7/balance=1; r accounts/8/balance=null',
    { values: ['{7,8}'] },
  ],
  [
    'SELECT id, balance FROM accounts WHERE id = ANY ($1)',
    answered('SELECT 0', 'id balance'),
    'r accounts/7/balance=null; r accounts/8/balance=null',
    { values: ['{"7",8}'] },
  ],
  ['SELECT id, balance FROM accounts WHERE id = ANY ($1)', answered('SELECT 0', 'id balance'), '', { values: ['{}'] }],
  [
    'SELECT id, balance FROM accounts WHERE id = ANY ($1)',
    answered('SELECT 0', 'id balance'),
    'predicate',
    { values: ['{{7}}'] },
  ],
  [
    'SELECT id, balance FROM accounts WHERE id = ANY ($1)',
    answered('SELECT 0', 'id balance'),
    'predicate',
    { values: [null] },
  ],
  ['SELECT id, balance FROM accounts WHERE id = ANY ($1)', answered('SELECT 0', 'id balance'), 'predicate'],
  [
    'SELECT id, balance FROM accounts WHERE id IN ($1, NULL)',
    answered('SELECT 0', 'id balance'),
    'r accounts/7/balance=null',
    { values: ['7'] },
  ],
  [
    'SELECT balance FROM accounts WHERE id = $1',
    answered('SELECT 0', 'balance'),
    'r accounts/a b/balance=null',
    { values: ['a b'] },
  ],
  [
    'UPDATE accounts SET balance = 9 WHERE id = 7',
    { ...answered('UPDATE 1'), isWarned: true },
    'predicate; doubt of accounts/*/balance: the server warned that a value does not fit, so it may have stored another value; give values that fit',
    { isMysql: true },
  ],
  [
    'SELECT balance FROM accounts WHERE id = 7',
    { ...answered('SELECT 1', 'balance', ['1']), isWarned: true },
    'predicate; doubt: the server warned that a value does not fit, so it may have stored another value; give values that fit',
    { isMysql: true },
  ],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5)',
    { ...answered('INSERT 0 1'), isWarned: true },
    'predicate; doubt of accounts/*/balance, accounts/*/owner: the server warned that a value does not fit, so it may have stored another value; give values that fit',
    { isMysql: true },
  ],
  [
    "UPDATE accounts SET balance = 'a' WHERE id = 'B'",
    answered('UPDATE 1'),
    'predicate; doubt of accounts/*/balance: it does not say which rows it changed; name each row by its id, written only in lower-case letters, digits, - and _',
    { isMysql: true },
  ],
  [
    "UPDATE accounts SET balance = 'a' WHERE id = 'b' AND owner = 'c'",
    answered('UPDATE 1'),
    'r accounts/b/owner; w accounts/b/balance="a"; locks accounts/b',
    { isMysql: true },
  ],
  [
    "UPDATE accounts SET balance = '1' WHERE id = 'b'",
    answered('UPDATE 1'),
    'w accounts/b/balance=1; locks accounts/b',
    { isMysql: true },
  ],
  [
    "UPDATE accounts SET balance = 'a ' WHERE id = 0",
    answered('UPDATE 1'),
    'predicate; doubt of accounts/*/balance: it does not say which rows it changed; name each row by its id, written only in lower-case letters, digits, - and _',
    { isMysql: true },
  ],
  [
    'SELECT id, balance FROM accounts',
    answered('SELECT 1', 'id balance', ['B', '1']),
    'doubt: the primary key in the answer of SELECT id, balance FROM accounts is not readable',
    { isMysql: true },
  ],
]

/** What is known of each statement before its answer. */
const REQUESTED: readonly (readonly [sql: string, requested: string, options?: Options])[] = [
  ['SELECT balance FROM accounts WHERE id = 7', 'r accounts/7/balance=null'],
  ['SELECT balance FROM accounts WHERE id = 7 FOR UPDATE', 'r accounts/7/balance=null'],
  ['SELECT id, balance FROM accounts WHERE id IN (7, 8)', 'r accounts/7/balance=null; r accounts/8/balance=null'],
  ['SELECT balance FROM accounts WHERE id IN (7, 8)', 'r accounts/7/balance=null; r accounts/8/balance=null'],
  ['SELECT id, balance FROM accounts WHERE id = 7', 'r accounts/7/balance=null'],
  ['SELECT id, balance FROM accounts WHERE id = 7 LIMIT 0', 'r accounts/7/balance=null'],
  ['SELECT price FROM prices WHERE id = 7 AND price > 5', 'r prices/7/price=null'],
  ['SELECT price FROM prices WHERE id = 7 AND price = 5', 'r prices/7/price=null'],
  ['SELECT price FROM prices WHERE id = 7 AND price <> 5', 'r prices/7/price=null'],
  ['SELECT owner FROM accounts WHERE id = 7 AND balance = 5 AND upper(owner) = 1', 'r accounts/7/owner=null'],
  ['SELECT id, balance FROM accounts WHERE id IN (7, 7)', 'r accounts/7/balance=null'],
  ['SELECT price FROM prices WHERE id = 7', 'r prices/7/price=null'],
  ['UPDATE accounts SET balance = 9 WHERE id = 7', 'w accounts/7/balance=9'],
  ['UPDATE accounts SET balance = 9 WHERE id IN (7, 8)', 'w accounts/7/balance=9; w accounts/8/balance=9'],
  ['UPDATE accounts SET balance = 9 WHERE id IN (7, 8) RETURNING id', 'w accounts/7/balance=9; w accounts/8/balance=9'],
  ['UPDATE accounts SET balance = 9 WHERE id = 7 RETURNING balance', 'w accounts/7/balance=9'],
  ['UPDATE accounts SET balance = balance + 5 WHERE id = 7', 'add accounts/7/balance=5'],
  ['UPDATE accounts SET balance = balance - 5 WHERE id = 7', 'add accounts/7/balance=-5'],
  ['UPDATE accounts SET balance = balance + 5 WHERE id = 7 RETURNING balance', 'add accounts/7/balance=5'],
  ['UPDATE accounts SET balance = balance - 5 WHERE id = 7 RETURNING balance, owner', 'add accounts/7/balance=-5'],
  ['UPDATE accounts SET balance = upper(owner) WHERE id = 7', 'w accounts/7/balance'],
  ['UPDATE accounts SET balance = upper(owner) WHERE id = 7 RETURNING owner', 'w accounts/7/balance'],
  ['UPDATE accounts SET balance = upper(owner), owner = 1 WHERE id = 7', 'w accounts/7/balance; w accounts/7/owner=1'],
  ['UPDATE accounts SET balance = 9 WHERE id = 7 AND owner = 5', 'w accounts/7/balance=9'],
  ['DELETE FROM accounts WHERE id = 7', 'w accounts/7/balance=null; w accounts/7/owner=null'],
  ['INSERT INTO accounts (id, balance) VALUES (7, 5)', 'w accounts/7/balance=5; w accounts/7/owner'],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5), (8, 6)',
    'w accounts/7/balance=5; w accounts/7/owner; w accounts/8/balance=6; w accounts/8/owner',
  ],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5) ON CONFLICT DO NOTHING',
    'w accounts/7/balance=5; w accounts/7/owner',
  ],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5) ON CONFLICT (id) DO NOTHING',
    'w accounts/7/balance=5; w accounts/7/owner',
  ],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5), (8, 6) ON CONFLICT (id) DO NOTHING',
    'w accounts/7/balance=5; w accounts/7/owner; w accounts/8/balance=6; w accounts/8/owner',
  ],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5), (8, 6) ON CONFLICT (id) DO NOTHING RETURNING id',
    'w accounts/7/balance=5; w accounts/7/owner; w accounts/8/balance=6; w accounts/8/owner',
  ],
  [
    'INSERT INTO accounts (id, balance) VALUES (7, 5) ON CONFLICT (id) DO UPDATE SET balance = 5',
    'w accounts/7/balance=5; w accounts/7/owner',
  ],
  [
    'INSERT INTO accounts (id, balance, owner) VALUES (7, 5, 1) ON CONFLICT (id) DO UPDATE SET balance = 5',
    'w accounts/7/balance=5; w accounts/7/owner',
  ],
  ['UPDATE accounts SET balance = $1 WHERE id = $2', 'w accounts/7/balance=9', { values: ['9', '7'] }],
  ['UPDATE accounts SET balance = $1 WHERE id = $2', 'w accounts/7/balance=null', { values: [null, '7'] }],
  [
    'SELECT id, balance FROM accounts WHERE id = ANY ($1)',
    'r accounts/7/balance=null; r accounts/8/balance=null',
    { values: ['{7,8}'] },
  ],
  [
    'SELECT id, balance FROM accounts WHERE id = ANY ($1)',
    'r accounts/7/balance=null; r accounts/8/balance=null',
    { values: ['{"7",8}'] },
  ],
  ['SELECT id, balance FROM accounts WHERE id IN ($1, NULL)', 'r accounts/7/balance=null', { values: ['7'] }],
  ['SELECT balance FROM accounts WHERE id = $1', 'r accounts/a b/balance=null', { values: ['a b'] }],
  ['UPDATE accounts SET balance = 9 WHERE id = 7', 'w accounts/7/balance=9', { isMysql: true }],
  ['SELECT balance FROM accounts WHERE id = 7', 'r accounts/7/balance=null', { isMysql: true }],
  ['INSERT INTO accounts (id, balance) VALUES (7, 5)', 'w accounts/7/balance=5; w accounts/7/owner', { isMysql: true }],
  ["UPDATE accounts SET balance = 'a' WHERE id = 'b' AND owner = 'c'", 'w accounts/b/balance="a"', { isMysql: true }],
  ["UPDATE accounts SET balance = '1' WHERE id = 'b'", 'w accounts/b/balance=1', { isMysql: true }],
]

describe('a statement on rows', () => {
  test.each(CASES.map(([sql, answer, expected, options]) => [sql, answer.tag, answer, expected, options] as const))(
    'the statement %s with the reply "%s" is recorded with its reads, writes and locks',
    (sql, _, answer, expected, options) => {
      expect(done(stepOf(sql, options), answer)).toBe(expected)
    },
  )

  test.each(REQUESTED.map(([sql, requested, options]) => [sql, requested, options] as const))(
    'the statement %s is recorded before its reply as %s',
    (sql, requested, options) => {
      expect(requestedOperations(stepOf(sql, options)).map(textOf).join('; ')).toBe(requested)
    },
  )
})
