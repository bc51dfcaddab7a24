import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Substitution } from '../../../src/framing/statements.ts'
import { mysql } from '../../../src/mysql/mysql.ts'
import { packetIn, packetOf } from '../../../src/mysql/packet.ts'
import { statements } from '../../../src/mysql/statements.ts'
import { readAll } from '../../framing/examples.ts'
import { command, execute, MORE, ok, prepared, query, refused, rows } from '../../mysql/server-packets.ts'

const PREPARE = 22
const CLOSE = 25
const QUIT = 1
const LAST = 0xff_ff_ff_ff

const packetsOf = (bytes: Buffer) => readAll(mysql, [bytes], { direction: 'responses' }).out.map(({ bytes }) => bytes)

function readerWithStatement(number: number) {
  const reader = statements.reader()
  reader.readRequest(command(PREPARE, 'SELECT ?'))
  for (const packet of packetsOf(prepared(number, 0, 0))) reader.readReply(packet)
  return reader
}

describe('the MySQL statement reader', () => {
  test.each<readonly [string, Buffer]>([
    ['an OK', ok()],
    ['an error', refused(1064)],
    [
      'rows',
      rows(
        ['a', 'b'],
        [
          ['1', '2'],
          ['3', null],
        ],
      ),
    ],
    ['two sets of rows', Buffer.concat([rows(['a'], [['1']], { status: MORE }), rows(['a'], [])])],
    ['an OK and rows', Buffer.concat([ok({ status: MORE }), rows(['a'], [['1']])])],
  ])('the MySQL statement reader ends an exchange at the last packet of its reply: %s', (_, reply) => {
    const reader = statements.reader()
    expect(reader.readRequest(query('SELECT 1'))).toEqual({ exchange: 0, statement: 'SELECT 1' })
    expect(reader.readRequest(query('SELECT 2'))).toEqual({ exchange: 1, statement: 'SELECT 2' })
    const packets = packetsOf(reply)
    const seen = packets.map((packet) => {
      reader.readReply(packet)
      return reader.answering
    })
    expect(seen).toEqual(packets.map((_, i) => (i === packets.length - 1 ? 1 : 0)))
  })

  test('the MySQL statement reader finds a prepared statement by its number until it is closed', () => {
    const reader = statements.reader()
    const statementOf = (message: Buffer) => reader.readRequest(message).statement
    reader.readRequest(command(PREPARE, 'SELECT ?'))
    expect(reader.awaitsReply).toBe(true)
    for (const packet of packetsOf(prepared(7, 1, 1))) reader.readReply(packet)
    expect([reader.answering, reader.awaitsReply]).toEqual([1, false])
    expect([statementOf(execute(7, [])), statementOf(execute(LAST, [])), statementOf(execute(8, []))]).toEqual([
      'SELECT ?',
      'SELECT ?',
      undefined,
    ])
    reader.readRequest(command(CLOSE, Buffer.from([7, 0, 0, 0])))
    expect(statementOf(execute(7, []))).toBeUndefined()
  })

  test('a MySQL statement gets no number if the server refuses to prepare it', () => {
    const reader = statements.reader()
    reader.readRequest(command(PREPARE, 'SELECT nothing'))
    const refusal = refused(1064)
    reader.readReply(refusal)
    expect(reader.answering).toBe(1)
    // These are the error's bytes at the position where a successful reply to a prepare command has the statement's
    // number.
    const number = packetIn(refusal).payload.readUInt32LE(1)
    expect(reader.readRequest(execute(number, [])).statement).toBeUndefined()
  })

  test('the MySQL statement reader takes no statement number from the reply to a query', () => {
    const reader = statements.reader()
    reader.readRequest(query('UPDATE t SET a = 1'))
    reader.readReply(ok({ affected: 5, info: 'Rows matched: 5' }))
    expect(reader.readRequest(execute(5 | (2 << 16), [])).statement).toBeUndefined()
    expect(reader.readRequest(execute(5, [])).statement).toBeUndefined()
  })

  test.each<readonly [string, Buffer]>([
    ['a command that is no execution', command(2, Buffer.from([7, 0, 0, 0]))],
    ['an execution that is cut off', command(23, Buffer.from([7, 0, 0]))],
    ['a packet within a command', packetOf({ sequence: 1, payload: Buffer.from([23, 7, 0, 0, 0]) })],
  ])('the MySQL statement reader finds no prepared statement for %s', (_, message) => {
    const reader = readerWithStatement(7)
    expect(reader.readRequest(message).statement).toBeUndefined()
    expect(reader.readRequest(command(23, Buffer.from([7, 0, 0, 0]))).statement).toBe('SELECT ?')
  })

  test.each<readonly [string, Buffer]>([
    ['data for one of its parameters', command(24, Buffer.from([7, 0, 0, 0, 0, 0, 1]))],
    ['the close of another statement', command(CLOSE, Buffer.from([8, 0, 0, 0]))],
    ['a close that is cut off', command(CLOSE, Buffer.from([7, 0, 0]))],
  ])('the MySQL statement reader keeps a prepared statement after %s', (_, message) => {
    const reader = readerWithStatement(7)
    reader.readRequest(message)
    expect(reader.readRequest(execute(7, [])).statement).toBe('SELECT ?')
  })

  test('the MySQL statement reader takes a statement number only from the first packet of a reply', () => {
    const reader = statements.reader()
    reader.readRequest(command(PREPARE, 'SELECT 1'))
    const [first, ...others] = packetsOf(prepared(7, 1, 0))
    reader.readReply(first!)
    reader.readReply(packetOf({ sequence: 2, payload: Buffer.from([0, 9, 0, 0, 0, 0, 0, 0, 0]) }))
    reader.readReply(others[1]!)
    expect([reader.answering, reader.readRequest(execute(9, [])).statement]).toEqual([1, undefined])
    expect(reader.readRequest(execute(7, [])).statement).toBe('SELECT 1')
  })

  test('the MySQL statement reader truncates a statement to 64 KiB, and still counts it as one exchange', () => {
    const reader = statements.reader()
    expect(reader.readRequest(query('x'.repeat(0x1_0000))).statement).toHaveLength(0x1_0000)
    expect(reader.readRequest(query('x'.repeat(0x1_0001)))).toEqual({ exchange: 1, statement: 'x'.repeat(0x1_0000) })
    expect(reader.readRequest(query('SELECT 1')).exchange).toBe(2)
  })

  test('caughtUp() makes the MySQL statement reader discard pending requests', () => {
    const reader = statements.reader()
    reader.readRequest(command(PREPARE, 'SELECT ?'))
    const [first] = packetsOf(prepared(7, 1, 1))
    reader.readReply(first!)
    reader.caughtUp()
    expect([reader.answering, reader.awaitsReply]).toEqual([1, false])
    reader.readReply(ok())
    expect(reader.answering).toBe(1)
    reader.readRequest(query('SELECT 1'))
    reader.readReply(ok())
    expect(reader.answering).toBe(2)
  })

  test('the MySQL statement reader accepts any reply', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(3, 4, 9, PREPARE, 27),
        fc.array(fc.uint8Array({ maxLength: 12 })),
        (commandByte, reply) => {
          const reader = statements.reader()
          reader.readRequest(command(commandByte, 'SELECT 1'))
          for (const payload of reply) reader.readReply(packetOf({ sequence: 1, payload: Buffer.from(payload) }))
          expect(reader.answering).toBeLessThanOrEqual(1)
        },
      ),
      {
        numRuns: 300,
        examples: [
          [PREPARE, [new Uint8Array(8)]],
          [3, [new Uint8Array(4)]],
        ],
      },
    )
  })

  test('the MySQL statement reader counts each query as an exchange, but no command without a reply', () => {
    const reader = statements.reader()
    expect(reader.readRequest(command(QUIT)).exchange).toBe(0)
    expect(reader.readRequest(query('SELECT 1')).exchange).toBe(0)
    expect(reader.readRequest(query('SELECT 1')).exchange).toBe(1)
    reader.caughtUp()
    expect(reader.answering).toBe(2)
  })
})

test.each<readonly [string, number, readonly Buffer[]]>([
  ['a statement that needs neither columns nor parameters', PREPARE, packetsOf(prepared(7, 0, 0))],
  ['a statement with columns', PREPARE, packetsOf(prepared(7, 2, 0))],
  ['a statement with parameters', PREPARE, packetsOf(prepared(7, 0, 2))],
  ['statistics', 9, [packetOf({ sequence: 1, payload: Buffer.from('Uptime: 1') })]],
  ['an end', 27, [packetOf({ sequence: 1, payload: Buffer.from([0xfe, 0, 0, 2, 0]) })]],
  ['the fields of a table', 4, packetsOf(rows(['a'], [])).slice(1, 3)],
  ['an error among the rows', 3, [...packetsOf(rows(['a'], [['1']])).slice(0, 4), refused(1317)]],
  ['a file of the client', 3, [packetOf({ sequence: 1, payload: Buffer.from([0xfb, 0x66]) }), ok({ sequence: 3 })]],
  ['an OK with large numbers', 3, [largeOk(MORE), largeOk(2)]],
  ['an OK without warnings', 3, [okOf('0001', MORE), okOf('0001', 2)]],
  ['an OK with numbers of one, three, four and nine bytes', 3, [okOf('fa00', MORE), okOf('fcfffffdffffff', 2)]],
  ['an OK with numbers of nine bytes', 3, [okOf('fe0000000000010000fe0000000000010000', MORE), okOf('0000', 2)]],
  ['an OK without a status', 3, [packetOf({ sequence: 1, payload: Buffer.from([0, 0, 0, MORE]) })]],
])('a MySQL reply with %s is read to its last packet', (_, commandByte, reply) => {
  const reader = statements.reader()
  reader.readRequest(command(commandByte, 'SELECT 1'))
  const seen = reply.map((packet) => {
    reader.readReply(packet)
    return reader.answering
  })
  expect(seen).toEqual(reply.map((_, i) => (i === reply.length - 1 ? 1 : 0)))
})

/**
 * Returns an OK packet that ends with its status flags. `numbers`: the encoded numbers of affected rows and of the last
 * inserted id, in hexadecimal.
 */
function okOf(numbers: string, status: number): Buffer {
  return packetOf({
    sequence: 1,
    payload: Buffer.concat([Buffer.from(`00${numbers}`, 'hex'), Buffer.from([status, 0])]),
  })
}

/** An OK whose numbers take three, four and nine bytes. */
function largeOk(status: number): Buffer {
  const numbers = Buffer.from(`fcffff${status === MORE ? 'fdffffff' : 'fe0000000000010000'}`, 'hex')
  return packetOf({ sequence: 1, payload: Buffer.concat([Buffer.from([0]), numbers, Buffer.from([status, 0, 0, 0])]) })
}

test('the MySQL statement reader counts an unreadable request as one exchange, and ignores a reply without a request', () => {
  const reader = statements.reader()
  reader.readReply(ok())
  expect(reader.answering).toBe(0)
  reader.skipRequest(0)
  reader.readReply(ok())
  expect(reader.answering).toBe(1)
})

describe('an injected MySQL error', () => {
  const failed = (code: string, statement: string) =>
    statements.failure({ code, message: 'why', statement, request: query(statement) })
  const insteadOf = (code: string, statement: string): string =>
    packetIn((failed(code, statement) as Substitution).request).payload.toString('latin1')

  test.each([
    ['1213', 'UPDATE t SET a = 1', '\x03ROLLBACK'],
    ['40001', 'SELECT 1', '\x03ROLLBACK'],
    ['1205', 'COMMIT', '\x03ROLLBACK'],
    ['1205', 'UPDATE t SET a = 1', '\x0e'],
    ['1062', 'INSERT INTO commits VALUES (1)', '\x0e'],
  ])(
    'an injected MySQL error replaces the request by ROLLBACK, or by a ping if nothing is rolled back: code %s for %s',
    (code, statement, request) => {
      expect(insteadOf(code, statement)).toBe(request)
    },
  )

  test('an injected MySQL error has its number, its SQLSTATE and the sequence number of the reply that it replaces', () => {
    const { reply } = failed('1213', 'SELECT 1') as Substitution
    const { sequence, payload } = packetIn(reply(packetOf({ sequence: 3, payload: Buffer.from([0]) })))
    expect([sequence, payload.toString('latin1')]).toEqual([3, '\xff\xbd\x04#40001why'])
  })

  test.each([
    ['1213', '\xff\xbd\x04#40001why'],
    ['40P01', '\xff\xbd\x04#40P01why'],
    ['23000', '\xff\x26\x04#23000why'],
    ['1062', '\xff\x26\x04#23000why'],
    ['1205', '\xff\xb5\x04#HY000why'],
    ['42000', '\xff\x51\x04#42000why'],
    ['57P01', '\xff\x1d\x04#08S01why'],
    ['08S01', '\xff\x1d\x04#08S01why'],
    ['1927', '\xff\x87\x07#HY000why'],
    ['4031', '\xff\xbf\x0f#HY000why'],
  ])('an injected MySQL error has the number and the SQLSTATE of its code: %s', (code, expected) => {
    const failure = failed(code, 'SELECT 1')
    const error = failure.kind === 'fatal' ? failure.reply : (failure as Substitution).reply(ok())
    const { sequence, payload } = packetIn(error)
    expect([sequence, payload.toString('latin1')]).toEqual([1, expected])
  })

  test('the request that replaces a statement for an injected MySQL error has the sequence number 0', () => {
    expect(packetIn((failed('1205', 'SELECT 1') as Substitution).request).sequence).toBe(0)
  })

  test('an injected MySQL error ends the connection if its code is fatal in MySQL', () => {
    expect([failed('1053', 'SELECT 1').kind, failed('57P01', 'SELECT 1').kind]).toEqual(['fatal', 'fatal'])
    expect(failed('1205', 'SELECT 1').kind).toBe('substitution')
  })
})
