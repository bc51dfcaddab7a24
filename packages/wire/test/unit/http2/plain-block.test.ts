import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FLAG, FRAME, framesOf, hasFlag, headerFragment, streamOf, typeOf } from '../../../src/http2/frames.ts'
import { HpackDecoder } from '../../../src/http2/hpack/hpack-decoder.ts'
import {
  encodePlainly,
  encodeTableSizes,
  lastHeaders,
  withFragment,
  withTableSizes,
} from '../../../src/http2/plain-block.ts'

const field = (name: string, value: string, isNeverIndexed = false) => ({
  field: [name, value] as const,
  isNeverIndexed,
})

const frame = (type: number, flags: number, stream: number, payload: Buffer) => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

test('encodePlainly writes the given fields in order, without change to the HPACK table', () => {
  const text = fc.string({
    unit: fc.integer({ min: 32, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 300,
  })
  const name = fc.oneof(
    text.filter((t) => t !== ''),
    fc.constantFrom(':status', 'cookie', 'date', ':method', 'etag'),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.oneof(text, fc.constantFrom('200', 'GET', '')), fc.boolean())), (drawn) => {
      const fields = drawn.map(([n, value, isNever]) => field(n, value, isNever))
      const decoder = new HpackDecoder()
      decoder.decode(encodePlainly(fields))
      expect(decoder.fields).toEqual(fields)
      // Plain encoding adds nothing to the dynamic table, so index 62, its first entry, does not exist.
      expect(() => decoder.decode(Buffer.from([0x80 | 62]))).toThrow('there is no entry 62')
    }),
    { numRuns: 200 },
  )
})

describe('a HEADERS frame with a replaced block', () => {
  test('a HEADERS frame with a replaced block keeps its stream, priority and END_STREAM flag, but not its padding', () => {
    const priority = Buffer.from([0, 0, 0, 3, 16])
    const old = Buffer.concat([Buffer.from([4]), priority, Buffer.from('old'), Buffer.alloc(4)])
    const flags = FLAG.endStream | FLAG.priority | FLAG.padded
    const block = Buffer.concat([
      frame(FRAME.headers, flags, 5, old),
      frame(FRAME.continuation, FLAG.endHeaders, 5, Buffer.from('er')),
    ])
    const [only, ...others] = framesOf(withFragment(block, Buffer.from('new')))
    expect(others).toEqual([])
    expect(only).toEqual(
      frame(
        FRAME.headers,
        FLAG.endStream | FLAG.priority | FLAG.endHeaders,
        5,
        Buffer.concat([priority, Buffer.from('new')]),
      ),
    )
  })

  test.each([0, 16_384, 16_385, 50_000])('a header block of %i bytes is split into frames up to 16 KiB', (length) => {
    const block = frame(FRAME.headers, FLAG.endHeaders, 7, Buffer.from('old'))
    const fragment = Buffer.alloc(length, 'x')
    const frames = framesOf(withFragment(block, fragment))
    expect(Buffer.concat(frames.map(headerFragment)).equals(fragment)).toBe(true)
    expect(frames.every((each) => each.length <= 16_384 + 9 && streamOf(each) === 7)).toBe(true)
    expect(frames.map(typeOf)).toEqual([FRAME.headers, ...frames.slice(1).map(() => FRAME.continuation)])
    expect(frames.map((each) => hasFlag(each, FLAG.endHeaders))).toEqual(frames.map((_, i) => i === frames.length - 1))
  })

  test('a replaced header block has its priority and END_STREAM in its first frame, and no other flag in later frames', () => {
    const priority = Buffer.from([0, 0, 0, 3, 16])
    const flags = FLAG.endStream | FLAG.priority
    const block = frame(FRAME.headers, flags | FLAG.endHeaders, 5, Buffer.concat([priority, Buffer.from('old')]))
    const frames = framesOf(withFragment(block, Buffer.alloc(40_000, 'x')))
    expect(frames.map((each) => [each.length, each[4]])).toEqual([
      [16_384 + 9, flags],
      [16_384 + 9, 0],
      [40_000 + 5 - 2 * 16_384 + 9, FLAG.endHeaders],
    ])
    expect(frames[0]?.subarray(9, 14)).toEqual(priority)
  })

  test.each([126, 127, 128, 200, 254, 255, 300])(
    'a replaced header block can carry a name and a value of %i bytes',
    (length) => {
      const fields = [field('n'.repeat(length), 'v'.repeat(length))]
      const decoder = new HpackDecoder()
      decoder.decode(encodePlainly(fields))
      expect(decoder.fields).toEqual(fields)
    },
  )

  test('lastHeaders writes a block that ends its stream, and marks no field as never indexed', () => {
    const block = lastHeaders(3, [
      ['grpc-status', '0'],
      [':status', '200'],
    ])
    expect(block).toEqual(
      frame(
        FRAME.headers,
        FLAG.endStream | FLAG.endHeaders,
        3,
        Buffer.concat([Buffer.from([0, 11]), Buffer.from('grpc-status'), Buffer.from([1, 0x30, 0x88])]),
      ),
    )
  })

  test('a replaced header block has its table size updates before its fields', () => {
    const block = frame(FRAME.headers, FLAG.endHeaders, 1, encodePlainly([field('etag', 'x')]))
    const decoder = new HpackDecoder()
    decoder.decode(headerFragment(withTableSizes(block, encodeTableSizes([0, 70_000]))))
    expect(decoder.tableSizes).toEqual([0, 70_000])
    expect(decoder.fields).toEqual([field('etag', 'x')])
  })
})

test.each([
  [0, '20'],
  [30, '3e'],
  [31, '3f00'],
  [31 + 127, '3f7f'],
  [31 + 128, '3f8001'],
  [31 + 16_384, '3f808001'],
  [4_294_967_295, '3fe0ffffff0f'],
])('the table size %i is encoded as %s', (size, bytes) => {
  expect(encodeTableSizes([size]).toString('hex')).toBe(bytes)
})
