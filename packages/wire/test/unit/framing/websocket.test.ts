import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { NEEDS_MORE, NOT_FRAMED } from '../../../src/framing/frame-scanner.ts'
import { type Direction, isOneMessage } from '../../../src/framing/framing.ts'
import { decodeFrames, isControl, isKnown } from '../../../src/websocket/frame.ts'
import { websocket } from '../../../src/websocket/websocket.ts'
import { createMessageScanner } from '../../../src/websocket/websocket-scanner.ts'
import { frames, latin, readAll } from '../../framing/examples.ts'

describe('the WebSocket framing', () => {
  const upgrade = 'GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  const early = 'HTTP/1.1 103 Early Hints\r\n\r\n'
  const agreed = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'

  test('the WebSocket framing yields the HTTP headers as handshakes, and then each WebSocket message', () => {
    for (const [direction, heads] of [
      ['requests', [upgrade]],
      ['responses', [early, agreed]],
    ] as const) {
      const stream = latin([...heads, ...frames(direction === 'requests')].join(''))
      const expected = [...heads, ...frames(direction === 'requests')]
      const bytes = [...stream].map((byte) => Buffer.of(byte))
      for (const chunks of [[stream], bytes])
        expect(readAll(websocket, chunks, { direction }).messages).toEqual(expected)
      for (const message of expected)
        expect(websocket.isHandshake?.(latin(message))).toBe(message.startsWith('GET') || message.startsWith('HTTP'))
    }
  })

  test.each<[Direction, string]>([
    ['requests', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['requests', 'POST / HTTP/1.1\r\n'],
    ['requests', '\n\n\n'],
    ['requests', `GET /${'x'.repeat(17_000)}`],
    ['requests', `${upgrade}\x81\x05hello`],
    ['requests', `${upgrade}\x83\x80\0\0\0\0`],
    ['requests', `${upgrade}\x80\x80\0\0\0\0`],
    ['requests', `${upgrade}\x09\x80\0\0\0\0`],
    ['requests', `${upgrade}\xc9\x80\0\0\0\0`],
    ['requests', `${upgrade}\x91\x80\0\0\0\0`],
    ['requests', `${upgrade}\xa1\x80\0\0\0\0`],
    ['requests', `${upgrade}GET`],
    ['responses', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['responses', `${agreed}\x81\x85\0\0\0\0hello`],
    ['responses', `${agreed}\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff`],
    ['responses', `${agreed}\x89\x7e\x01\x00`],
    ['responses', `${agreed}\x01\x01a\x81\x01b`],
  ])('all bytes pass unframed if the WebSocket upgrade or a frame is invalid (%s: %j)', (direction, text) => {
    const { reader, out } = readAll(websocket, [latin(text), latin('more')], { direction, max: 1e6 })
    expect(reader.framed).toBe(false)
    expect(out.map(({ bytes }) => bytes.toString('latin1')).join('')).toBe(`${text}more`)
  })

  const MESSAGES = ['hello', { a: [1] }, { base64: '/w==' }, 'x'.repeat(70_000)]
  test('the WebSocket framing decodes each text, JSON value, byte string and close frame that it encodes', () => {
    for (const direction of ['requests', 'responses'] as const)
      for (const expected of [...MESSAGES, { close: 1011, reason: 'x' }, { close: 1000 }, { close: 1005 }]) {
        const message = websocket.write(expected, direction)
        expect(isOneMessage(websocket, direction, message)).toBe(true)
        expect(websocket.read(message)).toEqual(expected)
      }
    expect(websocket.plain?.(latin('\x81\x82\x01\x02\x03\x04ik'))).toEqual(latin('hi'))
    expect(websocket.plain?.(latin(frames(false)[3] ?? '')).toString()).toBe('ab')
    expect(websocket.read(latin(frames(false)[4] ?? ''))).toBe(undefined)
    expect(websocket.write({ close: 1011, reason: 'x' }, 'responses')).toEqual(latin('\x88\x03\x03\xf3x'))
    expect(websocket.write({ close: 1005 }, 'responses')).toEqual(latin('\x88\x00'))
    expect(() => websocket.write({ close: 7 }, 'responses')).toThrow('a close frame must have a code from 1000 to 4999')
  })
  test.each([0, 125, 126, 65_535, 65_536])('the WebSocket framing writes and reads a message of %i bytes', (length) => {
    const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
    for (const direction of ['requests', 'responses'] as const) {
      const message = websocket.write('x'.repeat(length), direction)
      expect(message).toHaveLength(2 + extended + (direction === 'requests' ? 4 : 0) + length)
      expect(message[0]).toBe(0x81)
      expect(isOneMessage(websocket, direction, message)).toBe(true)
      expect(websocket.plain?.(message)).toHaveLength(length)
    }
  })

  test.each<readonly [number, boolean, boolean]>([
    [0, true, false],
    [1, true, false],
    [2, true, false],
    [3, false, false],
    [7, false, false],
    [8, true, true],
    [9, true, true],
    [10, true, true],
    [11, false, true],
  ])('the WebSocket opcode %i is classified as known: %s, and as control: %s', (opcode, known, control) => {
    expect([isKnown(opcode), isControl(opcode)]).toEqual([known, control])
  })

  test('the WebSocket framing removes the offer of compression, and reads a compressed message as empty', () => {
    const offer = 'GET / HTTP/1.1\r\nSec-WebSocket-Extensions: permessage-deflate\r\nHost: x\r\n\r\n'
    expect(websocket.withoutCompression?.(latin(offer)).toString()).toBe('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect([websocket.isCompressed?.(latin('\xc1\x00')), websocket.isCompressed?.(latin('\x81\x00'))]).toEqual([
      true,
      false,
    ])
    expect(websocket.plain?.(latin('\xc1\x01a'))).toEqual(Buffer.alloc(0))
    expect(websocket.read(latin('\x81'))).toBeUndefined()
    expect(websocket.read(latin('\x89\x02hi'))).toBe('hi')
  })

  test('a close frame has a code from 1000 to 4999 and a reason of up to 123 bytes', () => {
    const closed =
      (close: number, reason = '') =>
      () =>
        websocket.write({ close, reason }, 'responses')
    for (const close of [1000, 4999]) expect(closed(close)).not.toThrow()
    expect(closed(1000, 'x'.repeat(123))).not.toThrow()
    for (const bad of [closed(999), closed(5000), closed(1000.5), closed(1000, 'x'.repeat(124))]) expect(bad).toThrow()
  })

  test('the WebSocket framing decodes an empty message as an empty text', () => {
    for (const direction of ['requests', 'responses'] as const)
      expect(websocket.read(websocket.write('', direction))).toBe('')
  })

  test('the WebSocket framing accepts control frames of up to 125 bytes', () => {
    for (const [direction, ping] of [
      ['requests', `\x89\xfd\0\0\0\0${'x'.repeat(125)}`],
      ['responses', `\x89\x7d${'x'.repeat(125)}`],
    ] as const)
      expect(isOneMessage({ ...websocket, scanner: createMessageScanner }, direction, latin(ping))).toBe(true)
  })

  test('the WebSocket framing frames only headers of at most 16 KiB, in any division of the bytes', () => {
    const head = (bytes: number) => latin(`${upgrade.slice(0, -2)}X: ${'y'.repeat(bytes - upgrade.length - 5)}\r\n\r\n`)
    for (const at of [3, 1000, 16_383, 16_384]) {
      const read = (bytes: Buffer) => readAll(websocket, [bytes.subarray(0, at), bytes.subarray(at)], { max: 1e6 })
      expect(read(head(16_384)).messages).toHaveLength(1)
      expect(read(head(16_385)).reader.framed).toBe(false)
    }
    // The size limit applies to each interim response separately.
    const interim = `HTTP/1.1 103 X\r\nX: ${'y'.repeat(16_384 - 23)}\r\n\r\n`
    expect(readAll(websocket, [latin(interim + interim)], { direction: 'responses', max: 1e6 }).messages).toEqual([
      interim,
      interim,
    ])
  })

  test.each<readonly [string, boolean]>([
    ['\x81', false],
    ['\x81\x01', false],
    ['\x81\x7e\0', false],
    ['\x81\x01a\x80', false],
    ['\x81\x01a', true],
    ['\x01\x01a\x80\x00', true],
    ['', true],
  ])('decodeFrames decodes %j if its last frame is whole: %s', (text, isWhole) => {
    expect(decodeFrames(latin(text)) !== undefined).toBe(isWhole)
  })

  test('a decoded WebSocket frame shows whether it is the last of its message, and whether it is compressed', () => {
    expect(decodeFrames(latin('\x01\x01a\x80\x01b\xc2\x00'))).toEqual([
      { final: false, compressed: false, opcode: 1, payload: latin('a') },
      { final: true, compressed: false, opcode: 0, payload: latin('b') },
      { final: true, compressed: true, opcode: 2, payload: Buffer.alloc(0) },
    ])
    expect(decodeFrames(latin('\x80\x00'))?.[0]).toMatchObject({ final: true, opcode: 0 })
    expect(decodeFrames(latin('\x81\x80\x01\x02\x03\x04'))).toMatchObject([{ payload: Buffer.alloc(0) }])
  })

  test.each<readonly [Json, string]>([
    [{ base64: 7 }, '\x81\x0c{"base64":7}'],
    [{ a: 'base64' }, '\x81\x0e{"a":"base64"}'],
    [null, '\x81\x04null'],
    [7, '\x81\x017'],
    [{ base64: 'AAE=' }, '\x82\x02\0\x01'],
  ])(
    'the WebSocket framing writes %j as a text frame, or as a binary frame if it is {"base64": text}',
    (value, text) => {
      expect(websocket.write(value, 'responses').toString('latin1')).toBe(text)
    },
  )

  test('the WebSocket framing frames only messages of at most Number.MAX_SAFE_INTEGER bytes', () => {
    const announced = (length: bigint) => {
      const header = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0])
      header.writeBigUInt64BE(length, 2)
      return createMessageScanner('responses').scan(header, 0)
    }
    expect(announced(BigInt(Number.MAX_SAFE_INTEGER))).toBe(NEEDS_MORE)
    expect(announced(BigInt(Number.MAX_SAFE_INTEGER) + 1n)).toBe(NOT_FRAMED)
  })
})
