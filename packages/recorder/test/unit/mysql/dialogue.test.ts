import { nanos } from '@chaosproxy/history'
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
  ok,
  prepared,
  query,
  refused,
  rows,
} from '../../../../wire/test/mysql/server-packets.ts'
import { mysqlSpeech } from '../../../src/mysql/dialogue.ts'
import { parseMysqlSettings } from '../../../src/mysql/settings.ts'
import { mysqlDialect } from '../../../src/mysql/statement.ts'

// Translates dialogues of MySQL into messages of PostgreSQL, one message at a time.

type Step = readonly [from: 'client' | 'server', packets: Buffer]

const client = (packets: Buffer): Step => ['client', packets]
const server = (packets: Buffer): Step => ['server', packets]
const WITHIN = AUTOCOMMIT | IN_TRANSACTION
const ANSI_QUOTES = 0x8000
const FOUND_ROWS = 2

function* packetsOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUIntLE(at, 3)
    yield bytes.subarray(at, end)
    at = end
  }
}

/** Returns the calls that the dialogue makes during the last step, each as a short text. */
function saidAtLast(steps: readonly Step[]): readonly string[] {
  const said: string[] = []
  const { commands } = parseMysqlSettings({ tables: { accounts: { values: ['balance'] } } }, 'a test')
  const dialogue = mysqlSpeech.open({
    asks: (message) => said.push(`asks ${message.kind}${'sql' in message ? ` ${message.sql}` : ''}`),
    answers: (message) =>
      said.push(
        `answers ${message.kind}${'tag' in message ? ` ${message.tag}` : 'status' in message ? ` ${message.status}` : ''}`,
      ),
    lost: (what) => said.push(`lost ${what}`),
    now: () => nanos(0),
    commands: { ...commands, dialect: mysqlDialect },
  })
  for (const [from, packets] of steps) {
    said.length = 0
    for (const packet of packetsOf(packets)) from === 'client' ? dialogue.requested(packet) : dialogue.answered(packet)
  }
  return said
}

const GREETED: readonly Step[] = [server(greeting())]
const CONNECTED: readonly Step[] = [...GREETED, client(login('a')), server(ok())]
const READ = 'SELECT balance FROM accounts WHERE id = 7'
const WRITE = 'UPDATE accounts SET balance = ? WHERE id = ?'
const asked = (sql: string, answer: Buffer): readonly Step[] => [client(query(sql)), server(answer)]
const begun = asked('BEGIN', ok({ status: WITHIN }))
/** Returns the request for TLS, which begins a login. */
const tls = (): Buffer => {
  const bytes = Buffer.from(login('a').subarray(0, 36))
  bytes.writeUIntLE(32, 0, 3)
  bytes.writeUInt32LE(0xa00, 4)
  return bytes
}
const withCursor = (): Buffer => {
  const bytes = Buffer.from(execute(3, ['90', '7']))
  bytes[9] = 1
  return bytes
}
const firstOf = (packets: Buffer): Buffer => packets.subarray(0, 4 + packets.readUIntLE(0, 3))
/** The packet that defines a column in the answer to a prepared statement. */
const definition = Buffer.concat([...packetsOf(rows(['balance'], []))].slice(1, 2))
const localFile = Buffer.from([2, 0, 0, 1, 0xfb, 0x66])

describe('a MySQL connection that cannot be read any further', () => {
  test.each<readonly [string, readonly Step[]]>([
    ['whose client speaks first', [client(query('SELECT 1'))]],
    ['an encrypted connection', [...GREETED, client(tls())]],
    [
      'sends a command before the previous one is answered',
      [...CONNECTED, client(query(READ)), client(query('COMMIT'))],
    ],
    [
      'sends a command before the previous one is answered',
      [...CONNECTED, client(command(22, WRITE)), client(execute(3, ['90', '7']))],
    ],
    [
      'sends a command before the previous one is answered',
      [...CONNECTED, client(command(4, 'a\0')), server(definition), client(query(READ))],
    ],
    ['the command 0', [...CONNECTED, client(command(0))]],
    ['a statement prepared before', [...CONNECTED, client(execute(3, ['90', '7']))]],
    ['cursors', [...CONNECTED, client(command(22, WRITE)), server(prepared(3, 0, 2)), client(withCursor())]],
    ['a table in double quotes', [...CONNECTED, client(query('SELECT balance FROM "accounts"'))]],
    ['LOAD DATA LOCAL', [...CONNECTED, ...asked("LOAD DATA LOCAL INFILE 'f' INTO TABLE accounts", localFile)]],
    [
      'chaos and the server count different numbers of parameters',
      [
        ...CONNECTED,
        client(Buffer.concat([command(22, WRITE), execute(0xff_ff_ff_ff, ['90', '7'])])),
        server(firstOf(prepared(3, 0, 1))),
      ],
    ],
    ['several statements in one text', [...CONNECTED, client(query('SELECT 1; COMMIT'))]],
    ['COMMIT AND CHAIN', [...CONNECTED, ...begun, client(query('COMMIT AND CHAIN'))]],
    ['transactions of XA', [...CONNECTED, client(query("XA START 'a'"))]],
    ['savepoint that no statement made', [...CONNECTED, ...begun, client(query('ROLLBACK TO a'))]],
    ['whose ROLLBACK was refused', [...CONNECTED, ...begun, ...asked('ROLLBACK', refused(1053))]],
    [
      'a refused ROLLBACK TO',
      [
        ...CONNECTED,
        ...begun,
        ...asked('SAVEPOINT a', ok({ status: WITHIN })),
        ...asked('ROLLBACK TO a', refused(1305)),
      ],
    ],
    [
      'a refused START TRANSACTION',
      [...CONNECTED, ...asked('START TRANSACTION WITH CONSISTENT SNAPSHOT', refused(1053))],
    ],
    [
      'does not say how many rows it found',
      [...CONNECTED, ...asked('UPDATE accounts SET balance = 9 WHERE id = 7', ok({ affected: 1 }))],
    ],
    ['no statement began', [...CONNECTED, client(command(14)), server(ok({ status: WITHIN }))]],
  ])('giving up a MySQL connection translates nothing more, and reports the reason: %s', (why, steps) => {
    expect(saidAtLast(steps)).toEqual([expect.stringMatching(`^lost .*${why}`)])
  })

  test('a MySQL connection is given up after an answer that reports ANSI_QUOTES, before the status is read', () => {
    const set = asked("SET sql_mode = 'ANSI_QUOTES'", ok({ status: WITHIN | ANSI_QUOTES }))
    expect(saidAtLast([...CONNECTED, ...set])).toEqual([
      'answers command-complete SET',
      'answers ready I',
      expect.stringMatching('^lost .*ANSI_QUOTES'),
    ])
  })
})

describe('the packets of a MySQL connection that say nothing of transactions', () => {
  const end = Buffer.from([5, 0, 0, 1, 0xfe, 0, 0, 2, 0])

  test.each<readonly [string, readonly Step[]]>([
    ['a packet of the server before the login', [...GREETED, server(ok())]],
    ['a further packet of the client in its login', [...GREETED, client(login('a')), client(command(1, 'proof'))]],
    ['a further packet of the server in the login', [...GREETED, client(login('a')), server(refused(1))]],
    ['a refused connection', [server(refused(1040))]],
    ['the end of the connection', [...CONNECTED, client(query(READ)), client(command(1))]],
    ['the end of a statement', [...CONNECTED, client(query(READ)), client(command(25, Buffer.from([3, 0, 0, 0])))]],
    ['a part of a parameter', [...CONNECTED, client(query(READ)), client(command(24, Buffer.alloc(6)))]],
    ['a preparation', [...CONNECTED, client(command(22, READ))]],
    ['a refused preparation', [...CONNECTED, client(command(22, READ)), server(refused(1064))]],
    ['an unasked answer', [...CONNECTED, server(ok())]],
    ['the statistics of the server', [...CONNECTED, client(command(9)), server(refused(1))]],
    ['a list of columns', [...CONNECTED, client(command(4, 'accounts\0')), server(Buffer.concat([definition, end]))]],
  ])('%s is translated into no PostgreSQL message', (_, steps) => {
    expect(saidAtLast(steps)).toEqual([])
  })

  test.each<readonly [string, readonly Step[]]>([
    ['a login in three steps', [...GREETED, client(login('a')), server(refused(1)), client(command(1)), server(ok())]],
    [
      'a packet of the server before the login',
      [
        ...GREETED,
        server(ok()),
        client(login('a')),
        server(packetOf({ sequence: 2, payload: Buffer.from([1, 0]) })),
        server(ok()),
      ],
    ],
    ['a ping', [...CONNECTED, client(command(14)), server(ok())]],
    ['statistics', [...CONNECTED, client(command(9)), server(refused(1))]],
    [
      'a list of columns',
      [...CONNECTED, client(command(4, 'a\0')), server(Buffer.concat([definition, definition, end]))],
    ],
    ['a refused list of columns', [...CONNECTED, client(command(4, 'a\0')), server(refused(1146))]],
    [
      'a statement without columns and parameters',
      [...CONNECTED, client(command(22, 'COMMIT')), server(prepared(3, 0, 0))],
    ],
    ['a statement with one column', [...CONNECTED, client(command(22, READ)), server(prepared(3, 1, 0))]],
    ['a statement with two parameters', [...CONNECTED, client(command(22, WRITE)), server(prepared(3, 0, 2))]],
    ['a refused preparation', [...CONNECTED, client(command(22, READ)), server(refused(1064))]],
    ['the end of a statement', [...CONNECTED, client(command(25, Buffer.from([3, 0, 0, 0])))]],
  ])('a MySQL statement is read after %s', (_, steps) => {
    expect(saidAtLast([...steps, client(query(READ))])).toEqual([`asks query ${READ}`])
  })
})

describe('a MySQL statement', () => {
  test('a MySQL login is translated into a PostgreSQL startup message, without the default client name of a tool', () => {
    const parameters: unknown[] = []
    const { commands } = parseMysqlSettings({ tables: { accounts: { values: ['balance'] } } }, 'a test')
    for (const name of ['shop', 'mysql']) {
      const dialogue = mysqlSpeech.open({
        ...{ asks: (message) => parameters.push(message), answers: () => {}, lost: () => {} },
        ...{ now: () => nanos(0), commands },
      })
      dialogue.answered(greeting())
      dialogue.requested(login(name))
    }
    const database = ['search_path', 'test']
    expect(parameters).toEqual([
      { kind: 'startup', minorVersion: 0, parameters: [['application_name', 'shop'], database] },
      { kind: 'startup', minorVersion: 0, parameters: [database] },
    ])
  })

  test.each<readonly [string, readonly Step[], readonly string[]]>([
    ['BEGIN', [client(query('BEGIN'))], ['asks query BEGIN']],
    ['the answer to BEGIN', begun, ['answers command-complete BEGIN', 'answers ready T']],
    [
      'a transaction with a snapshot',
      [client(query('START TRANSACTION WITH CONSISTENT SNAPSHOT'))],
      ['asks query BEGIN; SELECT 1'],
    ],
    [
      'the answer to a transaction with a snapshot',
      asked('START TRANSACTION WITH CONSISTENT SNAPSHOT', ok({ status: WITHIN })),
      ['answers command-complete START', 'answers command-complete SELECT 1', 'answers ready T'],
    ],
    ['COMMIT', [...begun, client(query('COMMIT'))], ['asks query COMMIT']],
    [
      'the answer to COMMIT',
      [...begun, ...asked('COMMIT', ok())],
      ['answers command-complete COMMIT', 'answers ready I'],
    ],
    ['a refused COMMIT', [...begun, ...asked('COMMIT', refused(1053))], ['answers error', 'answers ready I']],
    ['ROLLBACK', [...begun, client(query('ROLLBACK'))], ['asks query ROLLBACK']],
    ['a second BEGIN', [...begun, client(query('BEGIN'))], ['asks query COMMIT', 'asks query BEGIN']],
    [
      'a statement that commits first',
      [...begun, client(query('CREATE TABLE t (i INT)'))],
      ['asks query COMMIT', 'asks query CREATE TABLE t (i INT)'],
    ],
    ['a refused statement', [...begun, ...asked(READ, refused(1146))], ['answers error', 'answers ready T']],
    [
      'a deadlock',
      [...begun, ...asked(READ, refused(1213))],
      [
        'answers error',
        'answers ready T',
        'asks query ROLLBACK',
        'answers command-complete ROLLBACK',
        'answers ready I',
      ],
    ],
    [
      'a prepared statement',
      [client(command(22, WRITE)), server(prepared(3, 0, 2)), client(execute(3, ['90', '7']))],
      [`asks parse ${WRITE}`, 'asks bind', 'asks execute', 'asks sync'],
    ],
    [
      'a prepared COMMIT',
      [...begun, client(command(22, 'COMMIT')), server(prepared(3, 0, 0)), client(execute(3, []))],
      ['asks query COMMIT'],
    ],
    [
      'a prepared BEGIN',
      [client(command(22, 'BEGIN')), server(prepared(3, 0, 0)), client(execute(3, [])), server(ok({ status: WITHIN }))],
      ['answers command-complete BEGIN', 'answers ready T'],
    ],
    [
      'an answer with a warning',
      asked('DELETE FROM accounts WHERE id = 7', ok({ affected: 1, warnings: 1 })),
      ['answers notice', 'answers command-complete DELETE 1', 'answers ready I'],
    ],
    [
      'an answer with rows',
      asked(READ, rows(['balance'], [['100']])),
      ['answers row-description', 'answers data-row', 'answers command-complete SELECT 1', 'answers ready I'],
    ],
    [
      'an answer to INSERT with the new key',
      asked('INSERT INTO accounts (balance) VALUES (1)', ok({ affected: 1, insertId: 5 })),
      ['answers data-row', 'answers command-complete INSERT 0 1', 'answers ready I'],
    ],
    [
      'an answer to INSERT without a new key',
      asked('INSERT INTO accounts (id) VALUES (1)', ok({ affected: 1 })),
      ['answers command-complete INSERT 0 1', 'answers ready I'],
    ],
    [
      'an answer to INSERT with the first of several new keys',
      asked('INSERT INTO accounts (balance) VALUES (1), (2)', ok({ affected: 2, insertId: 5 })),
      ['answers command-complete INSERT 0 2', 'answers ready I'],
    ],
    [
      'an answer to REPLACE with a key',
      asked('DELETE FROM accounts WHERE id = 7', ok({ affected: 1, insertId: 5 })),
      ['answers command-complete DELETE 1', 'answers ready I'],
    ],
    [
      'a statement with AUTOCOMMIT off',
      [...asked('SET autocommit = 0', ok({ status: 0 })), client(query(READ))],
      ['asks query BEGIN', 'answers command-complete BEGIN', 'answers ready T', `asks query ${READ}`],
    ],
    [
      'a statement that begins no transaction with AUTOCOMMIT off',
      [...asked('SET autocommit = 0', ok({ status: 0 })), client(query('SHOW TABLES'))],
      ['asks query SHOW TABLES'],
    ],
    [
      'a reset of the connection',
      [client(command(31)), server(ok())],
      ['asks query SET SESSION transaction_isolation = DEFAULT', 'answers command-complete SET', 'answers ready I'],
    ],
    ['a refused reset of the connection', [client(command(31)), server(refused(1047))], []],
    [
      'a statement prepared before a reset',
      [
        client(command(22, WRITE)),
        server(prepared(3, 0, 2)),
        client(command(31)),
        server(ok()),
        client(execute(3, ['9', '7'])),
      ],
      ['lost a connection of MySQL with a statement prepared before'],
    ],
    [
      'an UPDATE that found a row and changed none',
      asked('UPDATE accounts SET balance = 9 WHERE id = 7', found(1, 0)),
      ['answers command-complete UPDATE 1', 'answers ready I'],
    ],
  ])('%s is translated', (_, steps, said) => {
    expect(saidAtLast([...CONNECTED, ...steps])).toEqual(said)
  })

  test('with the flag FOUND_ROWS, an UPDATE is translated with the number of its affected rows', () => {
    const steps = asked('UPDATE accounts SET balance = 9 WHERE id = 7', ok({ affected: 2 }))
    const asking = [server(greeting()), client(login('a', 0x38_a208 | FOUND_ROWS)), server(ok()), ...steps]
    expect(saidAtLast(asking)).toEqual(['answers command-complete UPDATE 2', 'answers ready I'])
  })

  test('a MySQL session is in autocommit until the server says otherwise', () => {
    expect(saidAtLast([...GREETED, client(login('a')), server(ok({ status: 0 })), client(query(READ))])).toEqual([
      'asks query BEGIN',
      'answers command-complete BEGIN',
      'answers ready T',
      `asks query ${READ}`,
    ])
  })
})

test.each<readonly [number, readonly string[]]>([
  [100_000, []],
  [100_001, ['lost a connection of MySQL with too many statements']],
])('after %i prepared statements, the dialogue of a MySQL connection reports %j', (count, said) => {
  const steps = Array.from({ length: count }, (_, i) => [client(command(22, 'COMMIT')), server(prepared(i, 0, 0))])
  expect(saidAtLast([...CONNECTED, ...steps.flat()])).toEqual(said)
})
