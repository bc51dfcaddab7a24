import { describe, expect, test } from 'vitest'
import { NEEDS_MORE, NOT_FRAMED } from '../../../src/framing/frame-scanner.ts'
import { type Direction, isOneMessage } from '../../../src/framing/framing.ts'
import { isControl, isKnown } from '../../../src/websocket/frame.ts'
import { websocket } from '../../../src/websocket/websocket.ts'
import { createMessageScanner } from '../../../src/websocket/websocket-scanner.ts'
import { frames, latin, readAll } from '../../framing/examples.ts'

describe('the WebSocket framing', () => {
  const asked = 'GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  const early = 'HTTP/1.1 103 Early Hints\r\n\r\n'
  const agreed = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'

  test('yields the HTTP heads as handshakes, and then each WebSocket message', () => {
    for (const [direction, heads] of [
      ['requests', [asked]],
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
    ['requests', `${asked}\x81\x05hello`],
    ['requests', `${asked}\x83\x80\0\0\0\0`],
    ['requests', `${asked}\x80\x80\0\0\0\0`],
    ['requests', `${asked}\x09\x80\0\0\0\0`],
    ['responses', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['responses', `${agreed}\x81\x85\0\0\0\0hello`],
    ['responses', `${agreed}\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff`],
    ['responses', `${agreed}\x89\x7e\x01\x00`],
    ['responses', `${agreed}\x01\x01a\x81\x01b`],
  ])('passes all bytes unframed if the upgrade or a frame is invalid (%s: %j)', (direction, text) => {
    const { reader, out } = readAll(websocket, [latin(text), latin('more')], { direction, max: 1e6 })
    expect(reader.framed).toBe(false)
    expect(out.map(({ bytes }) => bytes.toString('latin1')).join('')).toBe(`${text}more`)
  })

  test('decodes each text, JSON value and byte string that it encodes', () => {
    for (const direction of ['requests', 'responses'] as const)
      for (const said of ['hello', { a: [1] }, { base64: '/w==' }, 'x'.repeat(70_000)]) {
        const message = websocket.write(said, direction)
        expect(isOneMessage(websocket, direction, message)).toBe(true)
        expect(websocket.read(message)).toEqual(said)
      }
    expect(websocket.plain?.(latin('\x81\x82\x01\x02\x03\x04ik'))).toEqual(latin('hi'))
    expect(websocket.plain?.(latin(frames(false)[3] ?? '')).toString()).toBe('ab')
    expect(websocket.read(latin(frames(false)[4] ?? ''))).toBe(undefined)
    expect(websocket.write({ close: 1011, reason: 'x' }, 'responses')).toEqual(latin('\x88\x03\x03\xf3x'))
    expect(() => websocket.write({ close: 7 }, 'responses')).toThrow('a close frame must have a code from 1000 to 4999')
  })
  test.each([0, 125, 126, 65_535, 65_536])('writes and reads a message of %i bytes', (length) => {
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
  ])('classifies the opcode %i as known: %s, and as control: %s', (opcode, known, control) => {
    expect([isKnown(opcode), isControl(opcode)]).toEqual([known, control])
  })

  test('removes the offer of compression, and reads a compressed message as empty', () => {
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

  test('closes with a code from 1000 to 4999 and a reason of up to 123 bytes', () => {
    const closed =
      (close: number, reason = '') =>
      () =>
        websocket.write({ close, reason }, 'responses')
    for (const close of [1000, 4999]) expect(closed(close)).not.toThrow()
    expect(closed(1000, 'x'.repeat(123))).not.toThrow()
    for (const bad of [closed(999), closed(5000), closed(1000.5), closed(1000, 'x'.repeat(124))]) expect(bad).toThrow()
  })

  test('decodes an empty message as an empty text', () => {
    for (const direction of ['requests', 'responses'] as const)
      expect(websocket.read(websocket.write('', direction))).toBe('')
  })

  test('accepts a length of Number.MAX_SAFE_INTEGER bytes, and does not frame a longer message', () => {
    const announced = (length: bigint) => {
      const header = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0])
      header.writeBigUInt64BE(length, 2)
      return createMessageScanner('responses').scan(header, 0)
    }
    expect(announced(BigInt(Number.MAX_SAFE_INTEGER))).toBe(NEEDS_MORE)
    expect(announced(BigInt(Number.MAX_SAFE_INTEGER) + 1n)).toBe(NOT_FRAMED)
  })
})
