import { describe, expect, test } from 'vitest'
import { MalformedMessage } from '../../../src/framing/malformed-message.ts'
import { readBinaryRow, readEnd, readFirst, readTextRow } from '../../../src/mysql/answers.ts'
import { COLUMN_FLAG, TYPE } from '../../../src/mysql/layout.ts'
import { readGreeting, readLogin } from '../../../src/mysql/login.ts'
import { mysql } from '../../../src/mysql/mysql.ts'
import { packetIn, packetOf } from '../../../src/mysql/packet.ts'
import { PacketCursor } from '../../../src/mysql/packet-cursor.ts'
import { readCommand, readParameters } from '../../../src/mysql/requests.ts'
import { command, counted, execute, greeting, ok, query, refused, SCRAMBLE } from '../../mysql/server-packets.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const double = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}
const valueTexts = (values: readonly (Buffer | null | 'unread')[]) => values.map((value) => value?.toString() ?? null)

/** Values of the binary protocol, with their types and their texts. */
const values: [name: string, type: number, bytes: Buffer, signed: string, unsigned?: string][] = [
  ['tiny', TYPE.tiny, hex('ff'), '-1', '255'],
  ['short', TYPE.short, hex('feff'), '-2', '65534'],
  ['year', TYPE.year, hex('e907'), '2025'],
  ['long', TYPE.long, hex('00000080'), '-2147483648', '2147483648'],
  ['int24', TYPE.int24, hex('feffffff'), '-2', '4294967294'],
  ['longlong', TYPE.longlong, hex('ffffffffffffffff'), '-1', '18446744073709551615'],
  ['varchar', TYPE.varchar, counted('abc'), 'abc'],
  ['decimal', TYPE.newDecimal, counted('1.50'), '1.50'],
  ['old decimal', 0, counted('1.5'), '1.5'],
  ['bit', TYPE.bit, counted('\x01'), '\x01'],
  ['json', TYPE.json, counted('{}'), '{}'],
  ['string', TYPE.string, counted(''), ''],
  ['blob', TYPE.blob, counted('b'), 'b'],
  ['geometry', 255, counted('g'), 'g'],
  ['float', TYPE.float, hex('0000c03f'), 'unread'],
  ['datetime', TYPE.datetime, hex('04e9070b1d'), 'unread'],
  ['date', TYPE.date, hex('00'), 'unread'],
  ['time', TYPE.time, hex('00'), 'unread'],
  ['timestamp', TYPE.timestamp, hex('0101'), 'unread'],
]

describe('a row of a prepared statement', () => {
  const row = (nulls: string, ...parts: readonly Buffer[]) => Buffer.concat([hex('00'), hex(nulls), ...parts])

  test.each(values)(
    'a MySQL value of the type %s is read from a row of a prepared statement',
    (_, type, bytes, signed, unsigned = signed) => {
      const read = (flags: number) =>
        readBinaryRow(row('00', bytes, hex('07')), [
          { name: 'a', type, flags },
          { name: 'b', type: TYPE.tiny, flags: 0 },
        ])
      expect(valueTexts(read(0))).toEqual([signed, '7'])
      expect(valueTexts(read(COLUMN_FLAG.unsigned))).toEqual([unsigned, '7'])
    },
  )

  test('a fraction in a MySQL row is reported as unread, because each column rounds fractions in its own way', () => {
    expect(readBinaryRow(row('00', double(1.5)), [{ name: 'a', type: TYPE.double, flags: 0 }])).toEqual(['unread'])
    expect(readTextRow(counted('1.5'), [{ name: 'a', type: TYPE.double, flags: 0 }])).toEqual(['unread'])
    expect(readTextRow(counted('1.5'), [{ name: 'a', type: TYPE.float, flags: 0 }])).toEqual(['unread'])
    expect(readTextRow(counted(null), [{ name: 'a', type: TYPE.float, flags: 0 }])).toEqual([null])
  })

  test('a row of a prepared statement marks each NULL by a bit, after two reserved bits', () => {
    const columns = Array.from({ length: 7 }, (_, at) => ({ name: `${at}`, type: TYPE.tiny, flags: 0 }))
    expect(valueTexts(readBinaryRow(row('8401', hex('01020304')), columns))).toEqual([
      null,
      '1',
      '2',
      '3',
      '4',
      null,
      null,
    ])
    const six = columns.slice(0, 6)
    expect(valueTexts(readBinaryRow(row('f8', hex('01')), six))).toEqual(['1', null, null, null, null, null])
  })

  test.each([
    ['a byte is left over', row('00', hex('0101'))],
    ['a value is missing', row('00')],
  ])('a row of a prepared statement is refused if %s', (_, bytes) => {
    expect(() => readBinaryRow(bytes, [{ name: 'a', type: TYPE.tiny, flags: 0 }])).toThrow(MalformedMessage)
  })

  test('a row of a MySQL reply is refused if a type is unknown, or if bytes are left over', () => {
    expect(() => readBinaryRow(row('00', hex('01')), [{ name: 'a', type: 100, flags: 0 }])).toThrow('unknown type 100')
    expect(() => readBinaryRow(row('00', hex('01')), [{ name: 'a', type: 244, flags: 0 }])).toThrow('unknown type 244')
    expect(() => readTextRow(Buffer.concat([counted('a'), hex('00')]), [{ name: 'a', type: 3, flags: 0 }])).toThrow(
      'bytes are left over',
    )
  })
})

describe('a command of MySQL', () => {
  const read = (bytes: Buffer) => readCommand(packetIn(bytes).payload)

  test.each<readonly [Buffer, object]>([
    [command(1), { kind: 'quit' }],
    [command(2, 'shop`'), { kind: 'query', sql: 'USE `shop```' }],
    [query('SELECT 1'), { kind: 'query', sql: 'SELECT 1' }],
    [command(3, hex('ff')), { kind: 'query', sql: undefined }],
    [command(4), { kind: 'field-list' }],
    [command(9), { kind: 'statistics' }],
    [command(14), { kind: 'harmless' }],
    [command(17), { kind: 'other', number: 17 }],
    [command(22, 'SELECT ?'), { kind: 'prepare', sql: 'SELECT ?' }],
    [command(24, hex('070000000200' + '6162')), { kind: 'long-data', statement: 7, parameter: 2 }],
    [command(25, hex('07000000')), { kind: 'close', statement: 7 }],
    [command(26, hex('07000000')), { kind: 'harmless' }],
    [command(27), { kind: 'set-option' }],
    [command(31), { kind: 'reset' }],
  ])('the MySQL command in the bytes %j is read as %j', (bytes, expected) => {
    expect(read(bytes)).toEqual(expected)
  })

  test('a MySQL execute command is read with its statement, its use of a cursor, and its parameter bytes', () => {
    expect(read(command(23, hex('07000000' + '00' + '01000000' + 'abcd')))).toEqual({
      ...{ kind: 'execute', statement: 7, usesCursor: false, bytes: hex('abcd') },
    })
    expect(read(command(23, hex('07000000' + '01' + '01000000')))).toMatchObject({
      usesCursor: true,
      bytes: Buffer.alloc(0),
    })
  })

  test('a MySQL packet is read as an object with its kind and its SQL or error, and only a request can be written', () => {
    expect(mysql.read(command(14))).toEqual({ kind: 'harmless' })
    expect(mysql.read(command(3, hex('ff')))).toEqual({ kind: 'query', sql: null })
    expect(mysql.read(greeting())).toEqual({ kind: 'greeting' })
    expect(mysql.read(refused(1213, 'Deadlock'))).toEqual({ kind: 'error', code: 1213, message: 'Deadlock' })
    expect(mysql.read(packetOf({ sequence: 1, payload: Buffer.from('abc') }))).toEqual({ sequence: 1, text: 'abc' })
    expect(mysql.read(packetOf({ sequence: 0, payload: hex('18') }))).toBeUndefined()
    for (const [value, direction] of [
      ['SELECT 1', 'responses'],
      [7, 'requests'],
    ] as const)
      expect(() => mysql.write(value, direction)).toThrow('a MySQL message must be a request')
  })
})

describe('the parameters of a prepared statement', () => {
  const NONE: ReadonlySet<number> = new Set()
  const bytesOf = (texts: readonly (string | null)[]) => {
    const { payload } = packetIn(execute(1, texts))
    return payload.subarray(10)
  }

  test('the parameters of a prepared statement are read by types that the client sends only at the first execution', () => {
    const first = readParameters(bytesOf(['a', null, 'b']), 3, undefined, NONE)
    expect(valueTexts(first.values)).toEqual(['a', null, 'b'])
    expect(first.types).toEqual([253, 253, 253])
    const again = Buffer.concat([hex('00' + '00'), counted('c'), counted('d'), counted('e')])
    expect(valueTexts(readParameters(again, 3, first.types, NONE).values)).toEqual(['c', 'd', 'e'])
    expect(() => readParameters(again, 3, undefined, NONE)).toThrow('the types of the parameters were not sent')
  })

  test('the parameters of a prepared statement are read as signed or unsigned, or left unread if sent separately', () => {
    const typed = (type: string) => Buffer.concat([hex('00' + '01'), hex(type), hex('ff')])
    expect(valueTexts(readParameters(typed('0100'), 1, undefined, NONE).values)).toEqual(['-1'])
    expect(valueTexts(readParameters(typed('0180'), 1, undefined, NONE).values)).toEqual(['255'])
    expect(readParameters(typed('0100'), 1, undefined, new Set([0])).values).toEqual(['unread'])
    expect(
      valueTexts(
        readParameters(Buffer.concat([hex('00' + '01'), hex('0500'), double(1.5)]), 1, undefined, NONE).values,
      ),
    ).toEqual(['1.5'])
    expect(readParameters(hex('00' + '01' + '0600'), 1, undefined, NONE).values).toEqual([null])
    expect(readParameters(Buffer.alloc(0), 0, undefined, NONE)).toEqual({ values: [], types: [] })
  })

  test('the parameters of a prepared statement have a bit for each NULL', () => {
    for (const length of [8, 9]) {
      const texts = Array.from({ length }, (_, at) => (at === 0 || at === length - 1 ? null : `${at}`))
      expect(valueTexts(readParameters(bytesOf(texts), length, undefined, NONE).values)).toEqual(texts)
    }
  })
})

describe('a number before a text', () => {
  const number = (text: string) => new PacketCursor('x', hex(text), 0).number()
  test.each<readonly [string, number | null]>([
    ['fa', 250],
    ['fb', null],
    ['fc0102', 0x0201],
    ['fd010203', 0x030201],
    ['fe0102030405060000', 0x060504030201],
  ])('the length-encoded MySQL integer in the bytes %s is read as %s', (bytes, value) => {
    expect(number(bytes)).toBe(value)
  })

  test('the number before a MySQL text is refused if it is too large, invalid or incomplete', () => {
    expect(() => number('ff')).toThrow('255 begins no length')
    expect(() => number('fe0000000000000100')).toThrow('a number exceeds 2^48')
    expect(() => number('fc01')).toThrow('x: it breaks off (at byte 1 of 2)')
    expect(() => new PacketCursor('x', hex('6162'), 0).untilZero()).toThrow(
      'a text does not end with a zero byte (at byte 0 of 2)',
    )
  })
})

test('a MySQL text that ends with a zero byte may be empty', () => {
  const cursor = new PacketCursor('x', hex('006100'), 0)
  expect([cursor.untilZero().toString(), cursor.untilZero().toString(), cursor.isAtEnd]).toEqual(['', 'a', true])
})

describe('the first packet of an answer', () => {
  const first = (bytes: Buffer) => readFirst(packetIn(bytes).payload)

  test('the first packet of a MySQL reply is read as an OK with its counts, an error, a file request or a number of columns', () => {
    expect(first(ok({ affected: 3, insertId: 9, status: 2, warnings: 1, info: 'Rows matched: 3' }))).toEqual({
      ...{ kind: 'ok', affected: 3, insertId: '9', status: 2, warnings: 1, info: 'Rows matched: 3' },
    })
    expect(first(ok())).toMatchObject({ affected: 0, insertId: '0', warnings: 0, info: '' })
    const ofLargeId = hex('0001feffffffffffffffff02000000')
    expect(readFirst(ofLargeId)).toMatchObject({ affected: 1, insertId: '18446744073709551615', status: 2 })
    expect(first(ok({ info: 'a', changed: ['autocommit', 'ON'] }))).toMatchObject({ info: 'a' })
    expect(first(refused(1213, 'Deadlock'))).toEqual({ kind: 'error', error: { code: 1213, message: 'Deadlock' } })
    expect(readFirst(hex('ff1504') as Buffer)).toEqual({ kind: 'error', error: { code: 1045, message: '' } })
    expect(readFirst(hex('fb66'))).toEqual({ kind: 'local-file' })
    expect(readFirst(hex('fcfb00'))).toEqual({ kind: 'columns', count: 251 })
  })

  test.each(['', '0102', 'fc0000'])('the first packet of a MySQL reply is refused with the bytes %j', (payload) => {
    expect(() => readFirst(hex(payload))).toThrow(MalformedMessage)
  })

  test('a MySQL packet is the end of the rows only if it is short enough, and otherwise a row', () => {
    expect(readEnd(hex('fe01000200'))).toEqual({ kind: 'end', warnings: 1, status: 2 })
    expect(readEnd(hex('fe0100020000'))).toBeUndefined()
    expect(readEnd(hex('ff1504'))).toEqual({ kind: 'error', error: { code: 1045, message: '' } })
    expect(readEnd(hex('00'))).toBeUndefined()
  })
})

describe('the login of a client', () => {
  const fixed = (capabilities: number): Buffer => {
    const bytes = Buffer.alloc(32)
    bytes.writeUInt32LE(capabilities, 0)
    return bytes
  }
  const [OLD, SECURE, LENGTH, DATABASE, PLUGIN, ATTRIBUTES] = [0x200, 0x8000, 0x200000, 8, 0x80000, 0x100000]
  const attributes = Buffer.concat([counted('program_name'), counted('shop'), counted('_pid'), counted('7')])
  const response = (capabilities: number, ...parts: readonly Buffer[]) =>
    readLogin(Buffer.concat([fixed(capabilities), ...parts]))
  const listed = Buffer.concat([Buffer.from([attributes.length]), attributes])
  const USER = Buffer.from('app\0')

  test.each<readonly [string, number, readonly Buffer[]]>([
    ['a proof that ends with zero', OLD, [USER, Buffer.from('proof\0')]],
    ['a proof after one byte of length', OLD | SECURE, [USER, Buffer.from('\x02\x00\x01', 'latin1')]],
    ['a proof after its length', OLD | LENGTH, [USER, counted('ab')]],
    ['a database', OLD | SECURE | DATABASE, [USER, Buffer.from([0]), Buffer.from('shop\0')]],
    ['a plugin', OLD | SECURE | PLUGIN, [USER, Buffer.from([0]), Buffer.from('plugin\0')]],
    [
      'a database and a plugin',
      OLD | SECURE | DATABASE | PLUGIN,
      [USER, Buffer.from([0]), Buffer.from('shop\0plugin\0')],
    ],
  ])('the login of a MySQL client may contain %s before its attributes', (_, capabilities, parts) => {
    const database = (capabilities & DATABASE) === 0 ? '' : 'shop'
    expect(response(capabilities | ATTRIBUTES, ...parts, listed)).toEqual({
      ...{ capabilities: capabilities | ATTRIBUTES, database },
      attributes: new Map([
        ['program_name', 'shop'],
        ['_pid', '7'],
      ]),
    })
    expect(response(capabilities, ...parts)).toEqual({ capabilities, database, attributes: new Map() })
  })

  test('the login of a MySQL client has no attributes if its packet ends before the attributes that its flags announce', () => {
    const { attributes: none } = response(
      OLD | SECURE | DATABASE | PLUGIN | ATTRIBUTES,
      USER,
      Buffer.from([0]),
    ) as never as {
      readonly attributes: ReadonlyMap<string, string>
    }
    expect(none.size).toBe(0)
  })

  test('a MySQL login of the fixed part with the SSL flag requests TLS, and a client older than 4.1 is refused', () => {
    expect(readLogin(fixed(OLD | 0x800))).toBe('tls')
    expect(() => readLogin(fixed(OLD))).toThrow(MalformedMessage)
    expect(() => readLogin(fixed(0x800))).toThrow('a client older than MySQL 4.1 is not read')
  })

  test('the greeting of a MySQL server has a version, a status and a scramble, and a truncated greeting is refused', () => {
    expect(readGreeting(packetIn(greeting(3, { version: 'x' })).payload)).toEqual({
      version: 'x',
      status: 3,
      scramble: SCRAMBLE,
    })
    const whole = packetIn(greeting()).payload
    expect(() => readGreeting(whole.subarray(0, 44))).toThrow('does not begin with a greeting of protocol 10')
    expect(() => readGreeting(Buffer.concat([Buffer.from([10, 0]), Buffer.alloc(60)]))).toThrow('protocol 10')
  })
})
