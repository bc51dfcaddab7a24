import { UserError } from '@chaos/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameReader } from '../src/framing/frame-reader.ts'
import type { Direction, Framing } from '../src/framing/framing.ts'
import { isOneMessage } from '../src/framing/framing.ts'
import { jsonLines } from '../src/framing/json-lines.ts'
import { lengthPrefixed } from '../src/framing/length-prefixed.ts'
import { parseFraming } from '../src/framing/parse-framing.ts'
import { resp } from '../src/framing/resp.ts'
import { readResp, readRespCommand } from '../src/framing/resp-value.ts'
import { websocket } from '../src/websocket/websocket.ts'
import { createMessageScanner } from '../src/websocket/websocket-scanner.ts'

const latin = (text: string) => Buffer.from(text, 'latin1')

/** What a reader hands out, with whole messages in brackets. */
function readAll(
  framing: Framing,
  chunks: readonly Buffer[],
  { direction = 'requests' as Direction, max = 1000 } = {},
) {
  const reader = new FrameReader({ scanner: framing.scanner(direction), maxFrameBytes: max })
  const out: { whole: boolean; bytes: Buffer }[] = []
  const sink = {
    frame: (bytes: Buffer) => void out.push({ whole: true, bytes: Buffer.from(bytes) }),
    loose: (bytes: Buffer) => void out.push({ whole: false, bytes: Buffer.from(bytes) }),
  }
  for (const chunk of chunks) {
    const scratch = Buffer.from(chunk)
    reader.read(scratch, sink)
    // The source reads into the same memory again.
    scratch.fill(0)
  }
  return { reader, out, messages: out.filter(({ whole }) => whole).map(({ bytes }) => bytes.toString('latin1')) }
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const edges = [0, ...[...at].map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end))
}

/** Joins neighbours that are loose: where they are cut depends on where the stream was. */
function normal(out: readonly { whole: boolean; bytes: Buffer }[]): string[] {
  const joined: string[] = []
  let loose = ''
  for (const { whole, bytes } of [...out, { whole: true, bytes: latin('') }]) {
    if (!whole) {
      loose += bytes.toString('latin1')
      continue
    }
    if (loose !== '') joined.push(`loose ${loose}`)
    loose = ''
    joined.push(bytes.toString('latin1'))
  }
  return joined
}

const respExamples = [
  '+OK\r\n',
  '-ERR no such thing\r\n',
  ':42\r\n',
  '$-1\r\n',
  '$0\r\n\r\n',
  '$7\r\na\r\nb\0\xff\n\r\n',
  '*-1\r\n',
  '*0\r\n',
  '*2\r\n$3\r\nGET\r\n$1\r\nx\r\n',
  '*3\r\n*1\r\n:1\r\n$-1\r\n*2\r\n+a\r\n-b\r\n',
  '_\r\n',
  '#t\r\n',
  ',3.25\r\n',
  '(3492890328409238509324850943850943825024385\r\n',
  '!5\r\nwrong\r\n',
  '=7\r\ntxt:abc\r\n',
  '%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n',
  '~2\r\n:1\r\n:2\r\n',
  '>2\r\n+message\r\n+hello\r\n',
  '|1\r\n+ttl\r\n:3600\r\n*1\r\n:1\r\n',
  '*1\r\n|1\r\n+k\r\n+v\r\n:7\r\n',
]
const inlineExamples = ['PING\r\n', '\r\n', '\n', 'get x\n']

const prefixes = [1, 2, 3, 4].flatMap((lengthFieldLength) =>
  (['big', 'little'] as const).flatMap((byteOrder) =>
    [0, -lengthFieldLength, 1].map((lengthAdjustment) =>
      parseFraming(
        { kind: 'length-prefixed', lengthFieldLength, byteOrder, lengthAdjustment, lengthFieldOffset: 1 },
        'x',
      ),
    ),
  ),
)
const bodies = ['', 'a', 'hello', '\0\x01\n'.repeat(30)]

/** After the change of protocol: whole, in fragments with a ping among them, long, empty, and compressed. */
const frames = (masked: boolean) => {
  const mask = masked ? '\x07\xff\x30\x01' : ''
  const lengthOf = (n: number) => String.fromCharCode(n | (masked ? 0x80 : 0))
  const long = (n: number) => String.fromCharCode(126 | (masked ? 0x80 : 0), n >> 8, n & 0xff)
  return [
    `\x81${lengthOf(5)}${mask}hello`,
    `\x82${long(300)}${mask}${'x'.repeat(300)}`,
    `\x82${lengthOf(127)}\0\0\0\0\0\0\0\x03${mask}abc`,
    `\x01${lengthOf(1)}${mask}a\x89${lengthOf(2)}${mask}hi\x00${lengthOf(0)}${mask}\x80${lengthOf(1)}${mask}b`,
    `\xc1${lengthOf(2)}${mask}zz`,
    `\x8a${lengthOf(0)}${mask}`,
    `\x88${lengthOf(2)}${mask}\x03\xe8`,
  ]
}
const messagesOnly: Framing = { ...websocket, scanner: createMessageScanner }

const corpora: {
  readonly name: string
  readonly framing: Framing
  readonly direction: Direction
  readonly examples: readonly string[]
}[] = [
  { name: 'RESP requests', framing: resp, direction: 'requests', examples: [...respExamples, ...inlineExamples] },
  { name: 'RESP responses', framing: resp, direction: 'responses', examples: respExamples },
  {
    name: 'JSON lines',
    framing: jsonLines,
    direction: 'requests',
    examples: ['{"a":1}\n', '\n', '[]\r\n', 'not JSON\n'],
  },
  { name: 'WebSocket requests', framing: messagesOnly, direction: 'requests', examples: frames(true) },
  { name: 'WebSocket responses', framing: messagesOnly, direction: 'responses', examples: frames(false) },
  ...prefixes.map((framing, i) => ({
    name: `length prefix ${i}`,
    framing,
    direction: 'requests' as const,
    examples: bodies
      .map((body) => {
        try {
          return framing.write({ base64: latin(body).toString('base64') }, 'requests').toString('latin1')
        } catch {
          return ''
        }
      })
      .filter((message) => message !== ''),
  })),
]

describe.each(corpora)('$name', ({ framing, direction, examples }) => {
  test('finds the same messages however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...examples), { maxLength: 12 }),
        fc.array(fc.nat(2000), { maxLength: 12 }),
        (messages, cuts) => {
          const stream = latin(messages.join(''))
          expect(readAll(framing, cut(stream, cuts), { direction }).messages).toEqual(messages)
        },
      ),
      { numRuns: 60 },
    )
    const all = latin(examples.join(''))
    expect(
      readAll(
        framing,
        [...all].map((byte) => Buffer.of(byte)),
        { direction },
      ).messages,
    ).toEqual(examples)
    for (const example of examples) expect(isOneMessage(framing, direction, latin(example))).toBe(true)
  })

  test('hands every byte of anything on, once, and the same messages for every cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...examples), fc.string({ unit: 'binary-ascii', maxLength: 20 })), {
          maxLength: 8,
        }),
        fc.array(fc.nat(2000), { maxLength: 8 }),
        fc.constantFrom(8, 30, 1000),
        (pieces, cuts, max) => {
          const stream = latin(pieces.join(''))
          const whole = readAll(framing, [stream], { direction, max })
          const parts = readAll(framing, cut(stream, cuts), { direction, max })
          const given = (read: typeof whole) =>
            read.out.reduce((sum, { bytes }) => sum + bytes.length, read.reader.waitingBytes)
          expect([given(whole), given(parts)]).toEqual([stream.length, stream.length])
          expect(parts.messages).toEqual(whole.messages)
          expect(parts.reader.framed).toBe(whole.reader.framed)
          expect(
            Buffer.concat(parts.out.map(({ bytes }) => bytes)).equals(
              stream.subarray(0, stream.length - parts.reader.waitingBytes),
            ),
          ).toBe(true)
        },
      ),
      { numRuns: 80 },
    )
  })
})

test('random bytes neither stop nor break any parser', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat(60), (garbage, n) => {
      const { framing, direction } = corpora[n % corpora.length] ?? { framing: resp, direction: 'requests' as const }
      const { out, reader } = readAll(framing, [Buffer.from(garbage)], { direction })
      expect(out.reduce((sum, { bytes }) => sum + bytes.length, reader.waitingBytes)).toBe(garbage.length)
      for (const { bytes } of out) {
        readResp(bytes)
        readRespCommand(bytes)
        framing.read(bytes)
      }
    }),
    { numRuns: 300 },
  )
})

describe('a message that is too large', () => {
  test('goes on loose, as it comes, and the next ones are messages again', () => {
    const read = readAll(resp, cut(latin(`+a\r\n$3000\r\n${'x'.repeat(3000)}\r\n+b\r\n`), [500, 1500, 2500]), {
      max: 1000,
    })
    expect(read.messages).toEqual(['+a\r\n', '+b\r\n'])
    expect(normal(read.out).length).toBe(4)
    expect([read.reader.oversized, read.reader.framed]).toEqual([1, true])
  })

  test.each([
    ['a string of 4 GiB', resp, '$4294967296\r\nabc'],
    ['an array of 4,294,967,296', resp, '*4294967296\r\n'],
    ['a length of 4 GiB', lengthPrefixed({ lengthFieldLength: 4, byteOrder: 'big' }), '\xff\xff\xff\xffabc'],
  ])('costs no more memory than what came of it: %s', (_, framing, text) => {
    const before = process.memoryUsage().arrayBuffers
    const { out, reader } = readAll(framing, [latin(text), Buffer.alloc(1100)])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
    expect(out.every(({ whole }) => !whole)).toBe(true)
    expect(reader.waitingBytes).toBe(0)
  })

  test('is kept in memory of its own size though it comes byte by byte', () => {
    const reader = new FrameReader({ scanner: jsonLines.scanner('requests'), maxFrameBytes: 1 << 20 })
    const none = { frame: () => undefined, loose: () => undefined }
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 100_000; i++) reader.read(Buffer.of(0x20), none)
    expect(reader.waitingBytes).toBe(100_000)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000)
  })
})

test.each([
  ['$99999999999\r\n'],
  ['$-\r\n'],
  ['$1\rx'],
  ['$1x\r\n'],
  ['$1\r\nabc'],
  ['*?\r\n'],
  ['HTTP/1.1 200 OK\r\n'],
  [`+${'x'.repeat(70_000)}\r\n`],
])('%j is no RESP, and everything after it goes on loose', (text) => {
  const { out, reader, messages } = readAll(resp, [latin(`:1\r\n${text}`), latin(':2\r\n')], {
    direction: 'responses',
    max: 1e6,
  })
  expect(messages).toEqual([':1\r\n'])
  expect(reader.framed).toBe(false)
  expect(normal(out)).toEqual([':1\r\n', `loose ${text}:2\r\n`, ''])
})

test('a message that was begun before anyone listened goes on loose, and the next is whole', () => {
  const reader = new FrameReader({ scanner: jsonLines.scanner('requests'), maxFrameBytes: 100 })
  const out: string[] = []
  const sink = { frame: (b: Buffer) => void out.push(`whole ${b}`), loose: (b: Buffer) => void out.push(`loose ${b}`) }
  reader.skim(latin('1\n[2,'))
  reader.read(latin('3]\n4\n5'), sink)
  reader.release(sink)
  reader.read(latin('6\n7\n'), sink)
  expect(out).toEqual(['loose 3]\n', 'whole 4\n', 'loose 5', 'loose 6\n', 'whole 7\n'])
})

describe('what RESP messages say', () => {
  test.each([
    ['$2\r\nhi\r\n', 'hi'],
    ['$1\r\n\xff\r\n', { base64: '/w==' }],
    ['-ERR x\r\n', { error: 'ERR x' }],
    ['!3\r\nbad\r\n', { error: 'bad' }],
    [':-7\r\n', -7],
    [':9007199254740993\r\n', '9007199254740993'],
    [',0.5\r\n', 0.5],
    ['#f\r\n', false],
    ['_\r\n', null],
    ['$-1\r\n', null],
    ['=5\r\ntxt:a\r\n', 'a'],
    ['*2\r\n:1\r\n*-1\r\n', [1, null]],
    ['%1\r\n+a\r\n:1\r\n', ['a', 1]],
    ['|1\r\n+ttl\r\n:1\r\n+x\r\n', 'x'],
  ])('%j', (text, said) => {
    expect(resp.read(latin(text))).toEqual(said)
  })

  test('commands are read from arrays and from lines', () => {
    expect(resp.command?.(latin('*2\r\n$3\r\nget\r\n$1\r\nx\r\n'))).toEqual({ name: 'GET', key: 'x' })
    expect(resp.command?.(latin('set y 1\r\n'))).toEqual({ name: 'SET', key: 'y' })
    expect(resp.command?.(latin(':1\r\n'))).toBe(undefined)
  })

  test('nesting without end is left unread, and found to be a message all the same', () => {
    const deep = `${'*1\r\n'.repeat(100_000)}:1\r\n`
    expect(isOneMessage(resp, 'responses', latin(deep))).toBe(true)
    expect(resp.read(latin(deep))).toBe(undefined)
  })
})

test('what is written is one message, which says what was meant', () => {
  const four = lengthPrefixed({ lengthFieldLength: 4, byteOrder: 'little', lengthAdjustment: -4 })
  for (const [framing, value] of [
    [jsonLines, { a: [1, 'ü\n'] }],
    [resp, ['SET', 'x', 'ü\r\n']],
    [four, 'text'],
    [four, { base64: '/w==' }],
  ] as const) {
    const message = framing.write(value, 'requests')
    expect(isOneMessage(framing, 'requests', message)).toBe(true)
    expect(framing.read(message)).toEqual(value)
  }
})

describe('a WebSocket connection', () => {
  const asked = 'GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  const early = 'HTTP/1.1 103 Early Hints\r\n\r\n'
  const agreed = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'

  test('begins with heads of HTTP, which are no messages to be hurt', () => {
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
  ])('that is none (%s %j) goes on loose', (direction, text) => {
    const { reader, out } = readAll(websocket, [latin(text), latin('more')], { direction, max: 1e6 })
    expect(reader.framed).toBe(false)
    expect(out.map(({ bytes }) => bytes.toString('latin1')).join('')).toBe(`${text}more`)
  })

  test('says texts, JSON, bytes and why it ends, and is read without its mask', () => {
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
    expect(() => websocket.write({ close: 7 }, 'responses')).toThrow('a close has a code from 1000 to 4999')
  })
})

describe('a framing that makes no sense is refused with what to do', () => {
  test.each([
    ['soap', 'route n1: there is no framing "soap"; there are json-lines, resp, websocket, length-prefixed'],
    [undefined, 'route n1: there is no framing undefined; there are'],
    [null, 'route n1: there is no framing null'],
    [{ kind: 'resp', version: 3 }, 'route n1: unknown member "version"; there are kind'],
    [{ kind: 'length-prefixed' }, 'route n1: lengthFieldLength is 1, 2, 3 or 4 bytes, as in {"kind"'],
    [
      { kind: 'length-prefixed', lengthFieldLength: 2, byteOrder: 'middle' },
      'route n1: byteOrder is "big" or "little"',
    ],
    [
      { kind: 'length-prefixed', lengthFieldLength: 2, lengthFieldOffset: -1 },
      'lengthFieldOffset is a whole number of bytes, 0 to 1024',
    ],
    [
      { kind: 'length-prefixed', lengthFieldLength: 2, lengthAdjustment: 0.5 },
      'lengthAdjustment is a whole number of bytes',
    ],
  ])('%j', (json, message) => {
    expect(() => parseFraming(json, 'route n1')).toThrow(UserError)
    expect(() => parseFraming(json, 'route n1')).toThrow(message)
  })

  test('and so is a message that cannot be written', () => {
    expect(() => lengthPrefixed({ lengthFieldLength: 1, byteOrder: 'big' }).write('x'.repeat(256), 'requests')).toThrow(
      'does not fit',
    )
    expect(() => lengthPrefixed({ lengthFieldLength: 1, byteOrder: 'big' }).write(7, 'requests')).toThrow(
      'is a text, or bytes',
    )
    expect(() => resp.write('OK', 'requests')).toThrow('not one whole RESP message')
    expect(() => resp.write({}, 'requests')).toThrow('a RESP message is a command')
  })
})
