import { once } from 'node:events'
import { connect, type OutgoingHttpHeaders } from 'node:http2'
import { type AddressInfo, createServer } from 'node:net'
import { createRandom } from '@chaosproxy/faults'
import fc from 'fast-check'
import { describe, expect, inject, test } from 'vitest'
import { FrameReader } from '../../../src/framing/frame-reader.ts'
import { FRAME, typeOf } from '../../../src/http2/frames.ts'
import { HeaderBlockJoiner, HeaderReader } from '../../../src/http2/header-reader.ts'
import { HpackDecoder } from '../../../src/http2/hpack/hpack-decoder.ts'
import { HpackError } from '../../../src/http2/hpack/hpack-error.ts'
import { decodeHuffman } from '../../../src/http2/hpack/huffman.ts'
import { createHttp2Scanner } from '../../../src/http2/http2-scanner.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

const FIRST = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'www.example.com' }
const SECOND = { ...FIRST, 'cache-control': 'no-cache' }
const THIRD = {
  ':method': 'GET',
  ':scheme': 'https',
  ':path': '/index.html',
  ':authority': 'www.example.com',
  'custom-key': 'custom-value',
}

describe('the HPACK decoder', () => {
  test.each([
    [
      'C.3, requests without Huffman codes',
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
    [
      'C.4, requests with Huffman codes',
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
  ])('the HPACK decoder decodes the examples of RFC 7541, appendix %s', (_, ...blocks) => {
    const decoder = new HpackDecoder()
    expect(blocks.map((block) => Object.fromEntries(decoder.decode(hex(block))))).toEqual([FIRST, SECOND, THIRD])
  })

  test('the HPACK decoder decodes fields with and without indexing (RFC 7541, appendix C.2)', () => {
    const decoder = new HpackDecoder()
    expect([...decoder.decode(hex('040c 2f73 616d 706c 652f 7061 7468'))]).toEqual([[':path', '/sample/path']])
    expect([...decoder.decode(hex('1008 7061 7373 776f 7264 0673 6563 7265 74'))]).toEqual([['password', 'secret']])
    expect(() => decoder.decode(hex('be'))).toThrow('there is no entry 62')
  })

  const literal = (first: number, name: string, value: Buffer) =>
    Buffer.concat([
      Buffer.from([first, name.length]),
      Buffer.from(name),
      Buffer.from([
        0x7f,
        ((value.length - 127) & 127) | 128,
        ((value.length - 127) >> 7) | 128,
        (value.length - 127) >> 14,
      ]),
      value,
    ])

  test('the HPACK decoder joins the values of equal names into a list, and the values of cookies into one cookie', () => {
    const block = hex('4001 6101 31 4001 6101 32 6001 78 6001 79')
    expect([...new HpackDecoder().decode(block)]).toEqual([
      ['a', '1, 2'],
      ['cookie', 'x; y'],
    ])
  })

  test('the HPACK table keeps a field that fills it, and no larger field', () => {
    const decoder = new HpackDecoder()
    decoder.decode(literal(0x40, 'a', Buffer.alloc(4096 - 32 - 1, 'v')))
    expect(decoder.decode(hex('be')).get('a')).toHaveLength(4063)
    decoder.decode(literal(0x40, 'a', Buffer.alloc(4096 - 32, 'v')))
    expect(() => decoder.decode(hex('be'))).toThrow('there is no entry 62')
  })

  test('the HPACK decoder knows the 61 entries of the static table, and accepts a dynamic table of up to 1 MiB', () => {
    expect([...new HpackDecoder().decode(hex('bd 81'))]).toEqual([
      ['www-authenticate', ''],
      [':authority', ''],
    ])
    const sized = (size: string) => () => new HpackDecoder().decode(hex(size))
    expect(sized('3f e1 ff 3f')).not.toThrow()
    expect(sized('3f e2 ff 3f')).toThrow('too large')
  })

  test('the HPACK decoder lists the fields of a block of up to 256 KiB, and no fields of a larger block', () => {
    const decoder = new HpackDecoder()
    expect(decoder.fields).toEqual([])
    decoder.decode(literal(0x00, 'a', Buffer.alloc(256 * 1024 - 1)))
    expect(decoder.fields).toHaveLength(1)
    decoder.decode(literal(0x00, 'a', Buffer.alloc(256 * 1024)))
    expect(decoder.fields).toBeUndefined()
    decoder.decode(hex('82'))
    expect(decoder.fields).toHaveLength(1)
  })

  test('the HPACK decoder evicts the oldest entry from a table of 256 bytes (RFC 7541, appendix C.6)', () => {
    const decoder = new HpackDecoder()
    decoder.decode(hex('3fe1 01'))
    decoder.decode(
      hex(
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      ),
    )
    expect([...decoder.decode(hex('4883 640e ffc1 c0bf'))]).toEqual([
      [':status', '307'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
      ['location', 'https://www.example.com'],
    ])
    // The status 302 was the oldest entry, and was evicted by 307.
    expect(() => decoder.decode(hex('c2'))).toThrow('there is no entry 66')
  })
})

/** Returns the header blocks that Node's HTTP/2 client sends for these requests. */
async function blocksOf(requests: readonly OutgoingHttpHeaders[], settings = {}): Promise<readonly Buffer[]> {
  const blocks: Buffer[] = []
  const reader = new FrameReader({ scanner: createHttp2Scanner('requests'), maxFrameBytes: 1 << 24 })
  const joiner = new HeaderBlockJoiner()
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    // An empty SETTINGS frame, and the acknowledgement of the client's settings.
    socket.write(hex('000000040000000000 000000040100000000'))
    socket.on('data', (bytes) => {
      const sink = {
        frame(frame: Buffer) {
          const whole = joiner.join(frame)
          if (whole !== undefined && typeOf(whole) === FRAME.headers) blocks.push(Buffer.from(whole))
          if (blocks.length === requests.length) socket.destroy()
        },
        loose: () => undefined,
      }
      reader.read(bytes, sink)
    })
    socket.on('close', () => server.close())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    maxSendHeaderBlockLength: 1 << 20,
    ...settings,
  })
  session.on('error', () => undefined)
  session.once('remoteSettings', () => {
    for (const headers of requests) session.request(headers, { endStream: true }).on('error', () => undefined)
  })
  await once(server, 'close')
  return blocks
}

const letters = (from: number, to: number): string =>
  String.fromCharCode(...Array.from({ length: to - from + 1 }, (_, i) => from + i))

test('the HPACK decoder decodes blocks from node:http2 that refer to earlier blocks', async () => {
  const seed = `hpack ${inject('seed')}`
  const random = createRandom(seed)
  const text = (most: number) =>
    Array.from({ length: 1 + random.integer(most) }, () => random.pick([...letters(0x21, 0x7e)])).join('')
  const requests = Array.from({ length: 100 }, () => ({
    ':method': random.pick(['GET', 'POST', 'PUT']),
    ':path': `/${text(20)}`,
    'x-text': text(60),
    'grpc-timeout': random.pick(['1S', '100m', '20u']),
    'x-large': 'v'.repeat(1 + random.integer(3000)),
  }))
  // `wide` has most octets that a value may contain. The header block of `long` is too long for one frame.
  const wide = { ':path': '/wide', 'x-text': `${letters(0x21, 0x7e)}${letters(0xa1, 0xff)}` }
  const long = { ':path': '/long', 'x-text': 'y'.repeat(60_000) }
  const headerLists: OutgoingHttpHeaders[] = [...requests, wide, long, ...requests]
  const heads = new HeaderReader()
  const read = (await blocksOf(headerLists)).map((block) => heads.read(block))
  expect(read.length).toBe(headerLists.length)
  for (const [i, headers] of headerLists.entries()) {
    expect([read[i]?.get(':method'), read[i]?.get(':path')], seed).toEqual([
      headers[':method'] ?? 'GET',
      headers[':path'],
    ])
    const names = Object.keys(headers)
    expect(
      names.map((name) => read[i]?.get(name)),
      seed,
    ).toEqual(names.map((name) => headers[name]))
  }
})

describe('an invalid HPACK block', () => {
  test.each([
    ['an index of zero', '80', 'no entry 0'],
    ['an index that is too long', 'ff ff ff ff ff ff ff', 'too long'],
    ['an index of six further bytes', 'ff 80 80 80 80 80 00', 'too long'],
    ['an index of five further bytes', 'ff 80 80 80 80 00', 'no entry 127'],
    ['an index beyond the table', 'be', 'no entry 62'],
    ['a missing text', '40 05 61', 'in the middle of a text'],
    ['a missing value', '40 01 61', 'in the middle of a field'],
    ['an end of text inside a text', '40 84 ff ff ff ff 00', 'contains the EOS symbol'],
    ['padding of zeros', '40 81 00 00', 'not filled with ones'],
    ['padding of more than seven bits', '40 82 1f ff 00', 'not filled with ones'],
    ['a table of 2 GB', '3f e1 ff ff ff 07', 'too large'],
  ])('an invalid HPACK block is refused because of %s: %s', (_, block, message) => {
    expect(() => new HpackDecoder().decode(hex(block))).toThrow(HpackError)
    expect(() => new HpackDecoder().decode(hex(block))).toThrow(message)
  })

  test('an invalid HPACK block is either decoded to fields of bounded size or refused with an HpackError', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (blocks) => {
        const decoder = new HpackDecoder()
        try {
          for (const block of blocks) decoder.decode(Buffer.from(block))
        } catch (error) {
          expect(error).toBeInstanceOf(HpackError)
        }
      }),
      { numRuns: 2000 },
    )
    // Each octet refers to an entry with a value of 4,000 octets.
    const decoder = new HpackDecoder()
    decoder.decode(Buffer.concat([hex('40 01 61 7f a1 1e'), Buffer.alloc(4000, 'v')]))
    expect(decoder.decode(Buffer.alloc(100_000, 0xbe)).get('a')?.length).toBeLessThan(300_000)
  })
})

// These octets rarely occur in header fields, and the HTTP/2 client of Node cannot send them.
test.each([
  [0, 'ff c7'],
  [1, 'ff ff b1'],
  [10, 'ff ff ff f3'],
  [127, 'ff ff ff cf'],
  [249, 'ff ff ff ef'],
  [255, 'ff ff fb bf'],
])('octet %i has the Huffman code that RFC 7541 lists', (octet, code) => {
  expect(decodeHuffman(hex(code))).toBe(String.fromCharCode(octet))
})
