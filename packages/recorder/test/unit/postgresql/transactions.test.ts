import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { BackendMessage } from '../../../../wire/src/postgresql/message.ts'
import {
  begin,
  columns,
  commit,
  type Exchanged,
  recordedBy,
  refused,
  row,
  tables,
  tag,
} from '../../postgresql/whole-record.ts'

/** Returns the events of a connection as short texts: `ok write x=1`, `fail write x !why`, `touched x: what`. */
function events(settings: { readonly [member: string]: Json }, ...queries: readonly Exchanged[]): readonly string[] {
  return recordedBy(settings, [], ...queries).map(({ process, type, f, key, value, error }) => {
    const about = key === undefined ? '' : ` ${key as string}`
    if (process === 'recorder') {
      const { what } = value as { readonly what?: string }
      return `${f as string}${about}${what === undefined ? '' : `: ${what}`}`
    }
    const told = error === undefined ? `=${JSON.stringify(value)}` : ` !${error as string}`
    return `${type as string} ${f as string}${about}${told}`
  })
}

const ONE = { table: 'kv' }
const WHOLE = { tables }
const write = (value: string, key = 'x'): Exchanged => [
  `UPDATE kv SET value = '${value}' WHERE key = '${key}'`,
  tag('UPDATE 1'),
]
const read = (value: string, key = 'x'): Exchanged => [
  `SELECT value FROM kv WHERE key = '${key}'`,
  ...[columns('value'), row(value), tag('SELECT 1')],
]
const pay: Exchanged = ['UPDATE accounts SET balance = 9 WHERE id = 7', tag('UPDATE 1')]
const bad = (sql: string): Exchanged => [sql, refused('22P02')]
const status: BackendMessage = { kind: 'parameter-status', name: 'TimeZone', value: 'UTC' }
const CASES: readonly (readonly [
  name: string,
  settings: { readonly [member: string]: Json },
  queries: readonly Exchanged[],
  recorded: readonly string[],
])[] = [
  [
    'a COMMIT that rolls back',
    ONE,
    [begin, write('a'), ['COMMIT', tag('ROLLBACK')]],
    ['invoke write x="a"', 'fail write x !the transaction was rolled back'],
  ],
  [
    'a COMMIT that rolls back, with whole transactions',
    WHOLE,
    [begin, pay, ['COMMIT', tag('ROLLBACK')]],
    ['invoke txn=[["w","accounts/7/balance",9]]', 'fail txn !the transaction was rolled back'],
  ],
  [
    'a COMMIT after a refused statement',
    ONE,
    [begin, write('a'), bad('SELECT 1'), ['COMMIT', tag('COMMIT')]],
    ['invoke write x="a"', 'fail write x !22P02 why'],
  ],
  [
    'a COMMIT after a refused statement, with whole transactions',
    WHOLE,
    [begin, pay, bad('SELECT 1'), commit],
    ['invoke txn=[["w","accounts/7/balance",9]]', 'fail txn !22P02 why'],
  ],
  [
    'a COMMIT after a return to a savepoint',
    WHOLE,
    [begin, pay, ['SAVEPOINT a', tag('SAVEPOINT')], bad('SELECT 1'), ['ROLLBACK TO a', tag('ROLLBACK')], commit],
    ['invoke txn=[["w","accounts/7/balance",9]]', 'ok txn=[["w","accounts/7/balance",9]]'],
  ],
  [
    'a refused COMMIT',
    ONE,
    [begin, write('a'), ['COMMIT', refused('40001')]],
    ['invoke write x="a"', 'fail write x !40001 why'],
  ],
  ['a ROLLBACK', ONE, [begin, write('a'), ['ROLLBACK', tag('ROLLBACK')]], ['passed-on: an empty transaction']],
  [
    'a ROLLBACK, with whole transactions',
    WHOLE,
    [begin, pay, ['ROLLBACK', tag('ROLLBACK')]],
    ['invoke txn=[["w","accounts/7/balance",9]]', 'fail txn !the transaction was rolled back'],
  ],
  [
    'a COMMIT without a BEGIN',
    ONE,
    [commit, write('a')],
    ['passed-on: an empty transaction', 'invoke write x="a"', 'ok write x="a"'],
  ],
  [
    'several statements with a COMMIT',
    ONE,
    [["UPDATE kv SET value = 'a' WHERE key = 'x'; COMMIT", tag('UPDATE 1'), tag('COMMIT')], write('b')],
    [
      'touched x: a transaction with savepoints, or with a COMMIT among other statements of one request',
      'invoke write x="b"',
      'ok write x="b"',
    ],
  ],
  [
    'several statements with a COMMIT before them',
    ONE,
    [begin, ["COMMIT; UPDATE kv SET value = 'a' WHERE key = 'x'", tag('COMMIT'), tag('UPDATE 1')], write('b')],
    [
      'touched x: a transaction with savepoints, or with a COMMIT among other statements of one request',
      'invoke write x="b"',
      'ok write x="b"',
    ],
  ],
  [
    'a BEGIN in the request of a COMMIT',
    ONE,
    [begin, ['COMMIT; BEGIN', tag('COMMIT'), tag('BEGIN')], write('b')],
    ['touched: a connection of PostgreSQL with a COMMIT and a BEGIN in one request', 'passed-on: an empty transaction'],
  ],
  [
    'two COMMITs in a request',
    ONE,
    [begin, write('a'), ['COMMIT; COMMIT', tag('COMMIT'), tag('COMMIT')]],
    ['touched x: a transaction with savepoints, or with a COMMIT among other statements of one request'],
  ],
  [
    'a PREPARE TRANSACTION',
    ONE,
    [begin, write('a'), ["PREPARE TRANSACTION 'p'", tag('PREPARE TRANSACTION')], write('b')],
    [
      'touched x: a transaction with savepoints, or with a COMMIT among other statements of one request',
      'invoke write x="b"',
      'ok write x="b"',
    ],
  ],
  [
    'a PREPARE TRANSACTION, with whole transactions',
    WHOLE,
    [begin, pay, ["PREPARE TRANSACTION 'p'", tag('PREPARE TRANSACTION')]],
    ['touched: a transaction with a COMMIT among other statements of one request'],
  ],
  [
    'a savepoint',
    ONE,
    [begin, ['SAVEPOINT a', tag('SAVEPOINT')], write('a'), commit],
    ['touched x: a transaction with savepoints, or with a COMMIT among other statements of one request'],
  ],
  [
    'a savepoint, with whole transactions',
    WHOLE,
    [begin, ['SAVEPOINT a', tag('SAVEPOINT')], pay, ['RELEASE a', tag('RELEASE')], commit],
    ['invoke txn=[["w","accounts/7/balance",9]]', 'ok txn=[["w","accounts/7/balance",9]]'],
  ],
  [
    'a released savepoint that is no return to it',
    WHOLE,
    [
      begin,
      ['SAVEPOINT a', tag('SAVEPOINT')],
      pay,
      ['RELEASE SAVEPOINT a', tag('RELEASE')],
      ['ROLLBACK TO SAVEPOINT b', tag('ROLLBACK')],
      commit,
    ],
    ['invoke txn=[["w","accounts/7/balance",9]]', 'ok txn=[["w","accounts/7/balance",9]]'],
  ],
  [
    'a return to the older of two savepoints',
    WHOLE,
    [
      begin,
      ['SAVEPOINT a', tag('SAVEPOINT')],
      pay,
      ['SAVEPOINT b', tag('SAVEPOINT')],
      ['ROLLBACK TO a', tag('ROLLBACK')],
      commit,
    ],
    ['passed-on: UPDATE accounts SET balance = ? WHERE id = ?'],
  ],
  [
    'a COMMIT AND CHAIN',
    ONE,
    [begin, write('a'), ['COMMIT AND CHAIN', tag('COMMIT')], write('b'), commit],
    [
      'touched x: a transaction with savepoints, or with a COMMIT among other statements of one request',
      'touched: a transaction that ended without a request',
    ],
  ],
  [
    'a DISCARD ALL',
    ONE,
    [['DISCARD ALL', tag('DISCARD ALL')], write('a')],
    ['passed-on: an empty transaction', 'invoke write x="a"', 'ok write x="a"'],
  ],
  [
    'a reported parameter',
    ONE,
    [["UPDATE kv SET value = 'a' WHERE key = 'x'", status, tag('UPDATE 1')]],
    ['invoke write x="a"', 'ok write x="a"'],
  ],
  [
    'a COPY',
    ONE,
    [
      [
        'COPY other FROM STDIN',
        { kind: 'copy-in', format: 0, columns: [] } as unknown as BackendMessage,
        tag('COPY 1'),
      ],
      write('a'),
    ],
    ['passed-on: COPY other FROM stdin', 'invoke write x="a"', 'ok write x="a"'],
  ],
  [
    'an empty query',
    ONE,
    [['', { kind: 'empty-query' }], write('a')],
    ['passed-on: an empty transaction', 'invoke write x="a"', 'ok write x="a"'],
  ],
  [
    'a read and a write in a transaction',
    ONE,
    [begin, read('1'), write('2'), commit],
    ['invoke cas x=[2]', 'ok cas x=[1,2]'],
  ],
  [
    'a read and a write of two rows in a transaction',
    ONE,
    [begin, read('1'), write('2', 'y'), commit],
    ['invoke read x=null', 'invoke write y=2', 'ok read x=1', 'ok write y=2'],
  ],
  ['two reads in a transaction', ONE, [begin, read('1'), read('1'), commit], ['invoke read x=null', 'ok read x=1']],
  [
    'two different reads in a transaction',
    ONE,
    [begin, read('1'), read('2'), commit],
    [
      'invoke read x=null',
      'not-understood x: read of x',
      'info read x !two reads of one row in a transaction saw different values, which READ COMMITTED allows. Read the row only once, or lock it at the first read (FOR UPDATE). Or, if the reads need not agree, add "transactions":"apart" beside "table"',
    ],
  ],
  ['two writes in a transaction', ONE, [begin, write('1'), write('2'), commit], ['invoke write x=2', 'ok write x=2']],
  [
    'a write and its read in a transaction',
    ONE,
    [begin, write('1'), read('1'), commit],
    ['invoke write x=1', 'ok write x=1'],
  ],
  [
    'a write and another read in a transaction',
    ONE,
    [begin, write('1'), read('2'), commit],
    ['invoke write x=1', 'ok write x=1'],
  ],
  [
    'a read, a write and its read in a transaction',
    ONE,
    [begin, read('1'), write('2'), read('2'), commit],
    ['invoke cas x=[2]', 'ok cas x=[1,2]'],
  ],
  [
    'a write that missed and a write in a transaction',
    ONE,
    [begin, ["UPDATE kv SET value = 'a' WHERE key = 'x'", tag('UPDATE 0')], write('2'), commit],
    ['invoke write x=2', 'ok write x=2'],
  ],
  [
    'a read that is not understood and a write in a transaction',
    ONE,
    [
      begin,
      ["SELECT value FROM kv WHERE key = 'x'", columns('value'), row('1'), row('2'), tag('SELECT 2')],
      write('2'),
      commit,
    ],
    ['invoke cas x=[2]', 'info cas x !several rows have this key: "key" names no primary key of the table'],
  ],
  [
    'a function between a read and a write',
    ONE,
    [begin, read('1'), ['CALL pay(1)', tag('CALL')], write('2'), commit],
    ['touched: call pay (?)'],
  ],
  [
    'a harmless statement between a read and a write',
    ONE,
    [begin, read('1'), ['SELECT 1', columns('a'), row('1'), tag('SELECT 1')], write('2'), commit],
    ['invoke cas x=[2]', 'ok cas x=[1,2]'],
  ],
  [
    'a read and a write apart',
    { ...ONE, transactions: 'apart' },
    [begin, read('1'), write('2'), commit],
    ['invoke read x=null', 'invoke write x=2', 'ok read x=1', 'ok write x=2'],
  ],
  [
    'a statement without an answer',
    ONE,
    [begin, write('a'), ["UPDATE kv SET value = 'b' WHERE key = 'x'"]],
    ['passed-on: an empty transaction'],
  ],
  [
    'a COMMIT without an answer',
    ONE,
    [begin, write('a'), ['COMMIT']],
    ['invoke write x="a"', 'info write x !the connection ended'],
  ],
  [
    'a function without an answer, with whole transactions',
    WHOLE,
    [begin, pay, ['CALL pay(1)']],
    ['touched: call pay (?)', 'passed-on: an empty transaction', 'withdrawn'],
  ],
  ['a refused function', ONE, [bad('CALL pay(1)')], ['touched: call pay (?)', 'withdrawn']],
  [
    'a refused function, with whole transactions',
    WHOLE,
    [bad('CALL pay(1)')],
    ['touched: call pay (?)', 'passed-on: call pay (?)', 'withdrawn'],
  ],
  [
    'a refused function in a transaction',
    WHOLE,
    [begin, bad('CALL pay(1)'), ['ROLLBACK', tag('ROLLBACK')]],
    ['touched: call pay (?)', 'passed-on: call pay (?)', 'withdrawn'],
  ],
  [
    'a function in a transaction',
    WHOLE,
    [begin, ['CALL pay(1)', tag('CALL')], commit],
    ['touched: call pay (?)', 'passed-on: call pay (?)', 'settled'],
  ],
]

describe('a PostgreSQL transaction', () => {
  test.each(CASES)('%s is recorded with its operations and marks', (_, settings, queries, recorded) => {
    expect(events(settings, ...queries)).toEqual(recorded)
  })

  test.each<readonly [number, boolean]>([
    [10_000, true],
    [10_001, false],
  ])('a result of %i rows is recorded whole: %s', (count, isWhole) => {
    const rows = Array.from({ length: count }, (_, id) => row(`${id}`, '6'))
    const answer = [columns('id', 'balance'), ...rows, tag(`SELECT ${count}`)]
    const recorded = events(WHOLE, ['SELECT id, balance FROM accounts WHERE balance > 5', ...answer])
    expect(recorded.some((event) => event.startsWith('not-understood'))).toBe(!isWhole)
  })
})
