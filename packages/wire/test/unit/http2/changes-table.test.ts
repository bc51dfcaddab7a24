import { expect, test } from 'vitest'
import { HeaderReader } from '../../../src/http2/header-reader.ts'
import { changesTable } from '../../../src/http2/hpack/changes-table.ts'

const long = 'x'.repeat(300)
const literal = (first: number, name: string, value: string) =>
  Buffer.concat([Buffer.from([first]), text(name), text(value)])
const text = (value: string) =>
  Buffer.concat([
    value.length < 127
      ? Buffer.from([value.length])
      : Buffer.from([127, ((value.length - 127) & 127) | 128, (value.length - 127) >> 7]),
    Buffer.from(value),
  ])

test.each([
  ['indexed fields', Buffer.from([0x88, 0x82, 0xff, 0x10]), false],
  ['a literal that is not indexed', literal(0x00, 'name', long), false],
  ['a literal that is never indexed', literal(0x10, long, 'value'), false],
  ['a literal with an indexed name', Buffer.concat([Buffer.from([0x0f, 0x0d]), text('18')]), false],
  ['a literal that is indexed', literal(0x40, 'name', 'value'), true],
  ['a literal that is indexed, after others', Buffer.concat([literal(0, 'a', long), literal(0x40, 'b', 'c')]), true],
  ['an indexed field and a literal that is indexed', Buffer.from([0x88, 0xfe, 0x40]), true],
  ['a size of the table', Buffer.from([0x20]), true],
  ['a damaged block', Buffer.from([0x00, 0x05, 0x61]), true],
])('changesTable reports whether a header block changes the HPACK table: %s', (_, block, expected) => {
  expect(changesTable(block)).toBe(expected)
})

test('an HTTP/2 header reader applies the table changes of a skipped block of two frames', () => {
  const fragment = Buffer.concat([Buffer.from([0x88]), literal(0x40, 'a', 'v'.repeat(20))])
  const part = (type: number, flags: number, payload: Buffer) =>
    Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, 1]), payload])
  for (let at = 0; at <= fragment.length; at++) {
    const reader = new HeaderReader()
    reader.skip(Buffer.concat([part(1, 0, fragment.subarray(0, at)), part(9, 4, fragment.subarray(at))]))
    expect([...(reader.read(part(1, 4, Buffer.from([0x80 | 62]))) ?? [])]).toEqual([['a', 'v'.repeat(20)]])
  }
})

test('an HTTP/2 header reader gives no plain copy of a block with too many fields, or after a damaged block', () => {
  const frame = (payload: Buffer) =>
    Buffer.concat([Buffer.from([0, payload.length >> 8, payload.length & 255, 1, 4, 0, 0, 0, 1]), payload])
  const reader = new HeaderReader()
  const isPlain = (payload: Buffer) => {
    const block = frame(payload)
    reader.read(block)
    return reader.plain(block) !== undefined
  }
  const large = Buffer.concat([literal(0x40, 'a', 'v'.repeat(4000)), Buffer.alloc(100, 0xbe)])
  expect([Buffer.from([0x88]), large, Buffer.from([0x88])].map(isPlain)).toEqual([true, false, true])
  expect([Buffer.from([0x80]), Buffer.from([0x88])].map(isPlain)).toEqual([false, false])
})

test('an HTTP/2 header reader decodes a block that refers to a table entry of a skipped block', () => {
  const frame = (payload: Buffer) =>
    Buffer.concat([Buffer.from([0, payload.length >> 8, payload.length & 255, 1, 4, 0, 0, 0, 1]), payload])
  const reader = new HeaderReader()
  reader.skip(frame(literal(0x40, 'first', 'one')))
  for (let i = 0; i < 200; i++) reader.skip(frame(literal(0x40, `name${i % 3}`, long)))
  reader.skip(frame(Buffer.from([0x88])))
  reader.skip(frame(literal(0x40, 'last', 'two')))
  expect([...(reader.read(frame(Buffer.from([0x80 | 62]))) ?? [])]).toEqual([['last', 'two']])
})
