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
  ['a size of the table', Buffer.from([0x20]), true],
  ['a damaged block', Buffer.from([0x00, 0x05, 0x61]), true],
])('changesTable reports whether a header block changes the HPACK table: %s', (_, block, expected) => {
  expect(changesTable(block)).toBe(expected)
})

test('a header reader decodes a block that refers to a table entry of a skipped block', () => {
  const frame = (payload: Buffer) =>
    Buffer.concat([Buffer.from([0, payload.length >> 8, payload.length & 255, 1, 4, 0, 0, 0, 1]), payload])
  const reader = new HeaderReader()
  reader.skip(frame(literal(0x40, 'first', 'one')))
  for (let i = 0; i < 200; i++) reader.skip(frame(literal(0x40, `name${i % 3}`, long)))
  reader.skip(frame(Buffer.from([0x88])))
  reader.skip(frame(literal(0x40, 'last', 'two')))
  expect([...(reader.read(frame(Buffer.from([0x80 | 62]))) ?? [])]).toEqual([['last', 'two']])
})
