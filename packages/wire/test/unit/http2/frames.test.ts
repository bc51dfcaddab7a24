import { describe, expect, test } from 'vitest'
import { NEEDS_MORE, NOT_FRAMED } from '../../../src/framing/frame-scanner.ts'
import {
  dataFrame,
  dataOf,
  endsStream,
  FLAG,
  FRAME,
  firstWord,
  framesOf,
  goaway,
  hasFlag,
  headerFragment,
  isHeaderPart,
  PREFACE,
  resetStream,
  streamOf,
  typeOf,
  windowUpdate,
} from '../../../src/http2/frames.ts'
import { HeaderBlockJoiner, HeaderReader } from '../../../src/http2/header-reader.ts'
import { createHttp2Scanner } from '../../../src/http2/http2-scanner.ts'
import { encodePlainly, lastHeaders } from '../../../src/http2/plain-block.ts'

const frame = (type: number, flags: number, payload: string | Buffer, stream = 1): Buffer => {
  const content = Buffer.from(payload as string, 'latin1')
  return Buffer.concat([
    Buffer.from([0, content.length >> 8, content.length & 0xff, type, flags, 0, 0, 0, stream]),
    content,
  ])
}
const hex = (bytes: Buffer): string => bytes.toString('hex')
const ERROR_CODE = 8

describe('a frame of HTTP/2', () => {
  test('an HTTP/2 frame is written as RFC 9113 specifies', () => {
    expect(hex(resetStream(5, ERROR_CODE))).toBe('000004030000000005' + '00000008')
    expect(hex(goaway(7, 2))).toBe('000008070000000000' + '0000000700000002')
    expect(hex(windowUpdate(65_536))).toBe('000004080000000000' + '00010000')
    expect(hex(windowUpdate(1, 3))).toBe('000004080000000003' + '00000001')
    expect(hex(dataFrame(3, Buffer.from('hi')))).toBe('000002000000000003' + '6869')
    expect(dataFrame(1, Buffer.alloc(70_000)).readUIntBE(0, 3)).toBe(70_000)
  })

  test('an HTTP/2 frame is read as a type, flags, and a stream number without its reserved bit', () => {
    const headers = frame(FRAME.headers, FLAG.endHeaders, 'x')
    headers[5] = 0x80
    expect([typeOf(headers), streamOf(headers)]).toEqual([FRAME.headers, 1])
    expect([hasFlag(headers, FLAG.endHeaders), hasFlag(headers, FLAG.endStream)]).toEqual([true, false])
    expect([typeOf(Buffer.alloc(0)), hasFlag(Buffer.alloc(0), 1)]).toEqual([0, false])
  })

  test.each([
    ['DATA', frame(FRAME.data, 0, 'abc'), 'abc'],
    ['padded DATA', frame(FRAME.data, FLAG.padded, '\x02abc\0\0'), 'abc'],
    ['DATA that is all padding', frame(FRAME.data, FLAG.padded, '\x09\0\0'), ''],
  ])('the content of an HTTP/2 frame excludes its padding: %s', (_, bytes, content) => {
    expect(dataOf(bytes).toString()).toBe(content)
  })

  test.each([
    ['HEADERS', frame(FRAME.headers, 0, 'abc'), 'abc'],
    ['HEADERS with a priority', frame(FRAME.headers, FLAG.priority, '12345abc'), 'abc'],
    ['padded HEADERS with a priority', frame(FRAME.headers, FLAG.priority | FLAG.padded, '\x0112345abc\0'), 'abc'],
    ['PUSH_PROMISE', frame(FRAME.pushPromise, 0, '1234abc'), 'abc'],
    ['padded PUSH_PROMISE', frame(FRAME.pushPromise, FLAG.padded, '\x021234abc\0\0'), 'abc'],
    ['CONTINUATION', frame(FRAME.continuation, FLAG.padded | FLAG.priority, 'abc'), 'abc'],
  ])('the header fragment of an HTTP/2 frame excludes its priority and padding: %s', (_, bytes, fragment) => {
    expect(headerFragment(bytes).toString()).toBe(fragment)
    expect(isHeaderPart(typeOf(bytes))).toBe(true)
  })

  test('endsStream and firstWord read the END_STREAM flag and the first 32-bit word of an HTTP/2 frame', () => {
    const ends = [FRAME.headers, FRAME.data, FRAME.settings].map((type) => endsStream(frame(type, FLAG.endStream, '')))
    expect(ends).toEqual([true, true, false])
    expect(endsStream(frame(FRAME.data, 0, ''))).toBe(false)
    expect([firstWord(resetStream(1, 7)), firstWord(frame(FRAME.resetStream, 0, 'abc'))]).toEqual([7, 0])
    expect([FRAME.data, FRAME.resetStream, FRAME.settings].map(isHeaderPart)).toEqual([false, false, false])
  })

  test('an HTTP/2 frame is split from a buffer of several frames', () => {
    const all = [frame(FRAME.headers, 0, 'abc'), frame(FRAME.data, 0, ''), frame(FRAME.data, 0, 'x'.repeat(300))]
    expect(framesOf(Buffer.concat(all))).toEqual(all)
    expect(framesOf(Buffer.alloc(8))).toEqual([])
  })
})

describe('a header block', () => {
  const status = [':status', '200'] as const
  const block = encodePlainly([{ field: status, isNeverIndexed: false }])

  test('an HTTP/2 header block can be written as the last frame of its stream', () => {
    const last = lastHeaders(5, [status, ['grpc-status', '0']])
    expect([typeOf(last), streamOf(last), last[4]]).toEqual([FRAME.headers, 5, FLAG.endStream | FLAG.endHeaders])
    const fields = new HeaderReader().read(last)
    expect([fields?.get(':status'), fields?.get('grpc-status')]).toEqual(['200', '0'])
  })

  test('an HTTP/2 header block is joined from its frames, and other frames pass unchanged', () => {
    const joiner = new HeaderBlockJoiner()
    const whole = frame(FRAME.headers, FLAG.endHeaders, 'abc')
    const begun = frame(FRAME.headers, 0, 'abc')
    const more = frame(FRAME.continuation, 0, 'def')
    const last = frame(FRAME.continuation, FLAG.endHeaders, 'ghi')
    expect(joiner.join(whole)).toEqual(whole)
    expect(joiner.join(frame(FRAME.data, 0, 'x'))).toEqual(frame(FRAME.data, 0, 'x'))
    expect([joiner.join(begun), joiner.join(more)]).toEqual([undefined, undefined])
    expect(joiner.join(last)).toEqual(Buffer.concat([begun, more, last]))
    const promise = frame(FRAME.pushPromise, 0, '1234abc')
    expect([joiner.join(promise), joiner.join(last)]).toEqual([undefined, Buffer.concat([promise, last])])
    // A foreign frame inside a block is passed on with the block, so that the receiver reports the error.
    const foreign = frame(FRAME.data, 0, 'x')
    expect([joiner.join(begun), joiner.join(foreign)]).toEqual([undefined, Buffer.concat([begun, foreign])])
    expect([joiner.join(begun), joiner.take(), joiner.take()]).toEqual([undefined, begun, Buffer.alloc(0)])
  })

  test('an HTTP/2 header block of more than 1 MiB is passed on in parts', () => {
    const joiner = new HeaderBlockJoiner()
    const part = (bytes: number): Buffer => {
      const made = Buffer.alloc(9 + bytes)
      made.writeUIntBE(bytes, 0, 3)
      made[3] = FRAME.headers
      return made
    }
    expect(joiner.join(part(1024 * 1024 - 10))).toBeUndefined()
    expect(joiner.take()).toHaveLength(1024 * 1024 - 1)
    expect(joiner.join(part(1024 * 1024 - 9))).toHaveLength(1024 * 1024)
  })

  test('an HTTP/2 header block is unreadable after a damaged or incomplete block', () => {
    const good = frame(FRAME.headers, FLAG.endHeaders, block)
    for (const bad of [frame(FRAME.headers, 0, block), frame(FRAME.headers, FLAG.endHeaders, '\xff\xff')]) {
      const reader = new HeaderReader()
      expect(reader.read(good)?.get(':status')).toBe('200')
      expect(reader.read(bad)).toBeUndefined()
      expect(reader.read(good)).toBeUndefined()
      expect(reader.plain(good)).toBeUndefined()
      reader.skip(good)
    }
  })

  test('the plain copy of an HTTP/2 header block does not depend on any other block', () => {
    const reader = new HeaderReader()
    const good = frame(FRAME.headers, FLAG.endHeaders, block)
    reader.read(good)
    expect(reader.plain(good)).toEqual({ block: good, tableSizes: Buffer.alloc(0) })
  })
})

describe('a connection of HTTP/2', () => {
  test('a connection of HTTP/2 begins with the preface in requests, and with a frame in responses', () => {
    const settings = frame(FRAME.settings, 0, '')
    const scanner = createHttp2Scanner('requests')
    const stream = Buffer.concat([PREFACE, settings])
    expect(scanner.scan(stream.subarray(0, 10), 0)).toBe(NEEDS_MORE)
    expect(scanner.scan(stream.subarray(10), 0)).toBe(14)
    expect(scanner.scan(stream, 24)).toBe(33)
    expect(createHttp2Scanner('responses').scan(settings, 0)).toBe(9)
    expect(createHttp2Scanner('requests').scan(Buffer.from('PRI * HTTP/1'), 0)).toBe(NOT_FRAMED)
  })
})
