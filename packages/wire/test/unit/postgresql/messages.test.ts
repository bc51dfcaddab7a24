import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameReader } from '../../../src/framing/frame-reader.ts'
import { isOneMessage } from '../../../src/framing/framing.ts'
import { MalformedMessage } from '../../../src/framing/malformed-message.ts'
import { readBackend, writeBackend } from '../../../src/postgresql/backend.ts'
import { readFrontend, writeFrontend } from '../../../src/postgresql/frontend.ts'
import { LONGEST_MESSAGE_BYTES, LONGEST_SHORT_BYTES } from '../../../src/postgresql/layout.ts'
import type { BackendMessage, FrontendMessage } from '../../../src/postgresql/message.ts'
import { backendReader } from '../../../src/postgresql/message-reader.ts'
import { postgresql } from '../../../src/postgresql/postgresql.ts'
import { createPostgresqlScanner } from '../../../src/postgresql/postgresql-scanner.ts'
import { reportOf, reportText, rowsOf } from '../../../src/postgresql/report.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((made) => !made.includes('\0'))
const name = text.filter((made) => made !== '')
const oid = fc.nat(0xffff_ffff)
const format = fc.constantFrom<0 | 1>(0, 1)
const formats = fc.array(format, { maxLength: 4 })
const bytes = fc.uint8Array({ maxLength: 30 }).map((made) => Buffer.from(made))
const fields = fc.array(fc.option(bytes), { maxLength: 5 })
const named = fc.array(fc.tuple(name, text), { maxLength: 4 })

const startups: fc.Arbitrary<FrontendMessage> = fc.oneof(
  fc.record({ kind: fc.constant('startup' as const), minorVersion: fc.nat(9), parameters: named }),
  fc.record({ kind: fc.constant('cancel-request' as const), processId: oid, secret: bytes }),
  fc.constantFrom<FrontendMessage>({ kind: 'ssl-request' }, { kind: 'gssenc-request' }),
)
const requests: fc.Arbitrary<FrontendMessage> = fc.oneof(
  fc.record({ kind: fc.constant('query' as const), sql: text }),
  fc.record({
    kind: fc.constant('parse' as const),
    statement: text,
    sql: text,
    types: fc.array(oid, { maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('bind' as const),
    portal: text,
    statement: text,
    formats,
    values: fields,
    resultFormats: formats,
  }),
  fc.record({
    kind: fc.constantFrom('describe' as const, 'close' as const),
    of: fc.constantFrom('statement' as const, 'portal' as const),
    name: text,
  }),
  fc.record({ kind: fc.constant('execute' as const), portal: text, mostRows: fc.nat(0x7fff_ffff) }),
  fc.record({ kind: fc.constantFrom('credentials' as const, 'function-call' as const, 'copy-data' as const), bytes }),
  fc.record({ kind: fc.constant('copy-fail' as const), reason: text }),
  fc.constantFrom<FrontendMessage>({ kind: 'sync' }, { kind: 'flush' }, { kind: 'terminate' }, { kind: 'copy-done' }),
)
const column = fc.record({
  name: text,
  table: oid,
  attribute: fc.nat(0xffff),
  type: oid,
  size: fc.integer({ min: -2, max: 32_767 }),
  modifier: fc.integer({ min: -1, max: 0x7fff_ffff }),
  format,
})
const responses: fc.Arbitrary<BackendMessage> = fc.oneof(
  fc.record({ kind: fc.constant('authentication' as const), method: fc.nat(12), bytes }),
  fc.record({ kind: fc.constant('backend-key' as const), processId: oid, secret: bytes }),
  fc.record({ kind: fc.constant('parameter-status' as const), name: text, value: text }),
  fc.record({
    kind: fc.constant('negotiate-version' as const),
    minorVersion: fc.nat(9),
    unknown: fc.array(text, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('ready' as const), status: fc.constantFrom('I' as const, 'T' as const, 'E' as const) }),
  fc.record({ kind: fc.constant('row-description' as const), columns: fc.array(column, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant('parameter-description' as const), types: fc.array(oid, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant('data-row' as const), values: fields }),
  fc.record({ kind: fc.constant('command-complete' as const), tag: text }),
  fc.record({
    kind: fc.constantFrom('error' as const, 'notice' as const),
    fields: fc.array(fc.tuple(fc.constantFrom('S', 'V', 'C', 'M', 'D'), text), { maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant('notification' as const), processId: oid, channel: text, payload: text }),
  fc.record({ kind: fc.constant('function-result' as const), value: fc.option(bytes) }),
  fc.record({
    kind: fc.constantFrom('copy-in' as const, 'copy-out' as const, 'copy-both' as const),
    format,
    columns: formats,
  }),
  fc.record({ kind: fc.constant('copy-data' as const), bytes }),
  fc.constantFrom<BackendMessage>(
    ...([{ kind: 'parse-complete' }, { kind: 'bind-complete' }, { kind: 'close-complete' }] as const),
    ...([{ kind: 'no-data' }, { kind: 'empty-query' }, { kind: 'portal-suspended' }, { kind: 'copy-done' }] as const),
  ),
)

/** Splits the stream into pieces of these sizes, repeatedly. */
function pieces(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const cut: Buffer[] = []
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const size = sizes[turn % sizes.length]!
    cut.push(stream.subarray(at, at + size))
    at += size
  }
  return cut
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 })
const startup: FrontendMessage = { kind: 'startup', minorVersion: 0, parameters: [['user', 'u']] }

/** Copies the messages, because their bytes are borrowed. */
const kept = <Message>(messages: readonly Message[]): Message[] => messages.map((message) => structuredClone(message))

/** The header of the first message of a connection. */
function startupOf(length: number, code: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32BE(length, 0)
  bytes.writeUInt32BE(code, 4)
  return bytes
}

describe('a PostgreSQL message', () => {
  test('a PostgreSQL message is read back unchanged if a client wrote it', () => {
    fc.assert(
      fc.property(fc.oneof(startups, requests), (message) => {
        expect(readFrontend(writeFrontend(message))).toEqual(message)
      }),
    )
  })

  test('a PostgreSQL message is read back unchanged if a server wrote it', () => {
    fc.assert(
      fc.property(responses, (message) => {
        expect(readBackend(writeBackend(message))).toEqual(message)
      }),
    )
    expect(readBackend(Buffer.from('N'))).toEqual({ kind: 'encryption', answer: 'N' })
  })

  test('a PostgreSQL message is read with the same result in any division of the bytes', () => {
    fc.assert(
      fc.property(fc.array(requests, { maxLength: 8 }), sizes, (sent, cuts) => {
        const all: FrontendMessage[] = [{ kind: 'ssl-request' }, { kind: 'gssenc-request' }, startup, ...sent]
        const frames = new FrameReader({ scanner: createPostgresqlScanner('requests'), maxFrameBytes: 1 << 20 })
        const read: FrontendMessage[] = []
        const loose = () => expect.unreachable('all bytes are framed')
        for (const piece of pieces(Buffer.concat(all.map(writeFrontend)), cuts))
          frames.read(piece, { frame: (bytes) => read.push(...kept([readFrontend(bytes)])), loose })
        expect(read).toEqual(kept(all))
      }),
    )
    fc.assert(
      fc.property(fc.array(responses, { maxLength: 8 }), sizes, (answered, cuts) => {
        const no: BackendMessage = { kind: 'encryption', answer: 'N' }
        const yes: BackendMessage = { kind: 'authentication', method: 0, bytes: Buffer.alloc(0) }
        const all: BackendMessage[] = [no, no, yes, ...answered]
        const reader = backendReader(1 << 20)
        const read = pieces(Buffer.concat(all.map(writeBackend)), cuts).flatMap((piece) => kept(reader.read(piece)))
        expect(read).toEqual(kept(all))
      }),
    )
  })

  test('a PostgreSQL message is refused with the byte position if it is incomplete or has a wrong length', () => {
    fc.assert(
      fc.property(requests, responses, fc.nat(), (request, response, cut) => {
        for (const [bytes, read] of [
          [writeFrontend(request), readFrontend],
          [writeBackend(response), readBackend],
        ] as const) {
          const end = 5 + (cut % Math.max(1, bytes.length - 5))
          if (end >= bytes.length) continue
          try {
            read(bytes.subarray(0, end))
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedMessage)
            expect((error as Error).message).toMatch(/^\w.*: .* \(at byte \d+ of \d+\)$/)
          }
        }
      }),
    )
    const row = writeBackend({ kind: 'data-row', values: [Buffer.from('value')] })
    expect(() => readBackend(row.subarray(0, -1))).toThrow('DataRow: column 1 breaks off (at byte 11 of 15)')
    const query = Buffer.concat([writeFrontend({ kind: 'query', sql: 'select 1' }), Buffer.from('x')])
    expect(() => readFrontend(query)).toThrow('Query: 1 bytes are left over')
    expect(() => readFrontend(Buffer.from('Q\0\0\0\x06\xff\0', 'latin1'))).toThrow('Query: the text is not UTF-8')
  })

  test('a PostgreSQL message is refused at its header if it belongs to another protocol or exceeds the limits', () => {
    expect(() => backendReader(1000).read(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).toThrow(
      'this is not a message of a PostgreSQL server',
    )
    const row = writeBackend({ kind: 'data-row', values: [Buffer.from('x'.repeat(1000))] })
    expect(() => backendReader(1000).read(row)).toThrow('longer than 1000 bytes, which is the limit here')
    const scanner = createPostgresqlScanner('requests')
    expect(scanner.scan(Buffer.from([0, 0, 0x40, 0, 0, 3, 0, 0]), 0)).toBe(-2)
  })

  test.each<readonly [string, Buffer, number]>([
    ['startup packet of the least length', startupOf(8, 0x30000), 8],
    ['startup packet that is too short', startupOf(7, 0x30000), -2],
    ['startup packet of the greatest length', startupOf(10_000, 0x30000), -1],
    ['startup packet that is too long', startupOf(10_001, 0x30000), -2],
    ['startup packet of another version', startupOf(8, 0x20000), -2],
    ['cancel request', startupOf(16, 80_877_102), -1],
    ['request to encrypt', startupOf(8, 80_877_103), 8],
    ['request to encrypt by GSS', startupOf(8, 80_877_104), 8],
  ])('the first message to PostgreSQL is refused only if its length or version is wrong: %s', (_, bytes, end) => {
    expect(createPostgresqlScanner('requests').scan(bytes, 0)).toBe(end)
  })

  test('a PostgreSQL message shorter than 4 bytes or longer than the limit of its kind (1 GiB or less) is refused', () => {
    const scanned = (type: string, length: number, direction: 'requests' | 'responses' = 'requests') => {
      const bytes = Buffer.alloc(5)
      bytes.write(type, 0, 'latin1')
      bytes.writeUInt32BE(length, 1)
      return createPostgresqlScanner(direction, 'earlier').scan(bytes, 0)
    }
    expect([scanned('Q', 3), scanned('S', 4), scanned('Q', 5)]).toEqual([-2, 5, -1])
    expect([scanned('Q', LONGEST_MESSAGE_BYTES), scanned('Q', LONGEST_MESSAGE_BYTES + 1)]).toEqual([-1, -2])
    expect([scanned('S', LONGEST_SHORT_BYTES), scanned('S', LONGEST_SHORT_BYTES + 1)]).toEqual([-1, -2])
    expect([scanned('T', 5, 'responses'), scanned('Q', 5, 'responses'), scanned('x', 5)]).toEqual([-1, -2, -2])
  })

  test('a PostgreSQL message with an invalid field is refused with an error about the field', () => {
    const message = (type: string, ...bytes: number[]) => {
      const made = Buffer.from([type.charCodeAt(0), 0, 0, 0, bytes.length + 4, ...bytes])
      return made
    }
    expect(() => readBackend(message('Z', 0x58))).toThrow('"X" is not a status of a transaction')
    expect(() => readBackend(message('D', 0, 1, 0xff, 0xff, 0xff, 0xfe))).toThrow('has the invalid length -2')
    expect(() => readBackend(message('G', 2, 0, 0))).toThrow('2 is not a format')
    expect(() => readFrontend(message('D', 0x58, 0))).toThrow('X is neither a statement nor a portal')
    expect(() => readFrontend(message('B', 0, 0, 0, 1, 0, 2, 0, 0, 0, 0))).toThrow(
      'is format 2, where 0 is text and 1 is binary',
    )
    expect(() => readFrontend(message('T'))).toThrow('a client sends no message of type "T"')
    expect(() => readFrontend(startupOf(8, 0x20000))).toThrow('version 2.0 is not supported, only version 3')
    expect(() => readBackend(Buffer.from('X'))).toThrow('"X" is not an answer to a request to encrypt')
    expect(() => writeFrontend({ kind: 'query', sql: 'a\0b' })).toThrow('a text of PostgreSQL has no zero bytes')
  })

  test('a PostgreSQL message is shown with the bytes of its row values decoded as text', () => {
    expect(postgresql.read(writeBackend({ kind: 'data-row', values: [Buffer.from('é'), null] }))).toEqual({
      ...{ kind: 'data-row', values: ['é', null] },
    })
    expect(postgresql.read(Buffer.from('no message'))).toBeUndefined()
    expect(reportText({ severity: 'ERROR', code: '40001', message: 'no' })).toBe('40001 no')
    expect(reportOf({ kind: 'notice', fields: [['S', 'HINWEIS']] })).toEqual({
      severity: 'HINWEIS',
      code: '',
      message: '',
    })
  })

  test('PostgreSQL bytes are passed on unframed once encryption is agreed', () => {
    const frames: string[] = []
    let loose = 0
    const reader = new FrameReader({ scanner: createPostgresqlScanner('responses'), maxFrameBytes: 100 })
    reader.read(Buffer.from([0x53, 0x16, 0x03, 0x03, 0, 4, 1, 2, 3, 4]), {
      frame: (frame) => void frames.push(frame.toString('latin1')),
      loose: (bytes) => {
        loose += bytes.length
      },
    })
    expect([frames, loose, reader.framed]).toEqual([['S'], 9, false])
  })

  test('a PostgreSQL message can be fabricated only as a query from the client', () => {
    const query = postgresql.write('select 1', 'requests')
    expect(readFrontend(query)).toEqual({ kind: 'query', sql: 'select 1' })
    expect(isOneMessage(postgresql, 'requests', query)).toBe(true)
    expect(postgresql.read(query)).toEqual({ kind: 'query', sql: 'select 1' })
    expect(() => postgresql.write('C', 'responses')).toThrow('a PostgreSQL message must be a request, given as its SQL')
    expect(
      [query, writeFrontend(startup), writeBackend({ kind: 'ready', status: 'I' })].map((message) =>
        postgresql.isHandshake?.(message),
      ),
    ).toEqual([false, true, false])
  })

  test('a PostgreSQL message is a handshake if it has one byte, begins with a zero, or contains or requests credentials', () => {
    const isHandshake = (text: string) => postgresql.isHandshake?.(Buffer.from(text, 'latin1'))
    const handshakes = ['N', '\0\0\0\x08', 'p\0\0\0\x05x', 'R\0\0\0\x08\0\0\0\0', 'K\0\0\0\x08abcd']
    expect(handshakes.filter((text) => isHandshake(text) !== true)).toEqual([])
    expect(['Q\0\0\0\x05\0', 'Z\0\0\0\x05I', 'SpRK\0'].filter((text) => isHandshake(text) !== false)).toEqual([])
  })

  test('a PostgreSQL message has an SQLSTATE if it is an error, and a row count if it has a command tag', () => {
    const report = writeBackend({
      kind: 'error',
      fields: [
        ['S', 'FEHLER'],
        ['V', 'ERROR'],
        ['C', '40001'],
        ['M', 'could not serialize'],
      ],
    })
    const read = readBackend(report)
    expect(read.kind === 'error' && reportOf(read)).toEqual({
      severity: 'ERROR',
      code: '40001',
      message: 'could not serialize',
    })
    expect([rowsOf('INSERT 0 1'), rowsOf('UPDATE 12'), rowsOf('COMMIT')]).toEqual([1, 12, undefined])
  })
})

test.each([
  ['000000080002 0001', 'version 2.1 is not supported, only version 3'],
  ['0000000800040003', 'version 4.3 is not supported, only version 3'],
  ['440000000553', 'Describe: '],
  ['430000000553', 'Close: '],
])('the error for an invalid PostgreSQL client message names the message: %s', (bytes, message) => {
  expect(() => readFrontend(Buffer.from(bytes.replace(' ', ''), 'hex'))).toThrow(message)
})

test('a PostgreSQL server answers a request for encryption by S, G or N', () => {
  const answers = ['S', 'G', 'N'].map((answer) => readBackend(Buffer.from(answer)))
  expect(answers).toEqual(['S', 'G', 'N'].map((answer) => ({ kind: 'encryption', answer })))
  expect(() => readBackend(Buffer.from('E'))).toThrow('"E" is not an answer to a request to encrypt')
})
