import { expect, test } from 'vitest'
import { errorOutcomes, judgeError } from '../../../recorder/src/mysql/errors.ts'
import { objects, withParameters } from '../../src/mariadb/client/objects.ts'
import {
  createPacketReader,
  loginPacket,
  nativePassword,
  packetOf,
  readAnswer,
  readGreeting,
  readRow,
} from '../../src/mariadb/client/packets.ts'

test('packets are read however their bytes arrive', () => {
  const bytes = Buffer.concat([
    packetOf(0, Buffer.from('one')),
    packetOf(1, Buffer.alloc(0)),
    packetOf(2, Buffer.from('two')),
  ])
  const reader = createPacketReader()
  const found = Array.from(bytes, (byte) => reader.read(Buffer.from([byte]))).flat()
  expect(found.map(({ sequence, payload }) => [sequence, payload.toString()])).toEqual([
    [0, 'one'],
    [1, ''],
    [2, 'two'],
  ])
  expect(() => reader.read(Buffer.from([255, 255, 255, 0]))).toThrow('16 MiB')
})

test('a greeting of MariaDB is read, and answered with a proof of the password', () => {
  const version = Buffer.from('5.5.5-10.11.6-MariaDB\0')
  const scramble = Buffer.from('abcdefghijklmnopqrst')
  const greeting = Buffer.concat([
    ...[Buffer.from([10]), version, Buffer.alloc(4), scramble.subarray(0, 8), Buffer.alloc(1)],
    ...[Buffer.alloc(2 + 1 + 2 + 2), Buffer.from([21]), Buffer.alloc(10), scramble.subarray(8), Buffer.alloc(1)],
  ])
  expect(readGreeting(greeting)).toEqual({ version: '5.5.5-10.11.6-MariaDB', scramble })
  expect(() => readGreeting(Buffer.from([9]))).toThrow('protocol 9, not 10')
  const login = loginPacket({ user: 'app', password: 'secret', database: 'shop', scramble })
  expect(login.includes(nativePassword('secret', scramble))).toBe(true)
  expect(login.toString('latin1').endsWith('shop\0mysql_native_password\0')).toBe(true)
  expect(nativePassword('', scramble)).toEqual(Buffer.alloc(0))
})

test('answers and rows are read, also a row that begins with an empty text', () => {
  expect(readAnswer(Buffer.from([0, 3, 0, 2, 0, 0, 0]), false)).toEqual({ kind: 'ok', affected: 3 })
  expect(readAnswer(Buffer.from('\xff\xbd\x04#40001Deadlock found', 'latin1'), false)).toEqual({
    kind: 'error',
    error: { code: 1213, state: '40001', message: 'Deadlock found' },
  })
  expect(readAnswer(Buffer.from([0xfe, 0, 0, 2, 0]), false)).toEqual({ kind: 'end' })
  expect(readAnswer(Buffer.from([0]), false).kind).toBe('ok')
  expect(readRow(Buffer.from([0]), 1)).toEqual([''])
  const long = 'x'.repeat(300)
  const row = Buffer.concat([
    Buffer.from([0xfb, 2]),
    Buffer.from('ab'),
    Buffer.from([0xfc, 0x2c, 0x01]),
    Buffer.from(long),
  ])
  expect(readRow(row, 3)).toEqual([null, 'ab', long])
})

test('texts in a command are quoted, and never taken for placeholders', () => {
  expect(withParameters({ sql: 'SELECT ?, ?', parameters: ["it's ?\\", null] })).toBe("SELECT 'it''s ?\\', NULL")
  expect(withParameters({ sql: 'a ?2 b ?1', parameters: ['x', 'y'] })).toBe("a 'y' b 'x'")
})

test('a comparison with null adds a row, as a register that is null has none', () => {
  const swap = (value: readonly [number | null, number | null]) => {
    const asked = objects.register.asked({ f: 'cas', key: 'x', value })
    return asked.type === 'command' ? withParameters(asked.command) : ''
  }
  expect(swap([null, 1])).toBe("INSERT IGNORE INTO chaos_register VALUES ('x', '1')")
  expect(swap([1, null])).toBe("DELETE FROM chaos_register WHERE k = 'x' AND v = '1'")
  expect(swap([1, 2])).toBe("UPDATE chaos_register SET v = '2' WHERE k = 'x' AND v = '1'")
})

test('an error of MariaDB is a certain failure only if its meaning is known', () => {
  expect([1213, 1020, 1205, 1290, 1047, 1062].map((code) => judgeError(code))).toEqual(
    Array.from({ length: 6 }, () => 'fail'),
  )
  expect([1180, 1053, 1317, 1927, 9999].map((code) => judgeError(code))).toEqual(
    Array.from({ length: 5 }, () => 'info'),
  )
  for (const { why } of errorOutcomes) expect(why).not.toBe('')
})
