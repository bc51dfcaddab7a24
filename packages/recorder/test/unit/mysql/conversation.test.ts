import { type Json, Overwrites } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packetOf } from '../../../../wire/src/mysql/packet.ts'
import {
  AUTOCOMMIT,
  command,
  execute,
  found,
  greeting,
  IN_TRANSACTION,
  login,
  MORE,
  ok,
  prepared,
  query,
  refused,
  rows,
  SCRAMBLE,
} from '../../../../wire/test/mysql/server-packets.ts'
import { mysqlSpeech } from '../../../src/mysql/dialogue.ts'
import { parseMysqlSettings } from '../../../src/mysql/settings.ts'
import { mysqlDialect } from '../../../src/mysql/statement.ts'
import { postgresqlConversation } from '../../../src/postgresql/conversation.ts'
import { recording } from '../../record/in-memory.ts'

// Records MySQL connections, given the bytes of clients and servers.

const tables = { Accounts: { key: 'ID', values: ['balance'] }, prices: { key: 'id', values: { price: 'numeric' } } }
const WITHIN = AUTOCOMMIT | IN_TRANSACTION
const within = { status: WITHIN }

type Turn = readonly [asked: Buffer, answered?: Buffer]
type Event = { readonly [member: string]: Json }

/**
 * A step of a login, after the first packet of each side. The client sends `asked`, if present. Then the server sends
 * `answered`.
 */
type LoginStep = { readonly asked?: Buffer; readonly answered: Buffer }

interface Options {
  readonly part?: number
  readonly status?: number
  readonly name?: string
  readonly greets?: Buffer
  readonly steps?: readonly LoginStep[]
  readonly isRefused?: boolean
}

/** Calls `to` with a copy of the bytes, and overwrites the copy afterwards. */
function lend(bytes: Buffer, to: (lent: Buffer) => void): void {
  const lent = Buffer.from(bytes)
  to(lent)
  lent.fill(0x3f)
}

/** Returns the events of a connection. Its bytes arrive in chunks of at most `part` bytes. */
function recorded(
  turns: readonly Turn[],
  {
    part = 1e6,
    status = AUTOCOMMIT,
    name = 'a',
    greets = greeting(status),
    steps = [{ answered: ok({ status }) }],
    isRefused = false,
  }: Options = {},
): readonly Event[] {
  const { client, now, connection } = recording()
  const { commands } = parseMysqlSettings({ tables }, 'a test')
  const conversation = postgresqlConversation({
    ...{
      connection,
      now,
      commands: { ...commands, dialect: mysqlDialect },
      maxMessageBytes: 100_000,
      overwrites: new Overwrites(),
    },
    ...{ naming: { kind: 'said' }, speech: mysqlSpeech },
  })
  let [sent, delivered] = [0, 0]
  const ask = (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length; at += part)
      lend(bytes.subarray(at, at + part), (lent) => conversation.requested(lent, now()))
    sent += bytes.length
    conversation.sent(sent, now())
  }
  const answer = (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length; at += part) {
      lend(bytes.subarray(at, at + part), (lent) => conversation.answered(lent))
      conversation.delivered(Math.min(delivered + at + part, delivered + bytes.length))
    }
    delivered += bytes.length
  }
  answer(greets)
  if (!isRefused) ask(login(name))
  for (const { asked, answered } of steps) {
    if (asked !== undefined) ask(asked)
    answer(answered)
  }
  for (const [asked, answered] of turns) {
    ask(asked)
    if (answered !== undefined) answer(answered)
  }
  conversation.closed()
  return client.lines.map((line) => JSON.parse(line) as Event)
}

/** The completions of transactions. */
const completions = (turns: readonly Turn[], options = {}): readonly Json[] =>
  recorded(turns, options).flatMap(({ f, type, value, error }) =>
    f === 'txn' && type !== 'invoke' ? [[type ?? '', (type === 'ok' ? value : error) ?? '']] : [],
  )

/** What was not understood. */
const doubts = (turns: readonly Turn[], options = {}): readonly Json[] =>
  recorded(turns, options).flatMap(({ f, key, value }) =>
    f === 'touched' || f === 'not-understood' ? [[key ?? 'all', (value as { readonly what: string }).what]] : [],
  )

const begin: Turn = [query('START TRANSACTION'), ok(within)]
const commit: Turn = [query('COMMIT'), ok()]
const update = (status = WITHIN): Turn => [query('UPDATE accounts SET balance = 90 WHERE id = 7'), found(1, 1, status)]
const select: Turn = [query('SELECT balance FROM `accounts` WHERE id = 7'), rows(['balance'], [['100']], within)]
const READ = ['r', 'accounts/7/balance', 100]
const WRITE = ['w', 'accounts/7/balance', 90]

describe('a MySQL transaction', () => {
  test('a MySQL transaction is one operation with its reads and writes, its isolation level and its locks', () => {
    const events = recorded([begin, select, update(), commit])
    expect(events).toHaveLength(2)
    expect(events[0]).toMatchObject({ type: 'invoke', f: 'txn', session: 'a' })
    expect(events[1]).toMatchObject({
      type: 'ok',
      value: [READ, WRITE],
      isolation: 'repeatable read of InnoDB',
      locks: [['accounts/7', expect.any(Number), expect.any(Number)]],
    })
  })

  test('a MySQL transaction has no client name if program_name is the default of a tool or a driver', () => {
    const sessions = ['shop', 'mysql', 'MySQL Connector/J'].map(
      (name) => recorded([update(0)], { name })[0]?.['session'],
    )
    expect(sessions).toEqual(['shop', undefined, undefined])
  })

  test('a MySQL transaction is recorded identically in any division of its bytes', () => {
    const turns = [begin, select, update(), commit]
    const whole = completions(turns)
    for (const part of [1, 2, 3, 5, 7, 11]) expect(completions(turns, { part })).toEqual(whole)
  })

  test('a MySQL transaction includes the writes of a prepared statement, with the bound values', () => {
    const turns: Turn[] = [
      [command(22, 'UPDATE accounts SET balance = ? WHERE id = ?'), prepared(3, 0, 2)],
      begin,
      [execute(3, ['90', '7']), found(1, 1, WITHIN)],
      commit,
    ]
    expect(completions(turns)).toEqual([['ok', [WRITE]]])
    expect(completions(turns, { part: 1 })).toEqual([['ok', [WRITE]]])
  })

  test('a MariaDB transaction includes a statement that is prepared and executed in one message', () => {
    const last = 0xff_ff_ff_ff
    const text = 'UPDATE accounts SET balance = ? WHERE id = ?'
    const asked = Buffer.concat([command(22, text), execute(last, ['90', '7'])])
    const turns = (answered: Buffer): Turn[] => [begin, [asked, answered], select, commit]
    const answered = Buffer.concat([prepared(3, 0, 2), found(1, 1, WITHIN)])
    for (const part of [1, 1e6]) expect(completions(turns(answered), { part })).toEqual([['ok', [WRITE, READ]]])
    const again: Turn[] = [...turns(answered), begin, [execute(last, ['90', '7']), found(1, 1, WITHIN)], commit]
    expect(completions(again)).toEqual([
      ['ok', [WRITE, READ]],
      ['ok', [WRITE]],
    ])
    // The server refused to prepare the statement, so there is nothing to execute.
    expect(completions(turns(Buffer.concat([refused(1064), refused(1243)])))).toEqual([['ok', [READ]]])
    const bare = Buffer.concat([command(22, 'SELECT balance FROM accounts WHERE id = 7'), execute(last, [])])
    const shown = Buffer.concat([prepared(3, 1, 0), rows(['balance'], [], within)])
    expect(completions([begin, [bare, shown], commit])).toEqual([['ok', [['r', 'accounts/7/balance', null]]]])
  })

  test('a MariaDB transaction includes a statement with one parameter, prepared and executed in one message', () => {
    const asked = [command(22, 'UPDATE accounts SET balance = 90 WHERE id = ?'), execute(0xff_ff_ff_ff, ['7'])]
    const answered = Buffer.concat([prepared(3, 0, 1), found(1, 1, WITHIN)])
    expect(completions([begin, [Buffer.concat(asked), answered], commit])).toEqual([['ok', [WRITE]]])
  })

  test('each execution of a prepared statement is recorded; without types, it uses the types of the first execution', () => {
    const first = execute(3, ['90', '7'])
    // The same execution without types, and with the flag that says so.
    const untyped = Buffer.concat([first.subarray(4, 15), Buffer.from([0]), first.subarray(20)])
    const turns: Turn[] = [
      [command(22, 'UPDATE accounts SET balance = ? WHERE id = ?'), prepared(3, 0, 2)],
      begin,
      [first, found(1, 1, WITHIN)],
      commit,
      begin,
      [packetOf({ sequence: 0, payload: untyped }), found(1, 1, WITHIN)],
      commit,
    ]
    expect(completions(turns)).toEqual([
      ['ok', [WRITE]],
      ['ok', [WRITE]],
    ])
  })

  test.each([
    ['BEGIN', 'COMMIT', 'ok'],
    ['START TRANSACTION WITH CONSISTENT SNAPSHOT', 'COMMIT', 'ok'],
    ['BEGIN', 'ROLLBACK', 'fail'],
  ])('a MySQL transaction can begin and end with prepared statements: %s, %s', (first, last, type) => {
    const turns = (sql: string, id: number, answer: Buffer): Turn[] => [
      [command(22, sql), prepared(id, 0, 0)],
      [execute(id, []), answer],
    ]
    const all = [...turns(first, 3, ok(within)), update(), ...turns(last, 4, ok())]
    expect(completions(all)).toEqual([[type, type === 'ok' ? [WRITE] : expect.any(String)]])
  })

  test('a MySQL transaction is not understood if a statement is executed again before its first reply', () => {
    const execution = execute(0xff_ff_ff_ff, ['90', '7'])
    const asked = Buffer.concat([command(22, 'UPDATE accounts SET balance = ? WHERE id = ?'), execution, execution])
    expect(doubts([begin, [asked]])).toContainEqual([
      'all',
      'a connection of MySQL that sends a command before the previous one is answered (turn its pipelining off)',
    ])
  })

  test('with AUTOCOMMIT on, each MySQL statement is a transaction; with it off, a transaction lasts until COMMIT', () => {
    expect(completions([update(AUTOCOMMIT), update(AUTOCOMMIT)])).toHaveLength(2)
    const off = { status: 0 }
    const inside = IN_TRANSACTION
    const turns: Turn[] = [
      [query('SELECT 1'), rows(['1'], [['1']], off)],
      [select[0], rows(['balance'], [['100']], { status: inside })],
      update(inside),
      [query('COMMIT'), ok(off)],
    ]
    expect(completions(turns, off)).toEqual([['ok', [READ, WRITE]]])
  })

  test('a MySQL transaction is committed by a statement that causes an implicit commit', () => {
    for (const sql of ['BEGIN', 'CREATE TABLE other (id int)', 'LOCK TABLES other READ']) {
      const status = sql === 'BEGIN' ? WITHIN : AUTOCOMMIT
      expect(completions([begin, update(), [query(sql), ok({ status })]])).toEqual([['ok', [WRITE]]])
    }
  })

  test('a MySQL transaction is not committed by a statement on a temporary table', () => {
    for (const sql of [
      'CREATE TEMPORARY TABLE other (id int)',
      'CREATE OR REPLACE TEMPORARY TABLE other (id int)',
      'DROP TEMPORARY TABLE other',
      'UNLOCK TABLES',
      'ANALYZE SELECT 1',
    ]) {
      const turns: Turn[] = [begin, update(), [query(sql), ok(within)], [query('ROLLBACK'), ok()]]
      expect(completions(turns)).toMatchObject([['fail', expect.any(String)]])
    }
  })

  test('a MySQL transaction fails if a statement deadlocks, and does not include the statements after the deadlock', () => {
    const turns: Turn[] = [
      begin,
      update(),
      [query('UPDATE accounts SET balance = 1 WHERE id = 8'), refused(1213, 'Deadlock found')],
      update(AUTOCOMMIT),
    ]
    expect(completions(turns)).toEqual([
      ['fail', '1213 Deadlock found'],
      ['ok', [WRITE]],
    ])
  })

  test.each([
    ...[1048, 1054, 1062, 1064, 1136, 1146, 1243, 1264, 1292, 1364, 1365, 1366, 1406, 1451, 1452, 1690, 3819, 4025],
  ])('a MySQL transaction continues after the error %i, and omits the statement that failed', (code) => {
    const refusal: Turn = [query('INSERT INTO accounts (id, balance) VALUES (7, 1)'), refused(code)]
    expect(completions([begin, update(), refusal, commit])).toEqual([['ok', [WRITE]]])
  })

  test('a MySQL transaction has an unknown outcome after an error that may have rolled it back', () => {
    const turns: Turn[] = [
      begin,
      update(),
      [query('UPDATE accounts SET balance = 1 WHERE id = 8'), refused(1205)],
      commit,
    ]
    expect(completions(turns)).toMatchObject([['info', expect.stringContaining('1205 why')]])
  })

  test('a transaction has an unknown outcome if COMMIT gets no clear reply, or if the server ends it without a request', () => {
    expect(completions([begin, update(), [query('COMMIT')]])).toMatchObject([['info', expect.any(String)]])
    const unasked: Turn = [command(14), ok()]
    expect(completions([begin, update(), unasked])).toMatchObject([['info', expect.any(String)]])
    const savepoint: Turn = [query('SAVEPOINT s'), ok(within)]
    expect(completions([begin, savepoint, update(), unasked])).toMatchObject([['info', expect.any(String)]])
    expect(completions([begin, update(), [query('COMMIT'), refused(1180)]])).toMatchObject([['info', '1180 why']])
  })

  test('a MySQL transaction fails if rolled back, and omits the statements that ROLLBACK TO undoes', () => {
    expect(completions([begin, update(), [query('ROLLBACK'), ok()]])).toMatchObject([['fail', expect.any(String)]])
    const turns: Turn[] = [
      begin,
      [query('SAVEPOINT s'), ok(within)],
      update(),
      [query('ROLLBACK TO SAVEPOINT s'), ok(within)],
      select,
      commit,
    ]
    expect(completions(turns)).toEqual([['ok', [READ]]])
    // With autocommit off, a SAVEPOINT statement may begin a transaction. The reply of the server does not show that
    // the transaction has begun.
    const off = [turns[1]![0], ok({ status: 0 })] as const
    expect(completions([off, ...turns.slice(2)], { status: 0 })).toEqual([['ok', [READ]]])
  })

  test.each<readonly [string, string]>([
    ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'serializable'],
    ['SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', 'read committed of InnoDB'],
    ["SET SESSION transaction_isolation = 'READ-UNCOMMITTED'", 'read uncommitted of InnoDB'],
    ['SET GLOBAL TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'repeatable read of InnoDB'],
  ])('a MySQL transaction is recorded after %s at the level %s', (sql, level) => {
    const events = recorded([[query(sql), ok()], begin, select, commit])
    expect(events.at(-1)).toMatchObject({ isolation: level })
  })

  test('a session reset fails a MySQL transaction; START TRANSACTION WITH CONSISTENT SNAPSHOT starts one', () => {
    expect(completions([begin, update(), [command(31), ok()]])).toMatchObject([['fail', expect.any(String)]])
    const snapshot: Turn = [query('START TRANSACTION WITH CONSISTENT SNAPSHOT'), ok(within)]
    expect(completions([snapshot, select, update(), commit])).toEqual([['ok', [READ, WRITE]]])
    const turns: Turn[] = [begin, update(), snapshot, select, commit]
    expect(completions(turns)).toEqual([
      ['ok', [WRITE]],
      ['ok', [READ]],
    ])
  })

  test('SET autocommit = 1 commits a MySQL transaction; a refused implicit commit leaves its outcome unknown', () => {
    const inside = { status: IN_TRANSACTION }
    const turns = (sql: string, answer: Buffer): Turn[] => [
      [update()[0], found(1, 1, IN_TRANSACTION)],
      [query(sql), answer],
    ]
    const off = { status: 0 }
    expect(completions(turns('SET autocommit = 1', ok()), off)).toEqual([['ok', [WRITE]]])
    expect(completions(turns('SET autocommit = 0', ok(inside)), off)).toMatchObject([])
    expect(completions([begin, update(), [query('CREATE TABLE t (id int)'), refused(1050)]])).toMatchObject([
      ['info', expect.any(String)],
    ])
  })

  test.each<readonly [string, readonly Turn[], string]>([
    ['a statement that needs no transaction', [[query('SET NAMES utf8mb4'), ok()]], 'serializable'],
    ['a statement of its own', [update(AUTOCOMMIT)], 'repeatable read of InnoDB'],
  ])(
    'a transaction after SET TRANSACTION ISOLATION LEVEL SERIALIZABLE and %s is recorded at the right level',
    (_, turns, level) => {
      const once: Turn = [query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE'), ok()]
      expect(recorded([once, ...turns, begin, select, commit]).at(-1)).toMatchObject({ isolation: level })
    },
  )

  test.each([
    ['SET NAMES utf8mb4', ok()],
    ["SHOW VARIABLES LIKE 'isolation'", rows(['Variable_name', 'Value'], [])],
  ])('a MySQL transaction has the isolation level of the session after %s', (sql, answer) => {
    const session: Turn = [query('SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE'), ok()]
    for (const turns of [[begin, select, commit], [update(AUTOCOMMIT)]])
      expect(recorded([session, [query(sql), answer], ...turns]).at(-1)).toMatchObject({ isolation: 'serializable' })
  })

  test('SET TRANSACTION sets the level of one transaction; a reset of the session restores the default level', () => {
    const once: Turn = [query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE'), ok()]
    const session: Turn = [query('SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE'), ok()]
    for (const turns of [
      [once, begin, commit, begin, select, commit],
      [session, [command(31), ok()], begin, select, commit],
    ])
      expect(recorded(turns as Turn[]).at(-1)).toMatchObject({ isolation: 'repeatable read of InnoDB' })
  })
})

describe('a MySQL statement', () => {
  test.each<readonly [string, Buffer, Json]>([
    ['UPDATE accounts SET balance = 90 WHERE id = 7', found(1, 0), [WRITE]],
    ['UPDATE accounts SET balance = 90 WHERE id = 7', found(0, 0), [['r', 'accounts/7/balance', null]]],
    ['UPDATE accounts SET balance = balance + 1 WHERE id = 7', found(1, 1), [['add', 'accounts/7/balance', 1]]],
    // The second assignment reads the value that the first one wrote.
    [
      'UPDATE accounts SET balance = balance + 1, balance = balance + 1 WHERE id = 7',
      found(1, 1),
      [['w', 'accounts/7/balance']],
    ],
    ['INSERT INTO accounts (balance) VALUES (5)', ok({ affected: 1, insertId: 9 }), [['w', 'accounts/9/balance', 5]]],
    [
      'INSERT INTO accounts (id, balance) VALUES (NULL, 5)',
      ok({ affected: 1, insertId: 9 }),
      [['w', 'accounts/9/balance', 5]],
    ],
    [
      'INSERT INTO `Accounts` (`Id`, balance) VALUES (7, 90), (8, 1)',
      ok({ affected: 2 }),
      [WRITE, ['w', 'accounts/8/balance', 1]],
    ],
    [
      'INSERT INTO accounts (id, balance) VALUES (0, 5)',
      ok({ affected: 1, insertId: 9 }),
      [['w', 'accounts/9/balance', 5]],
    ],
    ['INSERT INTO accounts (balance) VALUES (5)', ok({ affected: 1, insertId: 1 }), [['w', 'accounts/1/balance', 5]]],
    // The insert id 9 belongs to another column.
    ['INSERT INTO accounts (id, balance) VALUES (7, 90)', ok({ affected: 1, insertId: 9 }), [WRITE]],
    ['INSERT INTO accounts (balance) VALUES (90) RETURNING 1, id', rows(['1', 'id'], [['1', '7']]), [WRITE]],
    ['DELETE FROM accounts WHERE id = 7', ok({ affected: 1 }), [['w', 'accounts/7/balance', null]]],
    ['SELECT balance FROM accounts WHERE id = 7', rows(['balance'], [[null]]), [['r', 'accounts/7/balance', null]]],
    ['SELECT SQL_NO_CACHE balance FROM accounts WHERE id = 7 LOCK IN SHARE MODE', rows(['balance'], [['100']]), [READ]],
    ['SELECT * FROM accounts WHERE id = 7 -- why\n', rows(['ID', 'Balance'], [['7', '100']]), [READ]],
    ["/* a */ SELECT balance FROM accounts WHERE id = '7' # b", rows(['balance'], [['100']]), [READ]],
    [
      "UPDATE accounts SET balance = 'it\\'s ''so''' WHERE id = 7",
      found(1, 1),
      [['w', 'accounts/7/balance', "it's 'so'"]],
    ],
    ["UPDATE accounts SET balance = '1.0' WHERE id = 7", found(1, 1), [['w', 'accounts/7/balance']]],
    // A collation compares texts.
    [
      'UPDATE accounts SET balance = 90 WHERE id = 7 AND balance = 4',
      found(1, 1),
      [['r', 'accounts/7/balance'], WRITE],
    ],
    [
      'UPDATE prices SET price = 2 WHERE id = 7 AND price = 1.0',
      found(1, 1),
      [
        ['r', 'prices/7/price', 1],
        ['w', 'prices/7/price', 2],
      ],
    ],
    ['UPDATE prices SET price = 1.50 WHERE id = 7', found(1, 1), [['w', 'prices/7/price', '1.5']]],
    ['UPDATE accounts SET balance = TRUE WHERE id = 7', found(1, 1), [['w', 'accounts/7/balance', 1]]],
  ])('a MySQL statement is recorded as an operation: %s', (sql, answer, value) => {
    expect(completions([[query(sql), answer]])).toEqual([['ok', value]])
  })

  test.each<readonly [string, Buffer]>([
    ['INSERT INTO accounts (id, balance) VALUES (7, 1) ON DUPLICATE KEY UPDATE balance = 1', ok({ affected: 1 })],
    ['REPLACE INTO accounts (id, balance) VALUES (7, 1)', ok({ affected: 1 })],
    ['INSERT IGNORE INTO accounts (id, balance) VALUES (7, 1)', ok({ affected: 1 })],
    ['UPDATE accounts JOIN prices ON prices.id = accounts.id SET balance = 1', found(1, 1)],
    ['UPDATE accounts SET balance = 1 WHERE balance > 1', found(1, 1)],
    ["UPDATE accounts SET balance = 1 WHERE id = 'Abc'", found(1, 1)],
    ['UPDATE accounts SET balance = 1 ORDER BY id LIMIT 1', found(1, 1)],
    ['/*!40000 UPDATE accounts SET balance = 1 */', found(1, 1)],
    ['INSERT INTO accounts VALUES (NULL, 5)', ok({ affected: 1, insertId: 9 })],
    ['INSERT INTO accounts (balance) VALUES (5)', ok({ affected: 1 })],
    ['INSERT INTO accounts (balance) VALUES (5) RETURNING balance', rows(['balance'], [['5']])],
    ['SELECT id, balance FROM accounts WHERE balance > 1', rows(['id', 'balance'], [['Abc', '1']])],
    ['SELECT id, balance FROM accounts WHERE balance > 1', rows(['id', 'balance'], [[null, '1']])],
    ['CALL pay(7)', ok()],
    ['SET @a = pay(7)', ok()],
    ['SET @a = (SELECT balance FROM accounts WHERE id = 7)', ok()],
    ['SELECT pay(7)', rows(['pay(7)'], [['1']])],
    ["LOAD DATA INFILE 'f' INTO TABLE accounts", ok({ affected: 1 })],
    ['SET STATEMENT max_statement_time = 1 FOR UPDATE accounts SET balance = 1 WHERE id = 7', found(1, 1)],
    ["BINLOG 'AAAA'", ok()],
    ['CREATE OR REPLACE TABLE accounts (id int, balance int)', ok()],
    ['CREATE TEMPORARY TABLE accounts (id int, balance int)', ok()],
    ['CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO UPDATE accounts SET balance = 1', ok()],
    ['DROP DATABASE test', ok()],
    ['TRUNCATE accounts', ok()],
    [
      'UPDATE accounts SET balance = 1 WHERE id = 7',
      ok({ affected: 1, warnings: 1, info: 'Rows matched: 1  Changed: 1  Warnings: 1' }),
    ],
  ])('a MySQL statement is reported as not understood: %s', (sql, answer) => {
    expect(doubts([[query(sql), answer]])).not.toEqual([])
  })

  test.each(['SET @a = 7', 'SET NAMES utf8mb4', 'USE test', 'SET SQL_SELECT_LIMIT=DEFAULT'])(
    'a MySQL statement is understood even if it accesses no rows: %s',
    (sql) => {
      expect(doubts([[query(sql), ok()]])).toEqual([])
    },
  )

  test.each<readonly [string, readonly Turn[]]>([
    ['several statements in one text', [[query('SELECT 1; SELECT 2'), rows(['1'], [['1']], { status: MORE })]]],
    ['XA', [[query("XA START 'a'"), ok()]]],
    ['COMMIT AND CHAIN', [begin, [query('COMMIT AND CHAIN'), ok(within)]]],
    ['ANSI_QUOTES', [[query('UPDATE "accounts" SET balance = 1'), found(1, 1)]]],
    ['NO_BACKSLASH_ESCAPES', [[query('SELECT 1'), rows(['1'], [['1']], { status: AUTOCOMMIT | 512 })]]],
    ['before the previous one is answered', [[Buffer.concat([query('SELECT 1'), query('SELECT 2')])]]],
    ['before the previous one is answered', [[Buffer.concat([query('SELECT 1'), execute(0xff_ff_ff_ff, [])])]]],
    ['before the previous one is answered', [[command(4, 'accounts\0'), rows(['balance'], []).subarray(5, 60)]]],
    [
      'LOAD DATA LOCAL',
      [[query("LOAD DATA LOCAL INFILE 'f' INTO TABLE accounts"), Buffer.from([2, 0, 0, 1, 0xfb, 0x66])]],
    ],
    ['no statement began', [[query('CALL begin_it()'), ok(within)]]],
    ['the command 17', [[command(17, 'tester'), ok()]]],
    ['a statement prepared before', [[execute(9, [])]]],
    [
      'cursors of prepared statements',
      [[command(22, 'SELECT 1'), prepared(3, 0, 0)], [command(23, Buffer.from([3, 0, 0, 0, 1, 1, 0, 0, 0]))]],
    ],
    [
      'in which chaos and the server count different numbers of parameters',
      [[Buffer.concat([command(22, 'SELECT 1'), execute(0xff_ff_ff_ff, [])]), prepared(3, 0, 2)]],
    ],
    ['ROLLBACK TO a savepoint that no statement made', [begin, [query('ROLLBACK TO SAVEPOINT s'), ok(within)]]],
    [
      'ROLLBACK TO a savepoint that no statement made',
      [begin, [query('SAVEPOINT s'), ok(within)], [query('ROLLBACK TO SAVEPOINT t'), ok(within)]],
    ],
    [
      'a refused ROLLBACK TO',
      [begin, [query('SAVEPOINT s'), ok(within)], [query('ROLLBACK TO SAVEPOINT s'), refused(1305)]],
    ],
    ['a refused START TRANSACTION', [[query('START TRANSACTION WITH CONSISTENT SNAPSHOT'), refused(1305)]]],
    ['whose ROLLBACK was refused', [begin, [query('ROLLBACK'), refused(1305)]]],
    [
      'does not say how many rows it found',
      [[query('UPDATE accounts SET balance = 1 WHERE id = 7'), ok({ affected: 1, info: 'Zeilen' })]],
    ],
    ['XA', [[query('BEGIN NOT ATOMIC SELECT 1'), ok()]]],
    ['SQL_SELECT_LIMIT', [[query('SET SQL_SELECT_LIMIT=1'), ok()]]],
    ['SQL_SELECT_LIMIT', [[query('SET @@session.sql_select_limit := 100'), ok()]]],
  ])('a MySQL statement ends the recording of its connection with the reason: %s', (name, turns) => {
    expect(JSON.stringify(doubts([...turns, [query('SELECT 1')]]))).toContain(name)
  })

  test('a MySQL statement after a USE of another database makes all rows unknown', () => {
    const turns = (database: string): Turn[] => [...[begin, select, commit], [query(`USE ${database}`), ok()]]
    const doubtful = ['accounts/*/balance', 'SELECT balance FROM accounts WHERE id = ?']
    expect(doubts([...turns('`TEST`'), begin, select, commit])).toEqual([])
    expect(doubts([...turns('shop')])).toEqual([])
    expect(doubts([...turns('shop'), begin, select, commit])).toContainEqual(doubtful)
    const inited: Turn = [command(2, 'shop'), ok()]
    expect(doubts([begin, select, commit, inited, begin, select, commit])).toContainEqual(doubtful)
  })

  test('a MySQL statement is recorded even after commands with other kinds of replies, or without a reply', () => {
    const text = packetOf({ sequence: 1, payload: Buffer.from('Uptime: 1') })
    const fields = rows(['balance'], [])
    // The same packets, but without the column count and the end of the rows.
    const listed = fields.subarray(5, fields.length - 9)
    const turns: Turn[] = [
      ...([
        [command(9), text],
        [command(27, Buffer.from([0, 0])), packetOf({ sequence: 1, payload: Buffer.from([0xfe, 0, 0, 2, 0]) })],
      ] as const),
      [command(4, 'accounts\0'), listed],
      [command(4, 'accounts\0'), refused(1146)],
      [command(14), ok()],
      [command(22, 'SELECT 1'), prepared(3, 0, 0)],
      [command(25, Buffer.from([3, 0, 0, 0]))],
      ...[begin, select, commit],
    ]
    expect(doubts(turns)).toEqual([])
    expect(completions(turns)).toEqual([['ok', [READ]]])
    expect(completions([...turns, [command(1)]])).toEqual([['ok', [READ]]])
    expect(JSON.stringify(doubts([...turns, [execute(3, [])]]))).toContain('a statement prepared before')
  })

  test('a MySQL statement is recorded even after a prepared statement whose parameters the recorder cannot count', () => {
    const unread = command(22, 'SELECT 1 /*!, 2 */')
    const told = Buffer.concat([prepared(3, 1, 0), rows(['1', '2'], [])])
    const turns: Turn[] = [
      [command(22, 'SELECT 1 /*!, ? */'), prepared(4, 1, 1)],
      [execute(4, ['7']), rows(['1', '7'], [])],
      [Buffer.concat([unread, execute(0xff_ff_ff_ff, [])]), told],
      ...[begin, select, commit],
    ]
    const doubt = ['all', 'a statement that cannot be read']
    expect(doubts(turns)).toEqual([doubt, doubt])
    expect(completions(turns)).toEqual([['ok', [READ]]])
  })

  test('a MySQL write is recorded without a value if the value was sent in a separate command', () => {
    const sent = Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 0]), Buffer.from('90')])
    const turns: Turn[] = [
      [command(22, 'UPDATE accounts SET balance = ? WHERE id = 7'), prepared(3, 0, 1)],
      [command(24, sent)],
      begin,
    ]
    const [, apart] = execute(3, ['90']).toString('latin1').split('\x02')
    const bare = Buffer.from(execute(3, ['90']))
    expect(apart).toBeDefined()
    const executed = packetOf({ sequence: 0, payload: bare.subarray(4, bare.length - 3) })
    const apartOnce: Turn[] = [...turns, [executed, found(1, 1, WITHIN)], commit]
    expect(completions(apartOnce)).toEqual([['ok', [['w', 'accounts/7/balance']]]])
    expect(completions([...apartOnce, begin, [bare, found(1, 1, WITHIN)], commit])).toEqual([
      ['ok', [['w', 'accounts/7/balance']]],
      ['ok', [WRITE]],
    ])
  })

  test('a MySQL statement is recorded with the binary rows of its reply, and omitted if the rows end with an error', () => {
    const binary = (values: number[]) => {
      const whole = rows(['balance'], [['x']], within)
      const at = whole.length - 9 - 6
      return Buffer.concat([
        whole.subarray(0, at),
        packetOf({ sequence: 4, payload: Buffer.from(values) }),
        whole.subarray(at + 6),
      ])
    }
    const ask: Turn = [command(22, 'SELECT balance FROM accounts WHERE id = ?'), prepared(3, 1, 1)]
    expect(completions([ask, begin, [execute(3, ['7']), binary([0, 0, 100, 0, 0, 0])], commit])).toEqual([
      ['ok', [READ]],
    ])
    const cut = rows(['balance'], [], within).subarray(0, -9)
    expect(completions([begin, [select[0], Buffer.concat([cut, refused(1317)])], commit])).toEqual([])
  })

  test('a MySQL statement with several results is recorded by its first result', () => {
    const several = Buffer.concat([
      rows(['balance'], [['100']], { status: WITHIN | MORE }),
      rows(['x'], [['1']], within),
    ])
    expect(completions([begin, [select[0], several], commit])).toEqual([['ok', [READ]]])
  })

  test('the recorded result of a MySQL statement omits floats and enumerations', () => {
    for (const type of [4, 5, 7, 12])
      expect(completions([[select[0], rows(['balance'], [['100']], { type })]])).toEqual([['ok', []]])
  })
})

// The packets follow https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html.
describe('a login to MySQL 8', () => {
  const greets = greeting(AUTOCOMMIT, { version: '8.4.6', plugin: 'caching_sha2_password' })
  const packet = (sequence: number, ...parts: readonly (string | Buffer | readonly number[])[]): Buffer =>
    packetOf({ sequence, payload: Buffer.concat(parts.map((part) => Buffer.from(part as Buffer))) })
  const proof = (sequence: number, bytes: number): Buffer => packet(sequence, Buffer.alloc(bytes, 0xab))
  const done = (sequence: number): Buffer => ok({ sequence, changed: ['autocommit', 'ON'] })
  const KEY = '-----BEGIN PUBLIC KEY-----\nMIIBIjANBg\n-----END PUBLIC KEY-----\n'
  const switched = packet(2, [0xfe], 'mysql_native_password\0', SCRAMBLE, [0])

  test.each<readonly [string, readonly LoginStep[]]>([
    ['by a proof that the server has cached', [{ answered: packet(2, [1, 3]) }, { answered: done(3) }]],
    [
      "by a password that the server's key encrypts",
      [
        { answered: packet(2, [1, 4]) },
        { asked: packet(3, [2]), answered: packet(4, [1], KEY) },
        { asked: proof(5, 256), answered: done(6) },
      ],
    ],
    ['by another method', [{ answered: switched }, { asked: proof(3, 20), answered: done(4) }]],
    [
      'by another method, without a password',
      [
        { answered: packet(2, [0xfe], 'caching_sha2_password\0', SCRAMBLE, [0]) },
        { asked: packet(3), answered: done(4) },
      ],
    ],
    [
      'by three factors',
      [
        { answered: packet(2, [1, 3]) },
        { answered: packet(3, [2], 'mysql_native_password\0', SCRAMBLE, [0]) },
        { asked: proof(4, 20), answered: packet(5, [2], 'caching_sha2_password\0', SCRAMBLE, [0]) },
        { asked: proof(6, 32), answered: packet(7, [1, 3]) },
        { answered: done(8) },
      ],
    ],
  ])('a login to MySQL 8 that is authenticated %s ends with the OK packet of the server', (_, steps) => {
    const transaction: Turn[] = [begin, select, update(), commit]
    for (const part of [1e6, 1]) {
      expect(completions(transaction, { greets, steps, part })).toEqual([['ok', [READ, WRITE]]])
      expect(doubts(transaction, { greets, steps, part })).toEqual([])
    }
  })

  test('a login to MySQL 8 is reported as unreadable if it is encrypted, or if the client speaks first', () => {
    const tls = login('a').subarray(0, 36)
    tls.writeUIntLE(32, 0, 3)
    tls.writeUInt32LE(0xa00, 4)
    expect(JSON.stringify(doubts([], { greets: Buffer.alloc(0), steps: [] }))).toContain('whose client speaks first')
    const { client, now, connection } = recording()
    const { commands } = parseMysqlSettings({ tables }, 'a test')
    const conversation = postgresqlConversation({
      ...{
        connection,
        now,
        commands: { ...commands, dialect: mysqlDialect },
        maxMessageBytes: 1000,
        overwrites: new Overwrites(),
      },
      ...{ naming: { kind: 'said' }, speech: mysqlSpeech },
    })
    conversation.answered(greeting())
    conversation.requested(tls, now())
    expect(client.lines.join()).toContain('an encrypted connection of MySQL (connect to the proxy without TLS)')
  })

  test('a login to MySQL is not understood if the server does not speak protocol 10', () => {
    const old = Buffer.from(greeting())
    old[4] = 9
    expect(JSON.stringify(doubts([], { greets: old, steps: [], isRefused: true }))).toContain('does not speak MySQL')
  })

  test('a login to MySQL that the server refuses leaves no event in the record', () => {
    const steps = [{ answered: packet(2, [1, 4]) }, { asked: packet(3, [2]), answered: refused(1045) }]
    expect(recorded([], { greets, steps })).toEqual([])
    expect(recorded([], { greets: refused(1040), steps: [], isRefused: true })).toEqual([])
  })

  test('after a MySQL login, the recorder reads replies that report changes of the session', () => {
    const changed = ['character_set_client', 'utf8mb4'] as const
    const info = 'Rows matched: 1  Changed: 0  Warnings: 0'
    const said = ok({ affected: 0, status: WITHIN, info, changed })
    const turns: Turn[] = [begin, [query('UPDATE accounts SET balance = 90 WHERE id = 7'), said], commit]
    expect(completions(turns, { greets, steps: [{ answered: done(2) }] })).toEqual([['ok', [WRITE]]])
  })
})

test('arbitrary bytes on a MySQL connection are not understood, and do not make the recorder throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ maxLength: 80 }), (asked, answered) => {
      recorded([[Buffer.from(asked), Buffer.from(answered)], update(AUTOCOMMIT)])
    }),
  )
})

describe('the settings of MySQL', () => {
  const accounts = { values: ['balance'] }
  test('parseMysqlSettings makes table names lower-case, and uses the default level of InnoDB, repeatable read', () => {
    const { commands } = parseMysqlSettings(
      { tables: { Accounts: accounts }, indirect: { Owners: { delete: ['ACCOUNTS'] } } },
      '--as',
    )
    expect([...(commands.tables?.keys() ?? [])]).toEqual(['accounts'])
    expect(commands.tables?.get('accounts')).toMatchObject({ converts: true, key: 'id' })
    expect([...(commands.indirect ?? [])]).toEqual([['owners', { delete: ['accounts'] }]])
    expect(commands.isolation).toBe('repeatable read of InnoDB')
    const level = (isolation: string) =>
      parseMysqlSettings({ tables: { a: accounts }, isolation }, '--as').commands.isolation
    expect([level('serializable'), level('read committed')]).toEqual(['serializable', 'read committed of InnoDB'])
  })

  test.each<readonly [object, string]>([
    [{}, '--as: MySQL is recorded by whole transactions. Name the tables'],
    [{ tables: { A: accounts, a: accounts } }, '--as: the table a is given twice. Names are compared in lower case.'],
    [{ tables: { a: accounts }, client: 'x' }, '--as: "client" is "x". Give peer.process'],
    [{ tables: { a: 7 } }, '--as, table "a" is 7. Give'],
    [{ tables: { a: { ...accounts, type: 'x' } } }, '--as, table "a": unknown member "type". Known: key, values.'],
  ])('are refused: %j', (given, message) => {
    expect(() => parseMysqlSettings({ ...given }, '--as')).toThrow(message)
  })
})
