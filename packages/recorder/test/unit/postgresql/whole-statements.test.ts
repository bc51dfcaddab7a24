import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { BackendMessage } from '../../../../wire/src/postgresql/message.ts'
import { recordPostgresql } from '../../../src/postgresql/postgresql-recorder.ts'
import { parsePostgresqlSettings } from '../../../src/postgresql/settings.ts'
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
import { recording } from '../../record/in-memory.ts'

describe('the recorded isolation level of a transaction', () => {
  const update: Exchanged = ['UPDATE accounts SET balance = 1 WHERE id = 1', tag('UPDATE 1')]
  const set = (sql: string): Exchanged => [sql, tag('SET')]
  const levelOf = (...queries: readonly Exchanged[]): Json | undefined => recorded(...queries).at(-1)?.['isolation']

  test.each<readonly [Json | undefined, readonly string[]]>([
    [undefined, []],
    ['repeatable read', ['SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ']],
    ['serializable', ["SET default_transaction_isolation = 'serializable'"]],
    [undefined, ["SET default_transaction_isolation = 'serializable'", 'RESET ALL']],
    [undefined, ["SET default_transaction_isolation = 'serializable'", 'DISCARD ALL']],
    [undefined, ["SET default_transaction_isolation = 'serializable'", 'RESET default_transaction_isolation']],
    [undefined, ["SET default_transaction_isolation = 'serializable'", 'SET default_transaction_isolation TO DEFAULT']],
  ])('the recorded isolation level is %s after the statements %j', (level, before) => {
    expect(levelOf(...before.map(set), update)).toBe(level)
  })

  test('SET TRANSACTION sets the recorded isolation level of only the next transaction', () => {
    const first: readonly Exchanged[] = [begin, set('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE'), update, commit]
    expect(levelOf(...first)).toBe('serializable')
    expect(levelOf(...first, update)).toBe(undefined)
  })

  test.each<readonly [string, string]>([
    ['default_transaction_isolation', 'repeatable read'],
    ['options', '-c default_transaction_isolation=repeatable\\ read'],
  ])('the recorded isolation level of a connection comes from the start-up parameter %s', (...parameter) => {
    expect(recordedBy({ tables }, [parameter], update).at(-1)?.['isolation']).toBe('repeatable read')
  })

  test('the recorded isolation level is that of the settings if neither the transaction nor the connection sets one', () => {
    const settings = { tables, isolation: 'repeatable read' }
    expect(recordedBy(settings, [], update).at(-1)?.['isolation']).toBe('repeatable read')
    expect(recordedBy(settings, [], begin, update, commit).at(-1)?.['isolation']).toBe('repeatable read')
  })
})

describe('the recorded snapshot of a statement', () => {
  const select = (id: number): Exchanged => [
    `SELECT balance FROM accounts WHERE id = ${id}`,
    ...[columns('balance'), row('1'), tag('SELECT 1')],
  ]
  const times = (level: string) => {
    const events = recorded([`BEGIN${level}`, tag('BEGIN')], select(1), select(2), commit)
    const statements = events.at(-1)?.['statements'] as readonly (readonly [string, number, number, number])[]
    const [[, , from, to], [, , fromNext, toNext]] = [statements[0]!, statements[1]!]
    return { from, to, fromNext, toNext }
  }

  test('the snapshot of a statement at read-committed is taken between the start and the end of the statement', () => {
    const { from, to, fromNext, toNext } = times(' ISOLATION LEVEL READ COMMITTED')
    expect([from < to, to < fromNext, fromNext < toNext]).toEqual([true, true, true])
  })

  test('the snapshot of a statement above read-committed is taken during the first statement of the transaction', () => {
    const { from, to, fromNext, toNext } = times(' ISOLATION LEVEL REPEATABLE READ')
    expect([fromNext, toNext]).toEqual([from, to])
  })

  test('a snapshot above read-committed may be as old as the first statement, even if this statement reads no recorded rows', () => {
    const beginAt: Exchanged = ['BEGIN ISOLATION LEVEL REPEATABLE READ', tag('BEGIN')]
    const froms = [[], [['SELECT 1', tag('SELECT 1')] as const]].map((before) => {
      const events = recorded(beginAt, ...before, select(1), commit)
      const statements = events.at(-1)?.['statements'] as readonly (readonly [string, number, number, number])[]
      return statements[0]?.[2]
    })
    expect(froms[0]).toBe(froms[1])
  })

  test('a transaction without recorded rows is named by its first statement', () => {
    const events = recorded(begin, ['SELECT 1', tag('SELECT 1')], ['SHOW a', tag('SHOW')], commit)
    expect(events.map(({ value }) => (value as { readonly what: string }).what)).toEqual(['SELECT ?'])
  })

  test('the snapshot of a statement at an unknown isolation level may be taken at any time after the transaction starts', () => {
    const { from, to, fromNext, toNext } = times('')
    expect([fromNext === from, toNext > to]).toEqual([true, true])
  })
})

describe('the record of a statement that is not understood', () => {
  const truncate: Exchanged = ['TRUNCATE accounts', tag('TRUNCATE TABLE')]
  const notes = (...queries: readonly Exchanged[]) =>
    recorded(...queries).flatMap(({ process, f, key, value }) =>
      process === 'recorder' && f !== 'passed-on' ? [[f, key ?? (value as { mark?: number }).mark]] : [],
    )

  test('after its commit, a statement that is not understood is recorded as changing nothing more', () => {
    expect(notes(truncate)).toEqual([
      ['touched', 'accounts/*/balance'],
      ['settled', 1],
    ])
    expect(notes(begin, truncate, commit)).toEqual([
      ['touched', 'accounts/*/balance'],
      ['settled', 1],
    ])
  })

  test('possible changes of a statement are withdrawn if it was refused or its transaction was rolled back', () => {
    const touched = ['touched', 'accounts/*/balance']
    expect(notes(begin, truncate, ['ROLLBACK', tag('ROLLBACK')])).toEqual([touched, ['withdrawn', 1]])
    expect(notes(['TRUNCATE accounts', refused('42501')])).toEqual([touched, ['withdrawn', 1]])
    expect(notes(begin, truncate)).toEqual([touched, ['withdrawn', 1]])
  })

  test('possible changes of a statement stay recorded if COMMIT is unanswered or the statement creates a trigger', () => {
    expect(notes(begin, truncate, ['COMMIT'])).toEqual([['touched', 'accounts/*/balance']])
    expect(notes(begin, truncate, ['COMMIT', refused('XX000')])).toEqual([['touched', 'accounts/*/balance']])
    const trigger = 'CREATE TRIGGER t AFTER UPDATE ON accounts EXECUTE FUNCTION f()'
    expect(notes([trigger, tag('CREATE TRIGGER')])).toEqual([['touched', 'accounts/*/balance']])
  })
})

describe('a statement of a recorded transaction', () => {
  type Row = readonly [sql: string, said: string, shown: readonly BackendMessage[]]
  const answered = (...[sql, said, shown]: Row): Exchanged => [sql, ...shown, tag(said)]

  test.each<readonly [...Row, micro: Json, isPredicate: boolean, locked: readonly string[]]>([
    [
      'SELECT id, amount FROM transfers WHERE id IN (1, 2)',
      'SELECT 1',
      [columns('id', 'amount'), row('1', '5')],
      [
        ['r', 'transfers/1/amount', 5],
        ['r', 'transfers/2/amount', null],
      ],
      false,
      [],
    ],
    [
      'SELECT id FROM transfers WHERE id IN (1, 2)',
      'SELECT 1',
      [columns('id'), row('1')],
      [
        ['r', 'transfers/1/amount'],
        ['r', 'transfers/1/fee'],
        ['r', 'transfers/2/amount', null],
        ['r', 'transfers/2/fee', null],
      ],
      false,
      [],
    ],
    [
      'SELECT EXISTS (SELECT 1 FROM accounts WHERE id IN (5, 6))',
      'SELECT 1',
      [columns('exists'), row('t')],
      [],
      true,
      [],
    ],
    [
      'SELECT EXISTS (SELECT 1 FROM accounts WHERE id IN (5, 6))',
      'SELECT 1',
      [columns('exists'), row('f')],
      [
        ['r', 'accounts/5/balance', null],
        ['r', 'accounts/6/balance', null],
      ],
      false,
      [],
    ],
    ['SELECT count(*) FROM accounts WHERE id IN (5, 6)', 'SELECT 1', [columns('count'), row('1')], [], true, []],
    [
      'SELECT count(id) FROM accounts WHERE id = 5',
      'SELECT 1',
      [columns('count'), row('1')],
      [['r', 'accounts/5/balance']],
      false,
      [],
    ],
    [
      'SELECT count(1) FROM accounts WHERE id = 5',
      'SELECT 1',
      [columns('count'), row('1')],
      [['r', 'accounts/5/balance']],
      false,
      [],
    ],
    [
      'SELECT count(*) FROM accounts WHERE id = 5 LIMIT 1',
      'SELECT 1',
      [columns('count'), row('1')],
      [['r', 'accounts/5/balance']],
      false,
      [],
    ],
    ['SELECT count(*) FROM accounts WHERE id = 5 OFFSET 1', 'SELECT 0', [columns('count')], [], true, []],
    [
      'UPDATE transfers SET amount = 1 WHERE id = 1 RETURNING amount, fee',
      'UPDATE 1',
      [columns('amount', 'fee'), row('1', '5')],
      [
        ['w', 'transfers/1/amount', 1],
        ['r', 'transfers/1/fee', 5],
      ],
      false,
      ['transfers/1'],
    ],
    [
      'UPDATE transfers SET amount = 1 WHERE id = 1 AND fee = 2 RETURNING fee',
      'UPDATE 1',
      [columns('fee'), row('2')],
      [
        ['w', 'transfers/1/amount', 1],
        ['r', 'transfers/1/fee', 2],
      ],
      false,
      ['transfers/1'],
    ],
    [
      'UPDATE transfers SET amount = 1 WHERE id = 1 AND fee = 2',
      'UPDATE 1',
      [],
      [
        ['r', 'transfers/1/fee', 2],
        ['w', 'transfers/1/amount', 1],
      ],
      false,
      ['transfers/1'],
    ],
    [
      'UPDATE transfers SET amount = fee * 2 WHERE id = 1',
      'UPDATE 0',
      [],
      [['r', 'transfers/1/amount', null]],
      false,
      [],
    ],
    [
      'UPDATE transfers SET amount = fee * 2 WHERE id = 1 RETURNING fee',
      'UPDATE 1',
      [columns('fee'), row('2')],
      [
        ['w', 'transfers/1/amount'],
        ['r', 'transfers/1/fee', 2],
      ],
      false,
      ['transfers/1'],
    ],
    [
      'UPDATE transfers SET amount = fee * 2, fee = 1 WHERE id = 1',
      'UPDATE 1',
      [],
      [
        ['w', 'transfers/1/amount'],
        ['w', 'transfers/1/fee', 1],
      ],
      false,
      ['transfers/1'],
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5), (2, 6) ON CONFLICT (id) DO NOTHING RETURNING id',
      'INSERT 0 1',
      [columns('id'), row('2')],
      [['w', 'accounts/2/balance', 6]],
      true,
      ['accounts/2'],
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5), (2, 6) ON CONFLICT (id) DO NOTHING',
      'INSERT 0 0',
      [],
      [
        ['r', 'accounts/1/balance'],
        ['r', 'accounts/2/balance'],
      ],
      false,
      [],
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5), (2, 6) ON CONFLICT (id) DO NOTHING',
      'INSERT 0 2',
      [],
      [
        ['w', 'accounts/1/balance', 5],
        ['w', 'accounts/2/balance', 6],
      ],
      false,
      ['accounts/1', 'accounts/2'],
    ],
    ['INSERT INTO accounts (balance) VALUES (1) ON CONFLICT (id) DO NOTHING', 'INSERT 0 0', [], [], true, []],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5) ON CONFLICT DO NOTHING',
      'INSERT 0 1',
      [],
      [['w', 'accounts/1/balance', 5]],
      false,
      ['accounts/1'],
    ],
    [
      'INSERT INTO transfers (id, amount) VALUES (1, 5)',
      'INSERT 0 1',
      [],
      [
        ['w', 'transfers/1/amount', 5],
        ['w', 'transfers/1/fee'],
      ],
      false,
      ['transfers/1'],
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET balance = 5',
      'INSERT 0 1',
      [],
      [['w', 'accounts/1/balance', 5]],
      false,
      ['accounts/1'],
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET balance = 6',
      'INSERT 0 1',
      [],
      [['w', 'accounts/1/balance']],
      false,
      ['accounts/1'],
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET balance = accounts.balance + EXCLUDED.balance',
      'INSERT 0 1',
      [],
      [['w', 'accounts/1/balance']],
      false,
      ['accounts/1'],
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET balance = EXCLUDED.balance + accounts.balance RETURNING balance',
      'INSERT 0 1',
      [columns('balance'), row('7')],
      [['w', 'accounts/1/balance', 7]],
      false,
      ['accounts/1'],
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET balance = upper(accounts.balance)',
      'INSERT 0 1',
      [],
      [['w', 'accounts/1/balance']],
      false,
      ['accounts/1'],
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET balance = 5 WHERE accounts.balance = 4',
      'INSERT 0 0',
      [],
      [['r', 'accounts/1/balance']],
      false,
      [],
    ],
    [
      'SELECT id FROM transfers WHERE id = 1 AND amount + fee > 4',
      'SELECT 1',
      [columns('id'), row('1')],
      [
        ['r', 'transfers/1/amount'],
        ['r', 'transfers/1/fee'],
      ],
      false,
      [],
    ],
    [
      'SELECT id FROM transfers WHERE id = 1 AND amount = fee',
      'SELECT 1',
      [columns('id'), row('1')],
      [
        ['r', 'transfers/1/amount'],
        ['r', 'transfers/1/fee'],
      ],
      false,
      [],
    ],
    [
      'UPDATE transfers SET amount = 1 WHERE id = 1 AND amount > 3 AND other = 2',
      'UPDATE 0',
      [],
      [['r', 'transfers/1/amount']],
      false,
      [],
    ],
    [
      'UPDATE transfers SET amount = 1 WHERE id = 1 AND other = 2',
      'UPDATE 0',
      [],
      [
        ['r', 'transfers/1/amount'],
        ['r', 'transfers/1/fee'],
      ],
      false,
      [],
    ],
    [
      'UPDATE accounts SET balance = 10 + balance WHERE id = 1',
      'UPDATE 1',
      [],
      [['add', 'accounts/1/balance', 10]],
      false,
      ['accounts/1'],
    ],
    [
      'UPDATE accounts SET balance = 10 - balance WHERE id = 1',
      'UPDATE 1',
      [],
      [['w', 'accounts/1/balance']],
      false,
      ['accounts/1'],
    ],
    [
      'UPDATE accounts SET balance = NULL WHERE id = 1',
      'UPDATE 1',
      [],
      [['w', 'accounts/1/balance', null]],
      false,
      ['accounts/1'],
    ],
    [
      'UPDATE accounts SET balance = DEFAULT WHERE id = 1',
      'UPDATE 1',
      [],
      [['w', 'accounts/1/balance']],
      false,
      ['accounts/1'],
    ],
    ["SELECT * FROM accounts WHERE id = ANY ('{}')", 'SELECT 0', [columns('id', 'balance')], [], false, []],
    [
      `SELECT * FROM accounts WHERE id = ANY ('{12,"a b"}')`,
      'SELECT 0',
      [columns('id', 'balance')],
      [
        ['r', 'accounts/12/balance', null],
        ['r', 'accounts/a b/balance', null],
      ],
      false,
      [],
    ],
    ["SELECT * FROM accounts WHERE id = ANY ('{{1}}')", 'SELECT 0', [columns('id', 'balance')], [], true, []],
    ['SELECT * FROM accounts WHERE id = ANY (NULL)', 'SELECT 0', [columns('id', 'balance')], [], true, []],
    ["SELECT * FROM accounts WHERE id = ANY ('7')", 'SELECT 0', [columns('id', 'balance')], [], true, []],
    [
      'SELECT balance FROM accounts WHERE id IN (1, 1)',
      'SELECT 1',
      [columns('balance'), row('5')],
      [['r', 'accounts/1/balance', 5]],
      false,
      [],
    ],
    [
      'SELECT balance FROM accounts WHERE 1 = id',
      'SELECT 1',
      [columns('balance'), row('5')],
      [['r', 'accounts/1/balance', 5]],
      false,
      [],
    ],
    [
      'SELECT balance FROM accounts WHERE id = 1 AND id = 2',
      'SELECT 0',
      [columns('balance')],
      [['r', 'accounts/1/balance']],
      false,
      [],
    ],
    [
      'SELECT balance FROM accounts WHERE id = 1 LIMIT 1',
      'SELECT 0',
      [columns('balance')],
      [['r', 'accounts/1/balance', null]],
      false,
      [],
    ],
    ['SELECT balance FROM accounts WHERE id IN (1, 2) LIMIT 1', 'SELECT 0', [columns('balance')], [], true, []],
    [
      'SELECT balance FROM accounts WHERE id IN (1, 2) LIMIT 2',
      'SELECT 0',
      [columns('balance')],
      [
        ['r', 'accounts/1/balance', null],
        ['r', 'accounts/2/balance', null],
      ],
      false,
      [],
    ],
    [
      'SELECT balance FROM accounts WHERE id = 1 OFFSET 0',
      'SELECT 0',
      [columns('balance')],
      [['r', 'accounts/1/balance', null]],
      false,
      [],
    ],
    [
      'SELECT balance, balance FROM accounts WHERE id = 1',
      'SELECT 1',
      [columns('balance', 'balance'), row('5', '5')],
      [['r', 'accounts/1/balance', 5]],
      false,
      [],
    ],
    [
      'SELECT * FROM accounts a WHERE a.id = 1',
      'SELECT 1',
      [columns('id', 'owner', 'balance'), row('1', 'x', '5')],
      [['r', 'accounts/1/balance', 5]],
      false,
      [],
    ],
    [
      'SELECT a.* FROM accounts a WHERE a.id = 1',
      'SELECT 1',
      [columns('id', 'balance'), row('1', '5')],
      [['r', 'accounts/1/balance', 5]],
      false,
      [],
    ],
    [
      'DELETE FROM transfers WHERE id = 1',
      'DELETE 1',
      [],
      [
        ['w', 'transfers/1/amount', null],
        ['w', 'transfers/1/fee', null],
      ],
      false,
      ['transfers/1'],
    ],
    [
      'DELETE FROM transfers WHERE id IN (1, 2) RETURNING id, amount',
      'DELETE 1',
      [columns('id', 'amount'), row('2', '5')],
      [
        ['r', 'transfers/1/amount', null],
        ['r', 'transfers/1/fee', null],
        ['w', 'transfers/2/amount', null],
        ['w', 'transfers/2/fee', null],
      ],
      false,
      ['transfers/2'],
    ],
    ['DELETE FROM accounts', 'DELETE 0', [], [], true, []],
    [
      'DELETE FROM accounts WHERE balance = 1 RETURNING id',
      'DELETE 1',
      [columns('id'), row('2')],
      [
        ['r', 'accounts/2/balance', 1],
        ['w', 'accounts/2/balance', null],
      ],
      true,
      ['accounts/2'],
    ],
    ['UPDATE accounts SET owner = 1 WHERE id = 1', 'UPDATE 1', [], [], false, []],
    ['UPDATE accounts SET owner = 1 WHERE id = 1', 'UPDATE 0', [], [], false, []],
    ['UPDATE accounts SET owner = 1 WHERE balance = 3', 'UPDATE 2', [], [], true, []],
    [
      'UPDATE accounts SET balance = 1 WHERE id IN (1, 2)',
      'UPDATE 2',
      [],
      [
        ['w', 'accounts/1/balance', 1],
        ['w', 'accounts/2/balance', 1],
      ],
      false,
      ['accounts/1', 'accounts/2'],
    ],
    [
      'UPDATE accounts SET balance = 1 WHERE id IN (1, 2)',
      'UPDATE 0',
      [],
      [
        ['r', 'accounts/1/balance', null],
        ['r', 'accounts/2/balance', null],
      ],
      false,
      [],
    ],
    [
      'SELECT id, balance FROM accounts WHERE id = 1 AND EXISTS (SELECT 1 FROM owners)',
      'SELECT 0',
      [columns('id', 'balance')],
      [['r', 'accounts/1/balance']],
      true,
      [],
    ],
  ])(
    'the reads, writes, predicates and locks of the statement %s with the reply %s are recorded',
    (sql, said, shown, micro, isPredicate, locked) => {
      const [, completion = {}, ...others] = recorded(answered(sql, said, shown))
      expect(completion).toMatchObject({ f: 'txn', type: 'ok', value: micro })
      expect(others).toEqual([])
      const { predicates, locks } = completion
      expect(predicates).toEqual(isPredicate ? [expect.any(String)] : undefined)
      const times = [expect.any(Number), expect.any(Number)]
      expect(locks).toEqual(locked.length === 0 ? undefined : locked.map((row) => [row, ...times]))
    },
  )

  test.each<readonly [...Row, marked: readonly string[], why: string]>([
    [
      'SELECT count(balance) FROM accounts WHERE id = 5',
      'SELECT 1',
      [columns('count'), row('1')],
      ['not-understood all'],
      'its result does not show single rows',
    ],
    [
      'SELECT count(DISTINCT id) FROM accounts WHERE id = 5',
      'SELECT 1',
      [columns('count'), row('1')],
      ['not-understood all'],
      'its result does not show single rows',
    ],
    [
      'SELECT count(*), max(id) FROM accounts WHERE id = 5',
      'SELECT 1',
      [columns('count', 'max'), row('1', '5')],
      ['not-understood all'],
      'its result does not show single rows',
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5), (2, 6) ON CONFLICT (id) DO NOTHING',
      'INSERT 0 1',
      [],
      ['touched accounts/*/balance'],
      'it does not say which rows it inserted; add RETURNING id',
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5) ON CONFLICT (owner) DO NOTHING',
      'INSERT 0 0',
      [],
      ['touched accounts/*/balance'],
      'it may change rows that are not selected by their primary ke',
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5) ON CONFLICT (owner) DO UPDATE SET balance = 5',
      'INSERT 0 1',
      [],
      ['touched accounts/*/balance'],
      'it may change rows that are not selected by their primary ke',
    ],
    [
      'INSERT INTO transfers (id, amount, fee) VALUES (1, 5, 6) ON CONFLICT (id) DO UPDATE SET amount = 5',
      'INSERT 0 1',
      [],
      ['touched transfers/1/fee'],
      'its answer does not say whether it inserted fee or kept the old value',
    ],
    [
      'UPDATE accounts SET balance = 1 WHERE id = 1.0',
      'UPDATE 1',
      [],
      ['touched accounts/*/balance'],
      'it does not say which rows it changed; add RETURNING id',
    ],
    [
      "DELETE FROM accounts WHERE id::char(1) = '1'",
      'DELETE 1',
      [],
      ['touched accounts/*/balance'],
      'it does not say which rows it changed; add RETURNING id',
    ],
    [
      'UPDATE accounts SET id = 2, balance = 1 WHERE id = 1',
      'UPDATE 1',
      [],
      ['touched accounts/*/balance'],
      'it may change rows that are not selected by their primary ke',
    ],
    [
      'SELECT - balance FROM accounts WHERE id = 1',
      'SELECT 1',
      [columns('?column?'), row('-5')],
      ['not-understood all'],
      'its result does not show single rows',
    ],
    [
      'SELECT funds::int FROM wallets WHERE id = 1',
      'SELECT 1',
      [{ kind: 'row-description', columns: [{ ...column('funds'), table: 0 }] }, row('6')],
      ['not-understood all'],
      'a cast in its result may round or shorten the value',
    ],
    [
      'SELECT balance FROM accounts WHERE id <> 1',
      'SELECT 1',
      [columns('balance'), row('5')],
      ['not-understood all'],
      'its result lacks id; select it as well',
    ],
    [
      'SELECT balance FROM accounts WHERE id = owner',
      'SELECT 1',
      [columns('balance'), row('5')],
      ['not-understood all'],
      'its result lacks id; select it as well',
    ],
    [
      'SELECT DISTINCT balance FROM accounts WHERE id = 1',
      'SELECT 1',
      [columns('balance'), row('5')],
      ['not-understood all'],
      'its result does not show single rows',
    ],
    [
      'SELECT balance + 1 FROM accounts WHERE id = 1',
      'SELECT 1',
      [columns('x'), row('6')],
      ['not-understood all'],
      'its result does not show single rows',
    ],
    [
      'SELECT upper(balance), balance FROM accounts WHERE id = 1',
      'SELECT 1',
      [columns('upper', 'balance'), row('A', '5')],
      ['not-understood all'],
      'its result does not show single rows',
    ],
    [
      'DELETE FROM accounts USING owners WHERE accounts.id = 1 AND owners.id = 2',
      'DELETE 1',
      [],
      ['touched accounts/*/balance'],
      'it may change rows that are not selected by their primary ke',
    ],
    [
      'UPDATE accounts SET balance = 1 WHERE id = 1 FOR UPDATE',
      'UPDATE 1',
      [],
      ['touched accounts/*/balance'],
      'it may change rows that are not selected by their primary ke',
    ],
    [
      'UPDATE accounts SET balance = 1 WHERE id IN (1, 2)',
      'UPDATE 1',
      [],
      ['touched accounts/1/balance', 'touched accounts/2/balance'],
      'it does not say which rows it changed; add RETURNING id',
    ],
    [
      'SELECT balance FROM accounts WHERE id = (SELECT 1)',
      'SELECT 1',
      [columns('balance'), row('5')],
      ['not-understood all'],
      'its result lacks id; select it as well',
    ],
    [
      'SELECT EXISTS (SELECT 1 FROM accounts WHERE id = 5), 1',
      'SELECT 1',
      [columns('exists', 'x'), row('t', '1')],
      ['not-understood all'],
      'its result does not show single rows',
    ],
  ])('the statement %s with the reply %s is not understood', (sql, said, shown, marked, why) => {
    const all = marks(answered(sql, said, shown)) as readonly (readonly [string, string, string])[]
    expect(all.map(([f, key]) => `${f} ${key}`)).toEqual(marked)
    for (const [, , reason] of all) expect(reason).toContain(why)
  })
})

describe('the recorded statements of a transaction', () => {
  const savepoint = (name: string): Exchanged => [`SAVEPOINT ${name}`, tag('SAVEPOINT')]
  const back = (name: string): Exchanged => [`ROLLBACK TO ${name}`, tag('ROLLBACK')]
  const write = (id: number): Exchanged => [`UPDATE accounts SET balance = 1 WHERE id = ${id}`, tag('UPDATE 1')]
  const written = (...queries: readonly Exchanged[]): readonly Json[] =>
    (completions(begin, ...queries, commit)[0] as readonly [string, readonly (readonly [string, string])[]])[1].map(
      ([, cell]) => cell,
    )

  test('a recorded transaction omits the statements between a savepoint and the ROLLBACK TO this savepoint', () => {
    const all = [savepoint('a'), write(1), savepoint('b'), write(2), back('a'), write(3)]
    expect(written(...all)).toEqual(['accounts/3/balance'])
    expect(written(...all.with(4, back('b')))).toEqual(['accounts/1/balance', 'accounts/3/balance'])
  })

  test('ROLLBACK TO ignores a savepoint that an earlier ROLLBACK TO has removed', () => {
    const again = [savepoint('a'), write(2), savepoint('b'), back('a'), write(3), back('b'), write(4)]
    expect(written(savepoint('b'), write(1), ...again)).toEqual(['accounts/4/balance'])
  })

  test('a recorded transaction includes each of several rows that a statement reads', () => {
    const read = (rows: number): Exchanged => [
      `SELECT id, balance FROM accounts WHERE id IN (${Array.from({ length: rows }, (_, id) => id)})`,
      columns('id', 'balance'),
      ...Array.from({ length: rows }, (_, id) => row(String(id), '1')),
      tag(`SELECT ${rows}`),
    ]
    const ids = [0, 1, 2].map((id) => `accounts/${id}/balance`)
    expect(written(read(3))).toEqual(ids)
  })
})

test.each([
  ['105 + 1', 106],
  ['105 - 10', 95],
  ["'105' + 1", 106],
  ['0.5 + 1', undefined],
  ['105 + 1 + 1', undefined],
  ['105 + fee', undefined],
])('an update that sets balance to %s is recorded as a write of %j', (sum, value) => {
  const done = completions([`UPDATE accounts SET balance = ${sum} WHERE id = 7`, tag('UPDATE 1')])
  expect(done).toEqual([['ok', [['w', 'accounts/7/balance', ...(value === undefined ? [] : [value])]]]])
})

test('an upsert is recorded as a write of the columns that it sets', () => {
  const insert = 'INSERT INTO transfers (id, amount, fee) VALUES (1, 5, 6) ON CONFLICT (id) DO UPDATE SET amount = 5'
  expect(completions([insert, tag('INSERT 0 1')])).toEqual([['ok', [['w', 'transfers/1/amount', 5]]]])
})

test.each<readonly [string, string, Json?]>([
  ['status', "'ABC'::char(2)"],
  ['status', "CAST('ABC' AS varchar(2))"],
  ['status', "'ABC'::char"],
  ['status', "'ABC'::text", 'ABC'],
  ['status', "'ABC'::character varying", 'ABC'],
  ['status', `'open'::"Status"`, 'open'],
  ['fee', '1.26::numeric(10, 1)'],
  ['fee', '1.5::int'],
  ['fee', '1.26::numeric', '1.26'],
  ['fee', '1.26', '1.26'],
  ['fee', '2::int', 2],
  ['balance', '2.5'],
  ['balance', '1e1'],
  ['balance', "'2.5'", '2.5'],
  ['balance', '- -2'],
])('an update that sets %s to %s is recorded with the value that the server certainly stores', (name, given, value) => {
  const values = { balance: 'text', status: 'text', fee: 'numeric' }
  const update: Exchanged = [`UPDATE accounts SET ${name} = ${given} WHERE id = 7`, tag('UPDATE 1')]
  const events = recordedBy({ tables: { accounts: { key: 'id', values } } }, [], update)
  const done = events.flatMap(({ type, value: micro }) => (type === 'ok' ? [micro] : []))
  expect(done).toEqual([[['w', `accounts/7/${name}`, ...(value === undefined ? [] : [value])]]])
})

describe('a recorded cursor', () => {
  const declare: Exchanged = [
    'DECLARE c NO SCROLL CURSOR FOR SELECT id, balance FROM accounts WHERE id IN (7, 8)',
    tag('DECLARE CURSOR'),
  ]
  const fetched = (...rows: readonly BackendMessage[]): Exchanged => [
    'FETCH FORWARD 1 FROM c',
    columns('id', 'balance'),
    ...rows,
    tag(`FETCH ${rows.length}`),
  ]

  test('a recorded cursor reads the rows that its client fetches', () => {
    const all = [begin, declare, fetched(row('7', '100')), fetched(row('8', '50')), commit]
    expect(completions(...all)).toEqual([
      [
        'ok',
        [
          ['r', 'accounts/7/balance', 100],
          ['r', 'accounts/8/balance', 50],
        ],
      ],
    ])
    expect(marks(...all)).toEqual([])
  })

  test.each(['NO SCROLL CURSOR WITHOUT HOLD', 'BINARY INSENSITIVE CURSOR'])(
    'a cursor in the form %s is recorded',
    (form) => {
      const declared: Exchanged = [`DECLARE c ${form} FOR SELECT id, balance FROM accounts`, tag('DECLARE CURSOR')]
      const all = [begin, declared, fetched(row('7', '100')), commit]
      expect(completions(...all)).toEqual([['ok', [['r', 'accounts/7/balance', 100]]]])
    },
  )

  test('the snapshot of a cursor may be taken at any time between its declaration and its fetch', () => {
    const beginAt: Exchanged = ['BEGIN ISOLATION LEVEL READ COMMITTED', tag('BEGIN')]
    const began = (...queries: readonly Exchanged[]): readonly Json[] =>
      recorded(beginAt, ...queries, commit).flatMap(({ statements }) => (statements as Json[][] | undefined) ?? [])
    const [one] = began(declare, fetched(row('7', '100')))
    const [other] = began(declare, ['SELECT 1', tag('SELECT 1')], fetched(row('7', '100')))
    const [from, to] = (one as Json[]).slice(2) as number[]
    const [from2, to2] = (other as Json[]).slice(2) as number[]
    expect(from).toBe(from2)
    expect(to2).toBeGreaterThan(to!)
  })

  test.each([
    'DECLARE c CURSOR WITH HOLD FOR SELECT id, balance FROM accounts',
    'DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT id, balance FROM accounts',
    'DECLARE c CURSOR FOR SELECT sum(balance) FROM accounts',
    'DECLARE c CURSOR FOR SELECT id, balance, audit(id) FROM accounts',
  ])('a cursor in the form %s is not understood', (sql) => {
    const all = [begin, [sql, tag('DECLARE CURSOR')] as const, fetched(row('7', '100')), commit]
    expect(completions(...all)).toEqual([])
    expect(marks(...all)).toHaveLength(1)
  })
})

describe('a recorded join of two tables', () => {
  const both = { ...tables, owners: { values: ['name'] } }
  const joined = (sql: string, names: readonly string[], ...rows: readonly (string | null)[][]) => {
    const answer = [columns(...names), ...rows.map((values) => row(...values)), tag(`SELECT ${rows.length}`)]
    return recordedBy({ tables: both }, [], [sql, ...answer])
  }
  const told = (events: ReturnType<typeof joined>) =>
    events.flatMap(({ f, type, value, predicates }) =>
      f === 'txn' && type === 'ok' ? [{ value: value ?? null, isPredicate: predicates !== undefined }] : [],
    )
  const columnsOfBoth = 'a.id, a.balance, o.id, o.name'
  const [balance, name] = [
    ['r', 'accounts/7/balance', 100],
    ['r', 'owners/1/name', 'Ann'],
  ]

  test.each([
    'FROM accounts a JOIN owners o ON o.id = a.owner WHERE a.id = 7',
    'FROM accounts AS a LEFT JOIN owners AS o ON (a.owner = o.id) WHERE a.id = $1',
    'FROM accounts a JOIN owners o ON o.id = a.owner WHERE a.id = 7 AND o.id = 1 FOR UPDATE OF a',
  ])('a recorded join of two tables reads the rows of both, found by their primary keys: %s', (from) => {
    const events = joined(
      `SELECT ${columnsOfBoth} ${from.replace('$1', '7')}`,
      ['id', 'balance', 'id', 'name'],
      ['7', '100', '1', 'Ann'],
    )
    expect(told(events)).toEqual([{ value: [balance, name], isPredicate: false }])
  })

  test.each([
    'FROM accounts a JOIN owners o ON o.id = a.owner WHERE o.name = $1',
    'FROM owners o JOIN accounts a ON a.owner = o.id WHERE o.id = 1',
    'FROM accounts a JOIN banks b ON b.id = a.bank JOIN owners o ON o.id = b.owner WHERE a.id = 7',
    'FROM accounts a, owners o WHERE a.id = 7 AND o.id = a.owner',
  ])('a join that depends on rows that its result does not show is recorded with a predicate: %s', (from) => {
    const events = joined(`SELECT ${columnsOfBoth} ${from}`, ['id', 'balance', 'id', 'name'], ['7', '100', '1', 'Ann'])
    expect(told(events)).toEqual([{ value: expect.arrayContaining([balance, name]), isPredicate: true }])
  })

  test('a recorded join reads a row only once if several rows join it', () => {
    const sql = `SELECT ${columnsOfBoth} FROM owners o JOIN accounts a ON a.owner = o.id WHERE o.id = 1`
    const rows = [
      ['7', '100', '1', 'Ann'],
      ['8', '50', '1', 'Ann'],
    ]
    expect(told(joined(sql, ['id', 'balance', 'id', 'name'], ...rows))).toEqual([
      { value: [name, balance, ['r', 'accounts/8/balance', 50]], isPredicate: true },
    ])
  })

  test('a recorded outer join reads the row whose key is in WHERE, and no row of the table without a match', () => {
    const sql = 'SELECT a.balance, o.id, o.name FROM accounts a LEFT JOIN owners o ON o.id = a.owner WHERE a.id = 7'
    expect(told(joined(sql, ['balance', 'id', 'name'], ['100', null, null]))).toEqual([
      { value: [balance], isPredicate: false },
    ])
  })

  test.each([
    'SELECT a.balance, o.name FROM accounts a JOIN owners o ON o.id = a.owner WHERE a.id = 7',
    'SELECT id, balance, name FROM accounts JOIN owners USING (id) WHERE id = 7',
    'SELECT * FROM accounts a JOIN owners o ON o.id = a.owner WHERE a.id = 7',
  ])('a join is not understood if its result does not show which rows it reads: %s', (sql) => {
    const events = joined(sql, ['balance', 'name'], ['100', 'Ann'])
    expect(events.map(({ f }) => f)).toEqual(['not-understood', 'passed-on'])
  })
})

describe('a statement that repeats an earlier one with other literals', () => {
  const answers: { readonly [first: string]: readonly BackendMessage[] } = {
    SELECT: [columns('id', 'balance'), tag('SELECT 0')],
    UPDATE: [tag('UPDATE 1')],
    INSERT: [tag('INSERT 0 1')],
    DELETE: [tag('DELETE 1')],
    SET: [tag('SET')],
  }
  const asked = (sql: string): Exchanged => [sql, ...(answers[sql.split(' ')[0] ?? ''] ?? [])]

  test.each([
    ['UPDATE accounts SET balance = 5 WHERE id = 7', 'UPDATE accounts SET balance = 60 WHERE id = 8'],
    ['UPDATE accounts SET balance = 5 + 1 WHERE id = 7', 'UPDATE accounts SET balance = 6 + 2 WHERE id = 7'],
    ["UPDATE accounts SET balance = 'a' WHERE id = 7", "UPDATE accounts SET balance = 'it''s' WHERE id = 7"],
    ['UPDATE accounts SET balance = -5 WHERE id = 7', 'UPDATE accounts SET balance = -6 WHERE id = 7'],
    ['SELECT id, balance FROM accounts WHERE id IN (1, 2)', 'SELECT id, balance FROM accounts WHERE id IN (3, 4)'],
    [
      'SELECT id, balance FROM accounts WHERE 1 = 1 AND id = 5',
      'SELECT id, balance FROM accounts WHERE 1 = 2 AND id = 5',
    ],
    [
      "SELECT id, balance FROM accounts WHERE id = ANY ('{1,2}')",
      "SELECT id, balance FROM accounts WHERE id = ANY ('{3}')",
    ],
    ['INSERT INTO accounts (id, balance) VALUES (1, 10)', 'INSERT INTO accounts (id, balance) VALUES (2, 20)'],
    [
      'INSERT INTO accounts (id, balance) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET balance = 5',
      'INSERT INTO accounts (id, balance) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET balance = 6',
    ],
    [
      'DELETE FROM accounts WHERE id = 7; DELETE FROM accounts WHERE id = 8',
      'DELETE FROM accounts WHERE id = 1; DELETE FROM accounts WHERE id = 2',
    ],
    ["UPDATE accounts SET balance = E'a' WHERE id = 7", "UPDATE accounts SET balance = E'b' WHERE id = 7"],
    ['UPDATE accounts SET balance = 5 /* 1 */ WHERE id = 7', 'UPDATE accounts SET balance = 5 /* 2 */ WHERE id = 8'],
  ])('a statement that repeats an earlier one is recorded with its own literals: %s', (one, other) => {
    const told = (...queries: readonly Exchanged[]): readonly Json[] =>
      recorded(...queries).flatMap(({ f, type, value }) => (f === 'txn' && type === 'ok' ? [value ?? null] : []))
    const [first, second] = [told(asked(one)), told(asked(other))]
    const both = told(asked(one), asked(one), asked(other), asked(other))
    expect(both).toEqual([...first, ...first, ...second, ...second])
  })

  test('a repeated SET statement with another isolation level sets the new level, not the level of the first one', () => {
    const set = (level: string): Exchanged => [`SET SESSION default_transaction_isolation = '${level}'`, tag('SET')]
    const read: Exchanged = ['SELECT id, balance FROM accounts WHERE id = 7', columns('id', 'balance'), tag('SELECT 0')]
    const levels = recorded(set('serializable'), read, set('repeatable read'), read)
    expect(levels.flatMap(({ isolation }) => isolation ?? [])).toEqual(['serializable', 'repeatable read'])
  })
})

describe('a table that a foreign key or trigger may write indirectly', () => {
  const indirect = {
    owners: { delete: ['accounts'], update: { code: ['accounts'], id: ['doctors'] }, by: ['foreign key owner_fk'] },
    on_duty: { write: ['doctors'] },
  }
  const touched = (sql: string, ...answer: readonly BackendMessage[]) =>
    recordedBy({ tables, indirect }, [], [sql, ...answer]).flatMap(({ f, key }) => (f === 'touched' ? [key] : []))

  test.each([
    ['DELETE FROM owners WHERE id = 7', 'DELETE 1', ['accounts/*/balance']],
    ['UPDATE owners SET name = $1 WHERE id = 7', 'UPDATE 1', []],
    ['UPDATE owners SET name = $1, code = $2 WHERE id = 7', 'UPDATE 1', ['accounts/*/balance']],
    ['UPDATE owners SET (name, code) = ($1, $2) WHERE id = 7', 'UPDATE 1', ['accounts/*/balance']],
    [
      'UPDATE owners SET name = (SELECT n FROM o WHERE k = 1), id = 9 WHERE code = 7',
      'UPDATE 1',
      ['doctors/*/on_call'],
    ],
    ['INSERT INTO owners VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET code = 3', 'INSERT 0 1', ['accounts/*/balance']],
    ['INSERT INTO owners (id, code) VALUES (1, 2)', 'INSERT 0 1', []],
    ['SELECT code FROM owners WHERE id = 7 FOR UPDATE', 'SELECT 1', []],
    ['UPDATE on_duty SET on_call = false', 'UPDATE 3', ['doctors/*/on_call']],
    ['SELECT * FROM on_duty FOR UPDATE', 'SELECT 0', []],
    ['SELECT * FROM owners', 'SELECT 0', []],
  ])('a table is recorded as possibly changed only after statements that may write it: %s', (sql, said, cells) => {
    expect(touched(sql, tag(said))).toEqual(cells)
  })

  test('the reason for a possible change of a table names the foreign key that may cause the change', () => {
    const events = recordedBy({ tables, indirect }, [], ['DELETE FROM owners WHERE id = 7', tag('DELETE 1')])
    expect(JSON.stringify(events)).toContain('foreign key owner_fk makes this statement write accounts')
  })

  test('a recorded DELETE also marks tables as possibly changed if its foreign keys may change them', () => {
    const both = { tables: { ...tables, owners: { values: ['name'] } }, indirect }
    const events = recordedBy(both, [], ['DELETE FROM owners WHERE id = 7', tag('DELETE 1')])
    expect(events.flatMap(({ f, key, value }) => (f === 'touched' ? [key] : f === 'txn' ? [value] : []))).toEqual([
      [['w', 'owners/7/name', null]],
      'accounts/*/balance',
      [['w', 'owners/7/name', null]],
    ])
  })
})

test('the record reports writes by triggers and foreign keys as unseen unless the setting "indirect" is given', () => {
  const noted = (more: object): readonly Json[] => {
    const { recorder, client } = recording()
    const settings = parsePostgresqlSettings({ tables, ...more }, 'a test')
    recordPostgresql({ ...settings, recorder, node: 'n1' })
    return client.lines.map((line) => (JSON.parse(line) as { readonly f: string }).f)
  }
  expect(noted({})).toEqual(['unseen'])
  expect(noted({ indirect: 'none' })).toEqual([])
})

describe('an array of keys in the binary format', () => {
  const array = (type: number, dimensions: number, ...elements: readonly (Buffer | null)[]): Buffer => {
    const header = Buffer.alloc(dimensions === 0 ? 12 : 20)
    header.writeInt32BE(dimensions, 0)
    header.writeUInt32BE(type, 8)
    if (dimensions > 0) header.writeInt32BE(elements.length, 12)
    const parts = elements.map((element) => {
      const length = Buffer.alloc(4)
      length.writeInt32BE(element === null ? -1 : element.length, 0)
      return Buffer.concat([length, element ?? Buffer.alloc(0)])
    })
    return Buffer.concat([header, ...parts])
  }
  const int4 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value, 0)
    return bytes
  }
  const readBy = (keys: Buffer, before: readonly Buffer[] = []) =>
    recordedBy({ tables }, [], {
      asked: [
        {
          ...({ kind: 'parse', statement: '', types: [] } as const),
          sql: `SELECT id, balance FROM accounts WHERE id = ANY ($${before.length + 1})`,
        },
        {
          ...({ kind: 'bind', portal: '', statement: '', resultFormats: [] } as const),
          ...{ formats: [...before.map(() => 0 as const), 1 as const], values: [...before, keys] },
        },
        { kind: 'describe', of: 'portal', name: '' },
        { kind: 'execute', portal: '', mostRows: 0 },
        { kind: 'sync' },
      ],
      answered: [
        ...([{ kind: 'parse-complete' }, { kind: 'bind-complete' }, columns('id', 'balance')] as const),
        ...[row('1', '5'), tag('SELECT 1')],
      ],
    })

  test.each([
    ['whole numbers', array(23, 1, int4(1), int4(-2)), '-2'],
    ['texts', array(25, 1, Buffer.from('1'), Buffer.from('a b')), 'a b'],
  ])('a key in a binary array of %s is recorded as absent if the reply has no row of the key', (_, keys, missing) => {
    expect(readBy(keys).at(-1)?.['value']).toEqual([
      ['r', 'accounts/1/balance', 5],
      ['r', `accounts/${missing}/balance`, null],
    ])
    expect(readBy(keys).at(-1)).not.toHaveProperty('predicates')
  })

  test('an array of keys is read in the format of its own parameter, not of the one before it', () => {
    expect(readBy(array(23, 1, int4(1), int4(2)), [Buffer.from('5')]).at(-1)?.['value']).toEqual([
      ['r', 'accounts/1/balance', 5],
      ['r', 'accounts/2/balance', null],
    ])
  })

  test('an empty binary array of keys is recorded without a predicate', () => {
    for (const keys of [array(23, 0), array(23, 1)]) expect(readBy(keys).at(-1)).not.toHaveProperty('predicates')
  })

  test.each([
    ['a null', array(23, 1, int4(1), null)],
    ['another type', array(1700, 1, int4(1))],
    ['several dimensions', array(23, 2, int4(1))],
    ['no end', array(23, 1, int4(1)).subarray(0, 22)],
  ])('a read by a binary array of keys is recorded with a predicate if the array has %s', (_, keys) => {
    expect(readBy(keys).at(-1)).toMatchObject({
      value: [['r', 'accounts/1/balance', 5]],
      predicates: [expect.any(String)],
    })
  })
})

describe('a suspended portal', () => {
  const suspended = (sql: string) =>
    recordedBy({ tables }, [], {
      asked: [
        { kind: 'parse', statement: '', sql, types: [] },
        { kind: 'bind', portal: '', statement: '', formats: [], values: [], resultFormats: [] },
        { kind: 'describe', of: 'portal', name: '' },
        { kind: 'execute', portal: '', mostRows: 1 },
        { kind: 'sync' },
      ],
      answered: [
        ...([{ kind: 'parse-complete' }, { kind: 'bind-complete' }, columns('id')] as const),
        ...([row('1'), { kind: 'portal-suspended' }] as const),
      ],
    }).flatMap(({ f, key, value }) => (f === 'touched' ? [[key, (value as { readonly why: string }).why]] : []))

  test('a suspended portal of an UPDATE records all rows of the table as possibly changed', () => {
    expect(suspended('UPDATE accounts SET balance = 7 WHERE balance = 1 RETURNING id')).toEqual([
      ['accounts/*/balance', expect.stringContaining('it does not say which rows it changed')],
    ])
  })

  test('a suspended portal of an INSERT records all rows of the table as possibly changed', () => {
    const sql = 'INSERT INTO accounts (id, balance) VALUES (1, 5), (2, 5) ON CONFLICT DO NOTHING RETURNING id'
    expect(suspended(sql)).toEqual([
      ['accounts/*/balance', expect.stringContaining('it does not say which rows it inserted')],
    ])
  })
})

test.each([
  [16, 't', 'boolean'],
  [1700, '1.50', 'numeric'],
  [3802, '{}', 'json'],
])(
  'a column of type %i that is recorded as text is reported with advice on the setting for its type',
  (type, text, name) => {
    const described: BackendMessage = { kind: 'row-description', columns: [column('balance', type)] }
    const asked: Exchanged = ['SELECT balance FROM accounts WHERE id = 7', described, row(text), tag('SELECT 1')]
    expect(JSON.stringify(recorded(asked)).replaceAll('\\', '')).toContain(`"values":{"balance":"${name}"}`)
  },
)

describe('a COPY from the client', () => {
  const copyIn: BackendMessage = { kind: 'copy-in', format: 0, columns: [0] }
  const read: Exchanged = ['SELECT balance FROM accounts WHERE id = 7', columns('balance'), row('1'), tag('SELECT 1')]

  test('after a COPY FROM STDIN in the simple query protocol, later statements of the connection are still recorded', () => {
    expect(completions(['COPY log FROM STDIN', copyIn, tag('COPY 1')], read).at(-1)).toEqual([
      'ok',
      [['r', 'accounts/7/balance', 1]],
    ])
  })

  test('a COPY from the client in the extended query protocol ends the recording of the connection', () => {
    const events = recordedBy({ tables }, [], {
      asked: [
        { kind: 'parse', statement: '', sql: 'COPY log FROM STDIN', types: [] },
        { kind: 'bind', portal: '', statement: '', formats: [], values: [], resultFormats: [] },
        { kind: 'execute', portal: '', mostRows: 0 },
        { kind: 'sync' },
      ],
      answered: [{ kind: 'parse-complete' }, { kind: 'bind-complete' }, copyIn],
    })
    expect(JSON.stringify(events)).toContain('a connection of PostgreSQL in an extended COPY')
  })
})

describe('the request id of a transaction', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  test.each<readonly [string, Json | undefined]>([
    [`/*route='%2Fpay',traceparent='00-${trace}-00f067aa0ba902b7-01'*/`, trace],
    ['/* controller:payments,request_id:a1-b2 */', 'a1-b2'],
    ["/*request_id='a1-b2'*/", 'a1-b2'],
    ['/* pay */', undefined],
    ['', undefined],
  ])('the request id of a transaction with the SQL comment %s is %s', (comment, request) => {
    const [, ok] = recorded([`UPDATE accounts SET balance = 1 WHERE id = 1 ${comment}`, tag('UPDATE 1')])
    expect(ok?.['request']).toBe(request)
  })

  test('the request id of a transaction may be in a comment of any statement', () => {
    const named: Exchanged = ["UPDATE accounts SET balance = 1 WHERE id = 1 /*request_id='r'*/", tag('UPDATE 1')]
    expect(recorded(begin, named, commit).at(-1)?.['request']).toBe('r')
  })
})

describe('the settings for whole transactions', () => {
  test.each<readonly [{ readonly [member: string]: unknown }, RegExp]>([
    [{ tables: {} }, /"tables" is \{\}.*Give each table/],
    [{ tables, table: 'kv' }, /"table" cannot be combined with "tables"/],
    [{ tables: { a: { key: 'id' } } }, /"values" is .*Name the recorded columns/],
    [{ tables: { a: { key: 'id', values: ['id'] } } }, /"id" is the "key" and one of the "values"/],
    [{ tables: { a: { values: ['n', 'n'] } } }, /table "a": "n" is given twice in "values"/],
    [{ tables: { a: { values: { n: 'int' } } } }, /"n" is "int"\. Give text, numeric, boolean, json/],
    [{ tables: { 'x.a': { values: ['n'] }, 'y.a': { values: ['n'] } } }, /two tables, in two schemas, have this name/],
    [{ tables, isolation: 'snapshot' }, /"isolation" is "snapshot"\. Give read uncommitted, read committed, repeat/],
    ...[
      ...[7, 'all', { owners: 7 }, { owners: { delete: ['strangers'] } }, { owners: { delete: 'accounts' } }],
      ...[{ owners: { update: ['accounts'] } }, { owners: { update: { id: 'accounts' } } }, { owners: { other: [] } }],
      ...[{ owners: { by: 'a key' } }, { owners: { by: [7] } }],
    ].map((indirect) => [{ tables, indirect }, /"indirect" is .*Give "none" if recorded tables change only/] as const),
    [{ tables, transactions: 'apart' }, /"transactions" is "apart"\. Give whole/],
  ])('are refused: %j', (given, message) => {
    expect(() => parsePostgresqlSettings(given, '--as')).toThrow(message)
  })
})
