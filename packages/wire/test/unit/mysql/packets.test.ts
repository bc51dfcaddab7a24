import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MalformedMessage } from '../../../src/framing/malformed-message.ts'
import { readBinary, readColumn, readEnd, readFirst, readPrepared, readTextRow } from '../../../src/mysql/answers.ts'
import { createLogin } from '../../../src/mysql/client-login.ts'
import { CAPABILITY, COLUMN_FLAG, TYPE, UNREADABLE } from '../../../src/mysql/layout.ts'
import { plainStarts, readGreeting, readLogin } from '../../../src/mysql/login.ts'
import { mysql } from '../../../src/mysql/mysql.ts'
import { packetIn, packetOf } from '../../../src/mysql/packet.ts'
import { PacketCursor } from '../../../src/mysql/packet-cursor.ts'
import { readCommand, readParameters } from '../../../src/mysql/requests.ts'
import { cut, readAll } from '../../framing/examples.ts'
import { greeting, login, ok, query, refused, rows, SCRAMBLE } from '../../mysql/server-packets.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((made) => Buffer.from(made))

test('the MySQL framing finds each packet in any division of the bytes', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 6 }), fc.array(fc.nat(2000), { maxLength: 8 }), (payloads, edges) => {
      const all = payloads.map((payload, sequence) => packetOf({ sequence, payload }))
      const { out, reader } = readAll(mysql, cut(Buffer.concat(all), edges))
      expect(reader.framed).toBe(true)
      expect(out.map((each) => packetIn(each.bytes).payload)).toEqual(payloads)
    }),
  )
})

test('a MySQL packet that continues in the next packet is refused', () => {
  expect(() => packetIn(Buffer.alloc(4 + 0xff_ff_ff))).toThrow(MalformedMessage)
  expect(() => packetOf({ sequence: 0, payload: Buffer.alloc(0xff_ff_ff) })).toThrow(RangeError)
})

describe('the login of a MySQL client', () => {
  const credentials = { user: 'app', password: 'secret', database: 'shop' }
  /** SHA1(password) xor SHA1(scramble + SHA1(SHA1(password))), computed by Python's hashlib. */
  const proof = Buffer.from('04eca285ce66a0e05365554aaedaf99192c6223f', 'hex')
  const steps = (...packets: readonly Buffer[]) => {
    const step = createLogin(credentials)
    return packets.map((packet) => step(packetIn(packet)))
  }
  const anotherLogin = (plugin: string): Buffer =>
    packetOf({
      sequence: 2,
      payload: Buffer.concat([Buffer.from(`\xfe${plugin}\0`, 'latin1'), SCRAMBLE, Buffer.alloc(1)]),
    })

  test('the login of a MySQL client answers the greeting with a proof of the password, and ends at the OK packet', () => {
    const [sent, done] = steps(greeting(), ok({ sequence: 2, affected: 1 }))
    if (sent?.type !== 'send') throw new Error('nothing was sent')
    const { payload, sequence } = packetIn(sent.bytes)
    expect(sequence).toBe(1)
    expect(readLogin(payload)).toEqual({ capabilities: 0x8_820a, database: expect.any(String), attributes: new Map() })
    expect(payload.toString('latin1', 32)).toBe(`app\0\x14${proof.toString('latin1')}shop\0mysql_native_password\0`)
    expect(payload.readUInt32LE(4)).toBe(0xff_ff_ff)
    expect(mysql.isHandshake?.(sent.bytes)).toBe(true)
    expect(done).toEqual({ type: 'done', version: '10.11.19-MariaDB' })
  })

  test('a MySQL client sends the proof again only if the server switches to mysql_native_password', () => {
    const [, again] = steps(greeting(), anotherLogin('mysql_native_password'))
    expect(again).toEqual({ type: 'send', bytes: packetOf({ sequence: 3, payload: proof }) })
    const [, other] = steps(greeting(), anotherLogin('ed25519'))
    expect(other).toEqual({
      type: 'refused',
      why: 'the server wants ed25519: only mysql_native_password is known here',
    })
    const [, old] = steps(greeting(), packetOf({ sequence: 2, payload: Buffer.from([0xfe]) }))
    expect(old).toMatchObject({ type: 'refused', why: expect.stringContaining('mysql_old_password') })
  })

  test('a MySQL client sends no proof if no password is given', () => {
    const sent = createLogin({ ...credentials, password: '' })(packetIn(greeting()))
    expect(sent.type === 'send' && sent.bytes.toString('latin1', 36)).toBe('app\0\0shop\0mysql_native_password\0')
  })

  test('a MySQL login fails if the server sends an error packet, even in place of the greeting', () => {
    expect(steps(refused(1040, 'Too many connections'))).toEqual([
      { type: 'refused', why: 'refused', error: { code: 1040, message: 'Too many connections' } },
    ])
    expect(steps(greeting(), refused(1045, 'Access denied'))[1]).toMatchObject({ error: { code: 1045 } })
    expect(() => steps(packetOf({ sequence: 0, payload: Buffer.from([9]) }))).toThrow('protocol 10')
  })
})

test('MySQL text rows are read even if their first value is an empty text or NULL', () => {
  const long = 'x'.repeat(200)
  const { out } = readAll(mysql, [
    rows(
      ['a', 'b'],
      [
        ['', long],
        [null, 'c'],
      ],
      { type: TYPE.varString },
    ),
  ])
  const payloads = out.map((each) => packetIn(each.bytes).payload)
  expect(readFirst(payloads[0]!)).toEqual({ kind: 'columns', count: 2 })
  const columns = payloads.slice(1, 3).map(readColumn)
  expect(columns.map(({ type, flags }) => [type, flags])).toEqual(Array(2).fill([TYPE.varString, 0]))
  const flagged = Buffer.from(payloads[1]!)
  // The column's flags precede one byte of decimals and two reserved bytes.
  flagged.writeUInt16LE(COLUMN_FLAG.unsigned, flagged.length - 5)
  flagged[flagged.length - 3] = 31
  expect(readColumn(flagged)).toEqual({ name: 'a', type: TYPE.varString, flags: COLUMN_FLAG.unsigned })
  expect(readEnd(payloads[3]!)?.kind).toBe('end')
  const texts = payloads.slice(4, 6).map((row) => {
    expect(readEnd(row)).toBe(undefined)
    return readTextRow(row, columns).map((value) => value?.toString() ?? null)
  })
  expect(texts).toEqual([
    ['', long],
    [null, 'c'],
  ])
  expect(readEnd(payloads[6]!)?.kind).toBe('end')
})

describe('the rewritten start of a MySQL connection', () => {
  const rewritten = (of: 'requests' | 'responses', parts: readonly Buffer[]): Buffer => {
    const start = plainStarts()[of]!
    return Buffer.concat(parts.map((part) => start.rewritten(Buffer.from(part))))
  }

  test('the rewritten greeting of MySQL offers every capability that does not encrypt, compress or reshape packets', () => {
    const plain = rewritten('responses', [greeting()])
    const [lower, upper] = [plain.readUInt16LE(4 + 1 + 17 + 13), plain.readUInt16LE(4 + 1 + 17 + 13 + 5)]
    expect((lower | (upper << 16)) >>> 0).toBe(~UNREADABLE >>> 0)
    expect(readGreeting(packetIn(plain).payload)).toEqual({
      version: '10.11.19-MariaDB',
      status: 2,
      scramble: SCRAMBLE,
    })
    expect(plain).toHaveLength(greeting().length)
    const [start, end] = [4 + 1 + 17 + 13, 4 + 1 + 17 + 13 + 5 + 2]
    expect(plain.subarray(0, start)).toEqual(greeting().subarray(0, start))
    expect(plain.subarray(start + 2, end - 2)).toEqual(greeting().subarray(start + 2, end - 2))
    // MariaDB's own capabilities come after the length of the scramble (one byte) and six bytes of filler.
    expect(plain.subarray(end)).toEqual(Buffer.from(greeting().subarray(end)).fill(0, 7, 11))
    const after = Buffer.concat([greeting(), query('SELECT 1')])
    expect(rewritten('responses', [after]).subarray(plain.length)).toEqual(query('SELECT 1'))
  })

  test('the rewritten login of MySQL requests no capability that encrypts, compresses or reshapes packets', () => {
    const plain = rewritten('requests', [login('a', (0xffff_ffff & ~CAPABILITY.lengthEncodedAuth) >>> 0)])
    expect(plain.readUInt32LE(4)).toBe((0xffff_ffff & ~CAPABILITY.lengthEncodedAuth & ~UNREADABLE) >>> 0)
    expect(readLogin(packetIn(plain).payload)).toMatchObject({ attributes: new Map([['program_name', 'a']]) })
  })

  test('the rewritten login of MySQL has none of the capabilities of MariaDB, and is otherwise unchanged', () => {
    const whole = login('a', 0)
    whole.fill(0xff, 4 + 28, 4 + 32)
    expect(rewritten('requests', [whole])).toEqual(login('a', 0))
  })

  test.each([
    [99_996, 0],
    [99_997, 4],
  ])(
    'the first MySQL packet is buffered if it has at most 100,000 bytes, and otherwise passed on (%i bytes of payload)',
    (announced, passed) => {
      const header = packetOf({ sequence: 0, payload: Buffer.alloc(announced) }).subarray(0, 4)
      expect(rewritten('responses', [header])).toHaveLength(passed)
    },
  )

  test('the rewritten start of a MySQL connection is the same in any division of the bytes', () => {
    for (const [of, whole] of [['responses', greeting()] as const, ['requests', login('a', 0xffff_ffff)] as const])
      for (let at = 0; at <= whole.length; at++)
        expect(rewritten(of, [whole.subarray(0, at), whole.subarray(at)])).toEqual(rewritten(of, [whole]))
  })

  test('the start of a connection is not rewritten if the protocol is not MySQL, or if the client requests TLS', () => {
    const others = [Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), packetOf({ sequence: 0, payload: Buffer.from([9, 0, 0]) })]
    for (const other of others) expect(rewritten('responses', [other])).toEqual(other)
    const tls = login('a', 0xffff_ffff).subarray(0, 36)
    tls.writeUIntLE(32, 0, 3)
    expect(rewritten('requests', [tls])).toEqual(tls)
    expect(readLogin(packetIn(tls).payload)).toBe('tls')
  })
})

test('a 64-bit MySQL integer is read from its 8 bytes, as signed or unsigned', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const made = Buffer.alloc(8)
      made.writeBigInt64LE(value)
      const read = (isUnsigned: boolean) => readBinary(new PacketCursor('x', made, 0), TYPE.longlong, isUnsigned)
      expect(String(read(false))).toBe(String(value))
      expect(String(read(true))).toBe(String(BigInt.asUintN(64, value)))
    }),
  )
})

test('a MySQL reader accepts or refuses any payload, and never reads past its end', () => {
  const loggedIn = () => {
    const step = createLogin({ user: 'a', password: 'b', database: 'c' })
    step(packetIn(greeting()))
    return step
  }
  const column = { name: 'a', type: TYPE.varString, flags: 0 }
  const readers: readonly ((payload: Buffer) => unknown)[] = [
    ...[readGreeting, readLogin, readFirst, readEnd, readColumn, readPrepared, readCommand],
    (payload) => createLogin({ user: 'a', password: 'b', database: 'c' })({ sequence: 0, payload }),
    (payload) => loggedIn()({ sequence: 2, payload }),
    (payload) => readTextRow(payload, [column, column]),
    (payload) => readParameters(payload, 3, undefined, new Set()),
    (payload) => mysql.read(packetOf({ sequence: payload.length % 3, payload })),
    (payload) => mysql.isHandshake?.(packetOf({ sequence: payload.length % 3, payload })),
  ]
  fc.assert(
    fc.property(bytes, fc.constantFrom(...readers), (payload, read) => {
      try {
        read(payload)
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedMessage)
      }
    }),
    { numRuns: 2000 },
  )
})

const payloadOf = (...parts: readonly (number | string)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.alloc(part) : Buffer.from(part, 'latin1'))))

test.each<readonly [string, number, Buffer, boolean]>([
  ['a command of one byte', 0, payloadOf('\n'), false],
  ['a greeting', 0, payloadOf('\n\0'), true],
  ['a reply that begins like a greeting', 3, payloadOf('\n\0'), false],
  ['a request for TLS', 1, payloadOf(32), true],
  ['a reply that is shorter than a login', 1, payloadOf(31), false],
  ['a login with a character set', 1, payloadOf(8, '-', 23), true],
  ['a login with capabilities of MariaDB', 1, payloadOf(28, '\x01', 3), true],
  ['a reply with its tenth byte set', 1, payloadOf(9, '\x01', 22), false],
  ['a reply with its 28th byte set', 1, payloadOf(27, '\x01', 4), false],
  ['a login with another number', 2, payloadOf(8, '-', 23), true],
  ['a refused login', 2, payloadOf('\xff'), true],
  ['more data for a login', 2, payloadOf('\x01'), true],
  ['another method of login', 2, payloadOf('\xfe'), true],
  ['a column', 2, payloadOf('\x03def'), false],
])('the MySQL framing recognises whether a packet belongs to a handshake: %s', (_, sequence, payload, isHandshake) => {
  expect(mysql.isHandshake?.(packetOf({ sequence, payload }))).toBe(isHandshake)
})

test('the reply to a MySQL prepare has the number of the statement, and its counts of columns and parameters', () => {
  expect(readPrepared(Buffer.from('00 01020304 0506 0708 ffffff'.replaceAll(' ', ''), 'hex'))).toEqual({
    id: 0x0403_0201,
    columns: 0x0605,
    parameters: 0x0807,
  })
})

test('the MySQL framing writes a fabricated message as a query, and recognises the messages of a handshake', () => {
  expect(mysql.write('SELECT 1', 'requests')).toEqual(query('SELECT 1'))
  expect(mysql.read(query('SELECT 1'))).toEqual({ kind: 'query', sql: 'SELECT 1' })
  const ok = (sequence: number) => packetOf({ sequence, payload: Buffer.from([0, 0, 0]) })
  const row = packetOf({ sequence: 2, payload: Buffer.from([5, 0, 0]) })
  const messages = [greeting(), login('a'), ok(2), ok(1), row, query('SELECT 1')]
  expect(messages.map((message) => mysql.isHandshake?.(message))).toEqual([true, true, true, false, false, false])
})
