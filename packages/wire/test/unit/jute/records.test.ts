import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boolean, bytes, int, long, recordReader, text } from '../../../src/jute/records.ts'

test('a ZooKeeper record is read back with the members that were written', () => {
  const members = fc.record({
    int: fc.integer(),
    long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    flag: fc.boolean(),
    bytes: fc.uint8Array({ maxLength: 300 }).map((made) => Buffer.from(made)),
    text: fc.string({ unit: 'grapheme', maxLength: 20 }),
  })
  fc.assert(
    fc.property(members, (given) => {
      const parts = [int(given.int), long(given.long), boolean(given.flag), bytes(given.bytes), text(given.text)]
      const reader = recordReader(Buffer.concat(parts))
      expect(reader.int()).toBe(given.int)
      expect(reader.long()).toBe(given.long)
      expect(reader.boolean()).toBe(given.flag)
      expect(reader.bytes()).toEqual(given.bytes)
      expect(reader.text()).toBe(given.text)
      expect(() => reader.int()).toThrow(RangeError)
    }),
  )
})

test('a record is written as in ZooKeeper: big-endian numbers, and each text after its length', () => {
  const record = Buffer.concat([int(-2), long(258n), boolean(true), boolean(false), text('é')])
  expect(record.toString('hex')).toBe('fffffffe' + '0000000000000102' + '01' + '00' + '00000002c3a9')
})

test('the length -1 in a ZooKeeper record is read as no bytes, and a length beyond the end is refused', () => {
  expect(recordReader(int(-1)).bytes()).toEqual(Buffer.alloc(0))
  expect(recordReader(Buffer.concat([int(3), Buffer.from('abc')])).text()).toBe('abc')
  const short = recordReader(Buffer.concat([int(4), Buffer.from('abc')]))
  expect(() => short.bytes()).toThrow('4 bytes are announced, and 3 are there')
})
