import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { decoded, encoded, isPlain } from '../../../src/http/coding/content-coding.ts'

const content = Buffer.from('the same content, the same content, the same content')
const most = 1000

/** A frame of one raw block (RFC 8878 §3.1.1). */
const zstd = (bytes: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes.length, (bytes.length << 3) | 1, bytes.length >> 5, 0]),
    bytes,
  ])

describe('the body decoder', () => {
  test.each([
    ['gzip', gzipSync(content)],
    ['X-GZIP', gzipSync(content)],
    ['deflate', deflateSync(content)],
    ['deflate', deflateRawSync(content)],
    ['br', brotliCompressSync(content)],
    ['zstd', zstd(content)],
    ['identity', content],
    [undefined, content],
    ['br, gzip', gzipSync(brotliCompressSync(content))],
  ])('the body decoder removes the content coding %s', (coding, body) => {
    expect(decoded(body, coding, { most })).toEqual(content)
  })

  test.each([
    ['gzip', Buffer.from('no gzip')],
    ['compress', content],
    ['zstd', Buffer.from('no zstd')],
    ['gzip', Buffer.from('n')],
  ])('the body decoder returns undefined for a damaged or unknown content coding: %s', (coding, body) => {
    expect(decoded(body, coding, { most })).toBeUndefined()
  })

  test('the body decoder refuses a body that exceeds the limit after decoding', () => {
    const zeros = Buffer.alloc(5_000_000)
    for (const [coding, body] of [
      ['gzip', gzipSync(zeros)],
      ['br', brotliCompressSync(zeros)],
      ['deflate', deflateSync(zeros)],
      // 60 blocks. Each block repeats one byte 100,000 times.
      ['zstd', repeated(60, 100_000)],
    ] as const) {
      expect(decoded(body, coding, { most }), coding).toBeUndefined()
    }
    expect(decoded(repeated(6, 100_000), 'zstd', { most: 600_000 })?.equals(Buffer.alloc(600_000, 'z'))).toBe(true)
  })

  test('the body decoder refuses a zstd body with a huge window', () => {
    const huge = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x01, 0x00, 0x00])
    const hugeContent = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, 0x01, 0x00, 0x00])
    expect([decoded(huge, 'zstd', { most }), decoded(hugeContent, 'zstd', { most })]).toEqual([undefined, undefined])
  })

  test('the body decoder accepts a zstd window of at most 8 MiB, or a larger window if the allowed content is larger', () => {
    const block = (descriptor: number, flags = 0, ...sizes: number[]) =>
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, flags, ...(flags === 0 ? [descriptor] : sizes), 0x01, 0x00, 0x00])
    const accepts = (body: Buffer, least = most) => decoded(body, 'zstd', { most: least }) !== undefined
    const eightMiB = 13 << 3
    // The low three bits of the window descriptor add eighths to the window size.
    expect([accepts(block(eightMiB | 1), (9 << 20) - 1), accepts(block(eightMiB | 7), 15 << 20)]).toEqual([false, true])
    expect([accepts(block(eightMiB)), accepts(block(eightMiB | 1)), accepts(block(eightMiB | 1), 9 << 20)]).toEqual([
      ...[true, false, true],
    ])
    // A single-segment frame has no window descriptor. Its window is as large as its content, whose size is given in 1,
    // 2, 4 or 8 bytes.
    const sized = (flags: number, ...sizes: number[]) => accepts(block(0, flags, ...sizes))
    expect([sized(0xa0, 0, 0, 0x80, 0), sized(0xa0, 1, 0, 0x80, 0)]).toEqual([true, false])
    expect([sized(0xe0, 0, 0, 0x80, 0, 0, 0, 0, 0), sized(0xe0, 1, 0, 0x80, 0, 0, 0, 0, 0)]).toEqual([true, false])
    expect([sized(0xa0, 0, 0, 0, 1), sized(0xe0, 0, 0, 0, 0, 0, 0, 0, 1)]).toEqual([false, false])
    for (const [flags, length] of [
      [0xa2, 2],
      [0xa3, 4],
    ] as const) {
      const dictionary = Array.from({ length }, () => 0)
      expect([sized(flags, ...dictionary, 0, 0, 0x80, 0), sized(flags, ...dictionary, 1, 0, 0x80, 0)]).toEqual([
        true,
        false,
      ])
    }
    // In a frame with a dictionary id, here of one byte, the size follows the id.
    expect([sized(0xa1, 0, 0, 0, 0x80, 0), sized(0xa1, 0, 1, 0, 0x80, 0)]).toEqual([true, false])
  })

  test('the body decoder returns the complete blocks of a truncated zstd body', () => {
    const raw = (bytes: Buffer, isLast: boolean) => {
      const bits = (bytes.length << 3) | (isLast ? 1 : 0)
      return Buffer.concat([Buffer.from([bits & 255, (bits >> 8) & 255, bits >> 16]), bytes])
    }
    const [first, second] = [Buffer.alloc(3000, 'a'), Buffer.alloc(500, 'b')]
    const whole = Buffer.concat([
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50]),
      raw(first, false),
      raw(second, true),
    ])
    expect(decoded(whole, 'zstd', { most: 3500 })).toEqual(Buffer.concat([first, second]))
    expect(decoded(whole, 'zstd', { most: 3499 })).toBeUndefined()
    const half = whole.subarray(0, -9)
    expect(decoded(half, 'zstd', { most: 3500, isCut: true })).toEqual(first)
    expect(decoded(half, 'zstd', { most: 3500 })).toBeUndefined()
  })

  test.each([1023, 1024, 1025, 2048])(
    'the body decoder detects that a zstd body is truncated after %i bytes',
    (length) => {
      const bits = (1000 << 3) | 0
      const raw = Buffer.concat([Buffer.from([bits & 255, (bits >> 8) & 255, bits >> 16]), Buffer.alloc(1000, 'a')])
      const body = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50]), raw, raw, raw]).subarray(0, length)
      expect(decoded(body, 'zstd', { most: 5000 })).toBeUndefined()
      expect(decoded(body, 'zstd', { most: 5000, isCut: true })?.length).toBe(Math.floor((length - 6) / 1003) * 1000)
    },
  )

  test('the body decoder returns the decoded beginning of a truncated body', () => {
    const random = Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * i * 7919) % 251))
    for (const [coding, body] of [
      ['gzip', gzipSync(random)],
      ['deflate', deflateSync(random)],
      ['br', brotliCompressSync(random)],
    ] as const) {
      const half = body.subarray(0, body.length >> 1)
      const beginning = decoded(half, coding, { most: 10_000, isCut: true })
      expect(decoded(half, coding, { most: 10_000 })).toBeUndefined()
      expect(beginning?.length).toBeGreaterThan(0)
      expect(random.subarray(0, beginning?.length)).toEqual(beginning)
    }
  })

  test('the body decoder decodes an empty gzip body as empty content', () => {
    expect(decoded(Buffer.alloc(0), 'gzip', { most })).toEqual(Buffer.alloc(0))
  })
})

describe('the body encoder', () => {
  test.each(['gzip', 'deflate', 'br', 'identity', 'br, gzip', undefined])(
    'the body encoder applies the content coding %s',
    (coding) => {
      const body = encoded(content, coding)
      expect(body !== undefined && decoded(body, coding, { most })).toEqual(content)
      expect(body?.equals(content)).toBe(isPlain(coding))
    },
  )

  test.each(['zstd', 'compress', 'gzip, zstd'])(
    'the body encoder returns undefined for the content coding %s',
    (coding) => {
      expect(encoded(content, coding)).toBeUndefined()
    },
  )
})

function repeated(blocks: number, size: number): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50])
  const block = (isLast: boolean) => {
    const bits = (size << 3) | (1 << 1) | (isLast ? 1 : 0)
    return Buffer.from([bits & 255, (bits >> 8) & 255, bits >> 16, 0x7a])
  }
  return Buffer.concat([header, ...Array.from({ length: blocks }, (_, i) => block(i === blocks - 1))])
}
