import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { BackendMessage } from '../../../../wire/src/postgresql/message.ts'
import {
  begin,
  column,
  columns,
  commit,
  completions,
  type Exchanged,
  marks,
  recorded,
  recordedBy,
  refused,
  row,
  tables,
  tag,
} from '../../postgresql/whole-record.ts'

describe('a PostgreSQL transaction recorded whole', () => {
  test('a PostgreSQL transaction is one operation with its reads, writes, statements, isolation level and locks', () => {
    const events = recorded(
      ['BEGIN ISOLATION LEVEL REPEATABLE READ', tag('BEGIN')],
      ['SELECT balance FROM accounts WHERE id = 7', columns('balance'), row('100'), tag('SELECT 1')],
      ['UPDATE accounts SET balance = 90 WHERE id = 7', tag('UPDATE 1')],
      commit,
    )
    expect(events).toHaveLength(2)
    expect(events[0]).toMatchObject({ type: 'invoke', f: 'txn', session: 'a' })
    expect(events[1]).toMatchObject({
      type: 'ok',
      value: [
        ['r', 'accounts/7/balance', 100],
        ['w', 'accounts/7/balance', 90],
      ],
      statements: [
        ['SELECT balance FROM accounts WHERE id = ?', 1, expect.any(Number), expect.any(Number)],
        ['UPDATE accounts SET balance = ? WHERE id = ?', 1, expect.any(Number), expect.any(Number)],
      ],
      isolation: 'repeatable read',
      locks: [['accounts/7', expect.any(Number), expect.any(Number)]],
    })
    const [[, from, to]] = events[1]!['locks'] as readonly [readonly [string, number, number]]
    expect(from).toBeLessThan(to)
  })

  test.each<readonly [string, readonly BackendMessage[], Json]>([
    [
      'SELECT id, balance FROM accounts WHERE id IN (1, 2)',
      [columns('id', 'balance'), row('1', '5'), tag('SELECT 1')],
      [
        ['r', 'accounts/1/balance', 5],
        ['r', 'accounts/2/balance', null],
      ],
    ],
    [
      "SELECT * FROM accounts WHERE id = ANY ('{1,2}') FOR UPDATE",
      [columns('id', 'balance'), row('1', '5'), row('2', '6'), tag('SELECT 2')],
      [
        ['r', 'accounts/1/balance', 5],
        ['r', 'accounts/2/balance', 6],
      ],
    ],
    [
      'SELECT id, balance FROM accounts WHERE balance > 3 ORDER BY id',
      [columns('id', 'balance'), row('1', '5'), tag('SELECT 1')],
      [['r', 'accounts/1/balance', 5]],
    ],
    ['UPDATE accounts SET balance = 3 WHERE id = 9', [tag('UPDATE 0')], [['r', 'accounts/9/balance', null]]],
    ['UPDATE accounts SET balance = balance + 10 WHERE id = 1', [tag('UPDATE 1')], [['add', 'accounts/1/balance', 10]]],
    [
      'UPDATE accounts SET balance = balance - 10 WHERE id = 1',
      [tag('UPDATE 1')],
      [['add', 'accounts/1/balance', -10]],
    ],
    ['UPDATE accounts SET balance = balance + 0.5 WHERE id = 1', [tag('UPDATE 1')], [['w', 'accounts/1/balance']]],
    [
      'UPDATE accounts SET balance = balance - 10 WHERE id = 1 RETURNING balance',
      [columns('balance'), row('90'), tag('UPDATE 1')],
      [
        ['r', 'accounts/1/balance', 100],
        ['w', 'accounts/1/balance', 90],
      ],
    ],
    [
      'UPDATE "public"."accounts" SET "balance" = ("public"."accounts"."balance" + 10) WHERE ("public"."accounts"."id" = 1 AND 1=1) RETURNING "public"."accounts"."balance"',
      [columns('balance'), row('110'), tag('UPDATE 1')],
      [
        ['r', 'accounts/1/balance', 100],
        ['w', 'accounts/1/balance', 110],
      ],
    ],
    ['UPDATE accounts SET balance = (balance + 1) * 2 WHERE id = 1', [tag('UPDATE 1')], [['w', 'accounts/1/balance']]],
    ['UPDATE accounts SET balance = (5) WHERE id = 1', [tag('UPDATE 1')], [['w', 'accounts/1/balance', 5]]],
    [
      'UPDATE accounts SET balance = 1 WHERE id = 1 AND balance = 4',
      [tag('UPDATE 1')],
      [
        ['r', 'accounts/1/balance', 4],
        ['w', 'accounts/1/balance', 1],
      ],
    ],
    [
      'UPDATE accounts SET balance = 0 WHERE balance < 0 RETURNING id',
      [columns('id'), row('4'), row('5'), tag('UPDATE 2')],
      [
        ['w', 'accounts/4/balance', 0],
        ['w', 'accounts/5/balance', 0],
      ],
    ],
    [
      'INSERT INTO accounts (balance) VALUES (1), (2) RETURNING id',
      [columns('id'), row('4'), row('5'), tag('INSERT 0 2')],
      [
        ['w', 'accounts/4/balance', 1],
        ['w', 'accounts/5/balance', 2],
      ],
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET balance = EXCLUDED.balance',
      [tag('INSERT 0 1')],
      [['w', 'accounts/1/balance', 5]],
    ],
    ['DELETE FROM accounts WHERE id = 1', [tag('DELETE 1')], [['w', 'accounts/1/balance', null]]],
    ['UPDATE doctors SET on_call = false WHERE id = 1', [tag('UPDATE 1')], [['w', 'doctors/1/on_call', false]]],
    ["UPDATE doctors SET on_call = '0' WHERE id = 1", [tag('UPDATE 1')], [['w', 'doctors/1/on_call', false]]],
    [
      'SELECT o.name, a.id, a.balance FROM owners o LEFT JOIN accounts AS a ON a.owner = o.id WHERE o.id = 3',
      [columns('name', 'id', 'balance'), row('x', '1', '5'), row('x', null, null), tag('SELECT 2')],
      [['r', 'accounts/1/balance', 5]],
    ],
    // The name of this table is a keyword.
    [
      'SELECT id, balance FROM accounts WHERE id = 1 ORDER BY 1',
      [columns('id', 'balance'), row('1', '5'), tag('SELECT 1')],
      [['r', 'accounts/1/balance', 5]],
    ],
    [
      'SELECT * FROM "order" WHERE "order"."order_id" = 4 ORDER BY order_id LIMIT 1 FOR UPDATE',
      [columns('order_id', 'status'), row('4', 'new'), tag('SELECT 1')],
      [['r', 'order/4/status', 'new']],
    ],
    // TypeORM, Prisma and Sequelize write redundant brackets, and conditions that are always true.
    [
      'SELECT "a"."id" AS "a_id", "a"."balance" AS "a_balance" FROM "accounts" "a" WHERE (("a"."id" = 1)) LIMIT 1',
      [columns('a_id', 'a_balance'), row('1', '5'), tag('SELECT 1')],
      [['r', 'accounts/1/balance', 5]],
    ],
    [
      'UPDATE "public"."accounts" SET "balance" = 7 WHERE ("public"."accounts"."id" = 1 AND 1=1) RETURNING "public"."accounts"."id"',
      [columns('id'), row('1'), tag('UPDATE 1')],
      [['w', 'accounts/1/balance', 7]],
    ],
    [
      "UPDATE accounts SET balance = 7 WHERE (owner = 'a' OR owner IS NULL) AND age BETWEEN 1 AND 2 AND (id = 1)",
      [tag('UPDATE 1')],
      [['w', 'accounts/1/balance', 7]],
    ],
    [`UPDATE "order" SET status = E'new' WHERE order_id = 4`, [tag('UPDATE 1')], [['w', 'order/4/status', 'new']]],
    ['UPDATE accounts SET balance = 3 WHERE (id = 9 AND 1=1)', [tag('UPDATE 0')], [['r', 'accounts/9/balance', null]]],
    // A returned row meets the conditions of the WHERE, so these conditions show values of the row.
    [
      'SELECT order_id FROM "order" WHERE status = \'queued\' AND kind = 3 ORDER BY order_id LIMIT 1 FOR UPDATE SKIP LOCKED',
      [columns('order_id'), row('4'), tag('SELECT 1')],
      [['r', 'order/4/status', 'queued']],
    ],
    [
      'SELECT id FROM accounts WHERE id = 1 AND balance = 4',
      [columns('id'), row('1'), tag('SELECT 1')],
      [['r', 'accounts/1/balance', 4]],
    ],
    ['SELECT id FROM accounts WHERE balance::text = $1', [columns('id'), row('1'), tag('SELECT 1')], []],
    ['SELECT id FROM accounts WHERE balance = 1 OR owner = 2', [columns('id'), row('1'), tag('SELECT 1')], []],
    ['SELECT id FROM accounts WHERE NOT (balance = 1)', [columns('id'), row('1'), tag('SELECT 1')], []],
    ['SELECT id FROM accounts WHERE NOT balance = 1', [columns('id'), row('1'), tag('SELECT 1')], []],
    ['SELECT 1 FROM accounts WHERE id = 9', [columns('one'), tag('SELECT 0')], [['r', 'accounts/9/balance', null]]],
    [
      'UPDATE accounts SET balance = 0 WHERE balance = 7 RETURNING id',
      [columns('id'), row('4'), tag('UPDATE 1')],
      [
        ['r', 'accounts/4/balance', 7],
        ['w', 'accounts/4/balance', 0],
      ],
    ],
    ...[
      `UPDATE "order" SET status = 'taken' WHERE order_id = (SELECT order_id FROM "order" WHERE status = 'queued' ORDER BY order_id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING order_id`,
      `UPDATE "order" SET status = 'taken' WHERE order_id IN (SELECT order_id FROM "order" WHERE status = 'queued' LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING order_id`,
      `WITH next AS MATERIALIZED (SELECT order_id FROM "order" WHERE status = 'queued' LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE "order" o SET status = 'taken' FROM next WHERE o.order_id = next.order_id RETURNING o.order_id`,
      `WITH next AS (SELECT order_id FROM "order" WHERE status = 'queued') UPDATE "order" SET status = 'taken' FROM next n WHERE n.order_id = "order".order_id RETURNING "order".order_id`,
      `UPDATE "order" o SET status = 'taken' FROM (SELECT order_id FROM "order" WHERE status = 'queued' FOR UPDATE) AS n WHERE o.order_id = n.order_id RETURNING o.order_id`,
    ].map((sql): [string, readonly BackendMessage[], Json] => [
      sql,
      [columns('order_id'), row('4'), tag('UPDATE 1')],
      [
        ['r', 'order/4/status', 'queued'],
        ['w', 'order/4/status', 'taken'],
      ],
    ]),
    [
      `DELETE FROM "order" WHERE order_id = (SELECT order_id FROM "order" WHERE status = 'queued' LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING order_id`,
      [columns('order_id'), row('4'), tag('DELETE 1')],
      [
        ['r', 'order/4/status', 'queued'],
        ['w', 'order/4/status', null],
      ],
    ],
    // A condition on the rows of another table does not show the values of these rows.
    [
      'UPDATE accounts SET balance = 0 WHERE id IN (SELECT order_id FROM "order" WHERE status = 7) RETURNING id',
      [columns('id'), row('4'), tag('UPDATE 1')],
      [['w', 'accounts/4/balance', 0]],
    ],
    [
      'SELECT id, balance FROM accounts WHERE EXISTS (SELECT 1 FROM owners WHERE owners.id = accounts.owner)',
      [columns('id', 'balance'), row('1', '5'), tag('SELECT 1')],
      [['r', 'accounts/1/balance', 5]],
    ],
    ['SELECT count(*)::int AS n FROM accounts WHERE balance = 5', [columns('n'), row('1'), tag('SELECT 1')], []],
    // The answer shows whether a row exists, and which conditions hold for it.
    [
      'SELECT EXISTS (SELECT 1 FROM accounts WHERE id = 5) AS it',
      [columns('it'), row('f'), tag('SELECT 1')],
      [['r', 'accounts/5/balance', null]],
    ],
    [
      'SELECT EXISTS (SELECT 1 FROM accounts WHERE id = 5)',
      [columns('exists'), row('t'), tag('SELECT 1')],
      [['r', 'accounts/5/balance']],
    ],
    [
      'SELECT count(*) FROM accounts WHERE id = 5',
      [columns('count'), row('0'), tag('SELECT 1')],
      [['r', 'accounts/5/balance', null]],
    ],
    [
      'SELECT count(*) FROM accounts WHERE id IN (5, 6) AND balance = 7',
      [columns('count'), row('2'), tag('SELECT 1')],
      [
        ['r', 'accounts/5/balance', 7],
        ['r', 'accounts/6/balance', 7],
      ],
    ],
    ['SELECT id FROM accounts WHERE id = 1', [columns('id'), row('1'), tag('SELECT 1')], [['r', 'accounts/1/balance']]],
    [
      'SELECT id FROM accounts WHERE id = 1 AND balance > 4',
      [columns('id'), row('1'), tag('SELECT 1')],
      [['r', 'accounts/1/balance']],
    ],
    [
      'SELECT id, funds FROM wallets WHERE id = 1 AND funds > 4',
      [columns('id', 'funds'), tag('SELECT 0')],
      [['r!>', 'wallets/1/funds', 4]],
    ],
    [
      'UPDATE wallets SET funds = funds - 4 WHERE id = 1 AND funds >= 4',
      [tag('UPDATE 1')],
      [
        ['r>=', 'wallets/1/funds', 4],
        ['add', 'wallets/1/funds', -4],
      ],
    ],
    [
      'UPDATE wallets SET funds = funds - 4 WHERE 4 <= funds AND id = 1',
      [tag('UPDATE 0')],
      [['r!>=', 'wallets/1/funds', 4]],
    ],
    [
      'UPDATE accounts SET balance = 1 WHERE id = 1 AND balance = 4',
      [tag('UPDATE 0')],
      [['r!=', 'accounts/1/balance', 4]],
    ],
    // If one of several conditions is false, it is not known which.
    [
      'UPDATE accounts SET balance = 1 WHERE id = 1 AND balance = 4 AND owner = 3',
      [tag('UPDATE 0')],
      [['r', 'accounts/1/balance']],
    ],
    ['DELETE FROM accounts WHERE id = 1 AND version = 3', [tag('DELETE 0')], [['r', 'accounts/1/balance']]],
    [
      'UPDATE accounts SET balance = 1 WHERE id IN (1, 2) AND balance = 4 RETURNING id',
      [columns('id'), row('2'), tag('UPDATE 1')],
      [
        ['r!=', 'accounts/1/balance', 4],
        ['r', 'accounts/2/balance', 4],
        ['w', 'accounts/2/balance', 1],
      ],
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5) ON CONFLICT (id) DO NOTHING',
      [tag('INSERT 0 0')],
      [['r', 'accounts/1/balance']],
    ],
  ])('a PostgreSQL transaction is recorded with the reads and writes of %s', (sql, answer, micro) => {
    expect(completions([sql, ...answer])).toEqual([['ok', micro]])
    expect(marks([sql, ...answer])).toEqual([])
  })

  test('a PostgreSQL transaction has no client name if application_name is the default of a driver', () => {
    const read: Exchanged = ['SELECT balance FROM accounts WHERE id = 7', columns('balance'), row('1'), tag('SELECT 1')]
    expect(recorded(read)[0]).toMatchObject({ session: 'a' })
    expect(recordedBy({ tables }, [['application_name', 'postgres.js']], read)[0]).not.toHaveProperty('session')
  })

  test.each<readonly [string, readonly BackendMessage[]]>([
    ['SELECT id, balance FROM accounts WHERE balance > ?', [columns('id', 'balance'), row('1', '5'), tag('SELECT 1')]],
    ['SELECT count (*) FROM accounts WHERE balance = ?', [columns('count'), row('0'), tag('SELECT 1')]],
    ['SELECT EXISTS (SELECT ? FROM accounts WHERE balance = ?)', [columns('exists'), row('f'), tag('SELECT 1')]],
    // The answers to these statements do not show every row.
    ['SELECT id FROM accounts WHERE id = ? FOR UPDATE SKIP LOCKED', [columns('id'), tag('SELECT 0')]],
    ['SELECT id, balance FROM accounts WHERE id = ? LIMIT ? OFFSET ?', [columns('id', 'balance'), tag('SELECT 0')]],
    ['INSERT INTO accounts (id, balance) VALUES (?, ?) ON conflict do nothing', [tag('INSERT 0 0')]],
    ['UPDATE accounts SET balance = ? WHERE id = ? AND EXISTS (SELECT ? FROM doctors)', [tag('UPDATE 1')]],
    ['UPDATE accounts SET balance = ? FROM (SELECT id FROM doctors) d WHERE accounts.id = ?', [tag('UPDATE 1')]],
  ])(
    'the statement %s is recorded as a predicate, because its result does not show every row on which it depends',
    (asked, answer) => {
      const [, ok] = recorded([asked.replaceAll('?', '1'), ...answer])
      expect(JSON.stringify(ok?.['predicates']).toLowerCase()).toBe(JSON.stringify([asked]).toLowerCase())
    },
  )

  test('a comparison of the key with NULL is recorded without a predicate', () => {
    const [, ok] = recorded(['SELECT balance FROM accounts WHERE id = NULL', columns('balance'), tag('SELECT 0')])
    expect(ok).not.toHaveProperty('predicates')
  })

  test.each([
    'SELECT id, balance FROM accounts WHERE id = 1 AND balance > 3',
    'SELECT id, balance FROM accounts WHERE id = 1 AND age > 3',
  ])('the query %s is recorded without a predicate, because its result shows every row on which it depends', (sql) => {
    const [, ok] = recorded([sql, columns('id', 'balance'), row('1', '5'), tag('SELECT 1')])
    expect(ok).not.toHaveProperty('predicates')
  })

  test.each<readonly [string, readonly BackendMessage[], Json]>([
    [
      'UPDATE accounts SET balance = 0 WHERE balance < 0',
      [tag('UPDATE 2')],
      ['touched', 'accounts/*/balance', 'it does not say which rows it changed; add RETURNING id'],
    ],
    [
      'UPDATE accounts SET balance = 0 WHERE (id = 1 OR balance < 0)',
      [tag('UPDATE 1')],
      ['touched', 'accounts/*/balance', 'it does not say which rows it changed; add RETURNING id'],
    ],
    [
      'UPDATE accounts SET balance = 0 WHERE id = 1 AND balance < 0 OR balance = 7',
      [tag('UPDATE 1')],
      ['touched', 'accounts/*/balance', 'it does not say which rows it changed; add RETURNING id'],
    ],
    [
      'UPDATE accounts SET balance = 0 WHERE id = (SELECT balance FROM accounts WHERE id = 1) RETURNING id',
      [columns('id'), row('1'), tag('UPDATE 1')],
      ['touched', 'accounts/*/balance', expect.any(String)],
    ],
    [
      'UPDATE transfers SET amount = fee * 2 WHERE id = 1',
      [tag('UPDATE 1')],
      ['not-understood', 'all', 'it reads fee, whose value no reply shows; add RETURNING fee'],
    ],
    ['TRUNCATE accounts', [tag('TRUNCATE TABLE')], ['touched', 'accounts/*/balance', expect.any(String)]],
    ...[
      'COPY accounts FROM STDIN',
      'SELECT id, balance INTO backup FROM accounts',
      'MERGE INTO accounts a USING new n ON a.id = n.id WHEN MATCHED THEN UPDATE SET balance = n.balance',
      'WITH gone AS (DELETE FROM accounts WHERE balance = 0 RETURNING id) SELECT count(*) FROM gone',
      'INSERT INTO accounts SELECT id, 0 FROM new',
      'INSERT INTO accounts (id, balance) VALUES (1, (SELECT sum(balance) FROM accounts))',
      'CREATE TRIGGER t AFTER UPDATE ON accounts EXECUTE FUNCTION f()',
      'CREATE RULE r AS ON UPDATE TO accounts DO ALSO NOTIFY n',
    ].map((sql): [string, readonly BackendMessage[], Json] => [
      sql,
      [tag('DONE 1')],
      ['touched', 'accounts/*/balance', expect.any(String)],
    ]),
    [
      'COPY accounts TO STDOUT',
      [tag('COPY 1')],
      ['not-understood', 'all', expect.stringContaining('does not show single rows')],
    ],
    [
      'WITH rich AS (SELECT id FROM accounts WHERE balance > 9) SELECT count(*) FROM rich',
      [columns('count'), row('1'), tag('SELECT 1')],
      ['not-understood', 'all', expect.stringContaining('does not show single rows')],
    ],
    [
      'SELECT id, balance FROM accounts WHERE balance > 3',
      [columns('id', 'balance'), row('1', '5'), row('1', '6'), tag('SELECT 2')],
      ['touched', 'accounts/*/balance', expect.stringContaining('ame the primary key of accounts')],
    ],
    [
      'UPDATE accounts SET balance = 0 WHERE id = 1 RETURNING id',
      [columns('id'), row('1'), row('1'), tag('UPDATE 2')],
      ['touched', 'accounts/*/balance', expect.stringContaining('ame the primary key of accounts')],
    ],
    [
      'SELECT * FROM accounts a JOIN owners o ON o.id = a.owner',
      [columns('id', 'balance', 'id'), row('1', '5', '3'), tag('SELECT 1')],
      ['not-understood', 'all', expect.stringContaining('select the primary key')],
    ],
    [
      'SELECT o.name, a.balance FROM owners o LEFT JOIN accounts a ON a.owner = o.id WHERE o.id = 3',
      [columns('name', 'balance'), row('x', '5'), tag('SELECT 1')],
      ['not-understood', 'all', expect.stringContaining('select the primary key')],
    ],
    [
      'SELECT book(7)',
      [columns('book'), row('1'), tag('SELECT 1')],
      ['touched', 'all', expect.stringContaining('book()')],
    ],
    [
      'SELECT sum(balance) FROM accounts',
      [columns('sum'), row('1'), tag('SELECT 1')],
      ['not-understood', 'all', expect.stringContaining('select the primary key')],
    ],
    [
      'SELECT balance FROM accounts WHERE balance > 3',
      [columns('balance'), row('5'), tag('SELECT 1')],
      ['not-understood', 'all', 'its result lacks id; select it as well'],
    ],
    [
      'SELECT id, on_call FROM doctors WHERE id = 1',
      [{ kind: 'row-description', columns: [column('id'), column('on_call', 1700)] }, row('1', '2'), tag('SELECT 1')],
      ['not-understood', 'all', expect.stringContaining('cannot be read as boolean')],
    ],
  ])('the record gives the reason why %s is not understood, and the keys that it may affect', (sql, answer, mark) => {
    expect(marks([sql, ...answer])).toEqual([mark])
  })

  test.each([
    'CREATE TABLE IF NOT EXISTS accounts (id int)',
    'LOCK TABLE accounts IN EXCLUSIVE MODE',
    'GRANT SELECT ON TABLE accounts TO app',
    'COMMENT ON TABLE accounts IS NULL',
    'VACUUM accounts',
  ])('a statement that shows no rows is understood: %s', (sql) => {
    expect(marks([sql, tag('DONE')])).toEqual([])
  })

  test.each(['TABLE accounts', '(TABLE accounts)', 'CREATE TABLE copy AS TABLE accounts', 'COPY accounts TO STDOUT'])(
    'a query whose rows are not told apart is not understood: %s',
    (sql) => {
      expect(marks([sql, tag('DONE')])).toMatchObject([['not-understood', 'all', expect.any(String)]])
    },
  )

  test('a recorded transaction omits the statements and locks that ROLLBACK TO SAVEPOINT undoes', () => {
    const events = recorded(
      begin,
      ['UPDATE accounts SET balance = 1 WHERE id = 1', tag('UPDATE 1')],
      ['SAVEPOINT s', tag('SAVEPOINT')],
      ['UPDATE accounts SET balance = 2 WHERE id = 2', tag('UPDATE 1')],
      ['UPDATE accounts SET balance = balance / 0 WHERE id = 3', refused('22012')],
      ['ROLLBACK TO SAVEPOINT s', tag('ROLLBACK')],
      commit,
    )
    expect(events.at(-1)).toMatchObject({ type: 'ok', value: [['w', 'accounts/1/balance', 1]] })
    expect(events.at(-1)?.['locks']).toEqual([['accounts/1', expect.any(Number), expect.any(Number)]])
  })

  test('ROLLBACK TO SAVEPOINT skips savepoints of the same name that were released or refused', () => {
    const write = (id: number): Exchanged => [`UPDATE accounts SET balance = 1 WHERE id = ${id}`, tag('UPDATE 1')]
    const savepoint: Exchanged = ['SAVEPOINT s', tag('SAVEPOINT')]
    const back: Exchanged = ['ROLLBACK TO SAVEPOINT s', tag('ROLLBACK')]
    const release: Exchanged = ['RELEASE SAVEPOINT s', tag('RELEASE')]
    const failure: Exchanged = ['SELECT 1 / 0', refused('22012')]
    const [refusedSavepoint, refusedRelease] = ['SAVEPOINT s', 'RELEASE SAVEPOINT s'].map(
      (sql): Exchanged => [sql, refused('25P02')],
    )
    const kept = [['w', 'accounts/1/balance', 1]]
    for (const between of [
      [savepoint, write(3), release, back],
      [failure, refusedSavepoint!, back],
      [failure, refusedRelease!, back],
    ])
      expect(completions(begin, write(1), savepoint, write(2), ...between, commit)).toEqual([['ok', kept]])
  })

  test('a PostgreSQL transaction fails if rolled back or refused, or if the reply to COMMIT is ROLLBACK', () => {
    const update: Exchanged = ['UPDATE accounts SET balance = 1 WHERE id = 1', tag('UPDATE 1')]
    const conflict: Exchanged = ['UPDATE accounts SET balance = 1 WHERE id = 1', refused('40001')]
    expect(completions(begin, update, ['ROLLBACK', tag('ROLLBACK')])).toEqual([
      ['fail', 'the transaction was rolled back'],
    ])
    expect(completions(begin, update, ['COMMIT', refused('40001')])).toEqual([
      ['fail', expect.stringContaining('40001')],
    ])
    expect(completions(begin, conflict, ['COMMIT', tag('ROLLBACK')])).toEqual([
      ['fail', expect.stringContaining('40001')],
    ])
    expect(completions(begin, update)).toEqual([])
  })

  test('a PostgreSQL transaction with an unanswered COMMIT has an unknown outcome, and keeps its locks', () => {
    const events = recorded(begin, ['UPDATE accounts SET balance = 1 WHERE id = 1', tag('UPDATE 1')], ['COMMIT'])
    expect(events.map(({ type }) => type)).toEqual(['invoke', 'info'])
    expect(events[0]?.['value']).toEqual([['w', 'accounts/1/balance', 1]])
    expect(events[1]?.['locks']).toEqual([['accounts/1', expect.any(Number), expect.any(Number)]])
  })
})
