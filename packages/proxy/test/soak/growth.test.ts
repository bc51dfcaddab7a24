import { http2Family, httpFamily, messageFamily } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { createRecorder } from '../../../recorder/src/record/recorder.ts'
import { parseRouteTable } from '../../../recorder/src/routes/parsing/parse-table.ts'
import { type Duration, LONGEST_MS, type Parts, timed, troublesOf } from '../../../recorder/test/protocols/growth.ts'
import { ManualClock } from '../../../testing/src/sockets.ts'
import { jsonLines } from '../../../wire/src/framing/json-lines.ts'
import { framings } from '../../../wire/src/framings.ts'
import { FLAG, FRAME, HEADER_BYTES, PREFACE } from '../../../wire/src/http2/frames.ts'
import { encodeFrame, OPCODE } from '../../../wire/src/websocket/frame.ts'
import { websocket } from '../../../wire/src/websocket/websocket.ts'
import { createHttpFaults } from '../../src/http/http-faults.ts'
import { createHttp2Faults } from '../../src/http2/http2-faults.ts'
import type { Conversation, Exit, Intercept } from '../../src/interceptor/interceptor.ts'
import { createMessageFaults } from '../../src/messages/message-faults.ts'

// Interceptors without sockets, and without the boundary that contains their errors.

type Direction = 'requests' | 'responses'
type Chunk = readonly [direction: Direction, bytes: Buffer]

interface Subject {
  readonly parts: Parts
  readonly open: () => Intercept
  /** The chunks that the connection receives before the text whose reading is timed. */
  readonly greeting?: readonly Chunk[]
  readonly direction?: Direction
  readonly bytesOf?: (text: string) => Buffer
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

/** Opens an interceptor without sockets. All bytes that it passes on count as delivered at once. */
function openWith(intercept: Intercept) {
  const passedBytes = { requests: 0, responses: 0 }
  let isOver = false
  const exit = (direction: Direction): Exit => ({
    pass(bytes) {
      passedBytes[direction] += bytes.length
      return true
    },
    end: () => undefined,
    reset: () => undefined,
    setReading: () => undefined,
    congested: false,
  })
  const conversation: Conversation = {
    id: 1,
    client: { host: '127.0.0.1', port: 1 },
    requests: exit('requests'),
    responses: exit('responses'),
    dial: () => undefined,
    abort: () => {
      isOver = true
    },
    guard: (callback) => callback(),
  }
  const interceptor = intercept(conversation)
  return {
    receive([direction, bytes]: Chunk): void {
      if (isOver) return
      interceptor[direction].receive(bytes)
      interceptor[direction].delivered(passedBytes[direction])
    },
    close: () => interceptor.closed(),
  }
}

/** The sizes of the chunks in which a text arrives: the whole text, or a number of bytes. */
const CHUNKS = { whole: Number.POSITIVE_INFINITY, 'chunks of 7 bytes': 7 } as const

function timeToRead(subject: Subject, text: string, chunkBytes: number): Duration {
  const { open, greeting = [], direction = 'requests', bytesOf = latin1 } = subject
  const connection = openWith(open())
  for (const chunk of greeting) connection.receive(chunk)
  const bytes = bytesOf(text)
  function* steps() {
    const step = Math.min(chunkBytes, Math.max(1, bytes.length))
    for (let at = 0; at < bytes.length; at += step)
      yield () => connection.receive([direction, Buffer.from(bytes.subarray(at, at + step))])
    yield () => connection.close()
  }
  return timed(steps())
}

const routes = [
  { request: 'PUT /kv/{key}', f: 'write', value: 'body' },
  { request: 'GET /kv/{key}', f: 'read', result: 'json.a.b', outcomes: { '404': 'absent' } },
  { request: 'POST /json/{key}', f: 'write', value: 'json.a.b', client: 'json.client' },
  { request: 'POST /form/{key}', f: 'write', value: 'form.value', client: 'cookie.sid' },
  { request: 'GET /q', f: 'read', key: ['query.a', 'header.x'], result: 'body' },
]

const httpHarms = [
  { kind: 'error-status', match: { body: 'needle' } },
  { kind: 'error-status', after: 'forwarding', match: { header: 'a', headerValue: 'b' } },
  { kind: 'edit-reply', headers: { 'X-Edited': 'yes' }, body: 'edited', match: { status: '5xx' } },
  { kind: 'edit-request', headers: { 'X-Edited': 'yes' }, match: { path: '/kv/{key}' } },
  { kind: 'duplicate-request', match: { method: 'PUT' } },
  { kind: 'truncate-reply', match: { path: '/json/{key}' } },
]

const recording = () => {
  let time = 0
  return createRecorder({ client: { write: () => undefined }, now: () => nanos(++time) })
}

const way = { from: 'clients', to: 'n1' }
const harm = { links: ['clients>n1'] }

const http = (harms: readonly object[]) => (): Intercept => {
  const faults = createHttpFaults({ seed: 1, clock: new ManualClock(), recorder: recording() })
  const intercept = faults.intercept({ ...way, table: parseRouteTable({ routes }, 'a test') })
  for (const each of harms) faults.apply(httpFamily.parse({ ...harm, ...each }, 'a test'))
  return intercept
}

const messages = {
  'kv.Node': [
    ...['bytes key = 1', 'string value = 2', 'kv.Node child = 3', 'repeated int32 numbers = 4'],
    ...['map<string, kv.Node> children = 5', 'repeated kv.Node list = 6'],
  ],
}
const methods = { '/kv.Store/Put': ['kv.Node', 'kv.Node'] }
const grpcRoutes = [{ request: 'GRPC /kv.Store/Put', f: 'write', key: 'json.key', value: 'json.child' }]

const http2 = (harms: readonly object[]) => (): Intercept => {
  const faults = createHttp2Faults({ seed: 1, clock: new ManualClock(), recorder: recording() })
  const table = parseRouteTable({ routes: [...routes, ...grpcRoutes], messages, methods }, 'a test')
  const intercept = faults.intercept({ ...way, table })
  for (const each of harms) faults.apply(http2Family.parse({ ...harm, ...each }, 'a test'))
  return intercept
}

const framed = (framing: (typeof framings)[number], match: object | undefined) => (): Intercept => {
  const faults = createMessageFaults({ seed: 1, clock: new ManualClock() })
  const intercept = faults.intercept({ ...way, framing })
  if (match !== undefined)
    faults.apply(messageFamily.parse({ ...harm, kind: 'delay-message', delayMs: 5, match }, 'a test'))
  return intercept
}

const GET = 'GET /kv/a HTTP/1.1\r\nHost: a\r\n\r\n'
const sized = (head: string) => (text: string) =>
  latin1(`${head} HTTP/1.1\r\nHost: a\r\nContent-Length: ${text.length}\r\n\r\n${text}`)

const requestText: Parts = {
  begins: [
    ...[
      'GET /kv/a HTTP/1.1\r\n',
      'PUT /kv/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'GET /q?',
      'GET /kv/',
      '',
    ],
    ...[
      'GET / HTTP/1.1\r\na: ',
      'GET / HTTP/1.1\r\nConnection: ',
      'PUT /kv/a HTTP/1.1\r\nExpect: ',
      'GET /q HTTP/1.1\r\n',
    ],
    ...['POST /json/a HTTP/1.1\r\nContent-Length: 65536\r\n\r\n', 'POST /form/a HTTP/1.1\r\nCookie: ', 'PUT '],
    ...[
      '\u0016\u0003\u0001\u0000\u0000\u0001',
      'GET / HTTP/1.1\nHost: a\n\n',
      'PUT /kv/a HTTP/1.1\r\nContent-Encoding: ',
    ],
  ],
  around: [
    ...([
      ['a: ', '\r\n'],
      ['Transfer-Encoding: ', 'chunked\r\n'],
      ['Content-Length: 0\r\n', ''],
      ['1\r\na\r\n', ''],
      ['1;a="', '"\r\na\r\n'],
    ] as const),
    ...([
      [GET, ''],
      ['PUT /kv/a HTTP/1.1\r\nContent-Length: 1\r\n\r\nb', ''],
      ['%41', ''],
      ['a=', '&'],
      ['/', ''],
      ['../', ''],
    ] as const),
    ...([
      [' ', ''],
      ['\t', ''],
      ['', ' '],
      ['\r\n ', ''],
      ['GET /', ' '],
      ['get ', 'a'],
      ['a', ''],
      [',', ' '],
      ['; ', '='],
      ['"', '"'],
    ] as const),
    ...([
      ['\u0000', ''],
      ['\u00ff', ''],
      ['{', '}'],
      ['PRI * HTTP/2.0\r\n', ''],
      ['%', ''],
      ['+', ''],
      ['\n', ''],
      ['\r', ''],
    ] as const),
  ],
  between: ['', '\r\n', ' ', ',', ';', '&', '\n', '\r', ' , ', 'HTTP/1.1', ' HTTP/1.1\r\n'],
  innermost: ['', 'x', '0\r\n\r\n', '\r\n\r\n', ' HTTP/1.1\r\n\r\n', 'close', 'needle', '100-continue', 'upgrade'],
}

const replyText: Parts = {
  begins: [
    ...[
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      'HTTP/1.1 100 Continue\r\n\r\n',
    ],
    ...[
      'HTTP/1.1 200 ',
      'HTTP/1.0 200 OK\r\n\r\n',
      '',
      'HTTP/1.1 101 Switching Protocols\r\n',
      'HTTP/1.1 503 a\r\na: ',
    ],
    ...['HTTP/1.1 200 OK\r\nContent-Type: ', 'HTTP/1.1 200 OK\r\nContent-Encoding: ', 'HTTP/1.1 200 OK\r\nETag: '],
  ],
  around: [
    ...requestText.around,
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', ''],
    ['HTTP/1.1 103 Early Hints\r\n\r\n', ''],
    ['HTTP/1.1 304 Not Modified\r\n', '\r\n'],
  ],
  between: requestText.between,
  innermost: [...requestText.innermost, 'gzip', '\r\n\r\n{"a":{"b":1}}', 'W/"a"'],
}

const jsonText: Parts = {
  begins: ['', '{"a":{"b":', '{"client":', '"', '{"a":', '[1'],
  around: [
    ...([
      ['{"a":', '}'],
      ['[', ']'],
      ['{"a":{"b":', '}}'],
      ['"', '"'],
      ['\\u0041', ''],
      ['\\', ''],
      ['1', ''],
    ] as const),
    ...([
      ['{"__proto__":', '}'],
      [' ', ''],
      ['-', ''],
      ['1e', ''],
      ['\u00c3\u00a9', ''],
      ['{"b":1,"b":', '}'],
      ['null,', ''],
    ] as const),
  ],
  between: [',', ':', ' ', '\n', '', '"a":'],
  innermost: ['1', '"a"', 'null', '{}', '[]', '', '1e999', '"\\ud800"'],
}

const formText: Parts = {
  begins: ['', 'value=', 'value=1&'],
  around: [
    ['a=', '&'],
    ['%41', ''],
    ['+', ''],
    ['%', ''],
    ['a[', ']='],
    ['value=', '&'],
    ['\u00ff', ''],
  ],
  between: ['&', '=', ';', '', '%26'],
  innermost: ['1', '', '%00', '%C3%A9', 'a'],
}

const frame = (type: number, flags: number, stream: number, content: string | Buffer): string => {
  const bytes = typeof content === 'string' ? latin1(content) : content
  const head = Buffer.alloc(HEADER_BYTES)
  head.writeUIntBE(bytes.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, bytes]).toString('latin1')
}

const literal = (name: string, value: string): string =>
  `\u0000${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`
const PUT_A = `${literal(':method', 'PUT')}${literal(':path', '/kv/a')}`
const CALL = `${literal(':method', 'POST')}${literal(':path', '/kv.Store/Put')}${literal('content-type', 'application/grpc')}`
const SETTINGS = frame(FRAME.settings, 0, 0, '')
const greeting: readonly Chunk[] = [
  ['requests', Buffer.concat([PREFACE, latin1(SETTINGS)])],
  ['responses', latin1(SETTINGS)],
]

const END = FLAG.endHeaders | FLAG.endStream
const frames: Parts = {
  begins: [
    '',
    frame(FRAME.headers, FLAG.endHeaders, 1, PUT_A),
    frame(FRAME.headers, 0, 1, PUT_A),
    'PRI * HTTP/2.0\r\n',
  ],
  around: [
    ...([
      [frame(FRAME.headers, END, 1, PUT_A), ''],
      [frame(FRAME.headers, END, 3, PUT_A), ''],
      [frame(FRAME.continuation, 0, 1, 'a'), ''],
      [frame(FRAME.continuation, 0, 1, ''), ''],
    ] as const),
    ...([
      [frame(FRAME.data, 0, 1, 'a'), ''],
      [frame(FRAME.data, 0, 1, ''), ''],
      [frame(FRAME.data, FLAG.padded, 1, '\u0003a\u0000\u0000\u0000'), ''],
      [frame(FRAME.data, FLAG.padded, 1, '\u00ff'), ''],
      [frame(FRAME.settings, 0, 0, '\u0000\u0001\u0000\u0000\u0000\u0000'), ''],
    ] as const),
    ...([
      [frame(FRAME.resetStream, 0, 1, '\u0000\u0000\u0000\u0008'), frame(FRAME.headers, END, 5, PUT_A)],
      [frame(FRAME.resetStream, 0, 1, ''), ''],
      [frame(FRAME.goaway, 0, 0, ''), ''],
      [frame(FRAME.windowUpdate, 0, 0, '\u0000\u0000\u0000\u0001'), ''],
      [frame(FRAME.pushPromise, FLAG.endHeaders, 1, '\u0000\u0000\u0000\u0002'), ''],
      [frame(6, 0, 0, '\u0000'.repeat(8)), ''],
    ] as const),
    ...([
      [frame(99, 255, 7, 'abc'), ''],
      [frame(FRAME.headers, FLAG.endHeaders | FLAG.priority, 9, ''), ''],
      [frame(FRAME.headers, FLAG.endHeaders | FLAG.padded, 11, '\u00ff'), ''],
      ['\u0000', ''],
      ['\u00ff', ''],
    ] as const),
  ],
  between: ['', frame(FRAME.data, 0, 1, 'b'), frame(FRAME.headers, FLAG.endHeaders, 1, ''), '\u0000'],
  innermost: ['', frame(FRAME.data, FLAG.endStream, 1, ''), frame(FRAME.continuation, FLAG.endHeaders, 1, ''), 'a'],
}

const hpack: Parts = {
  begins: ['', PUT_A, CALL, '\u0020', '\u003f\u00e1\u001f', '\u003f\u00ff\u00ff\u00ff\u000f', '\u007f'],
  around: [
    ...([
      ['\u0082', ''],
      ['\u00be', ''],
      ['\u00ff', ''],
      ['\u0080', ''],
      [literal('a', 'b'), ''],
      ['\u0040\u0001a\u0001b', ''],
    ] as const),
    ...([
      ['\u0040\u007f', 'a'],
      ['\u0000\u0081\u001f', ''],
      ['\u0000\u00ff\u0000', ''],
      ['\u0020', ''],
      ['\u003f\u00e1\u001f', ''],
      ['\u0010\u0001a\u0000', ''],
      ['a', ''],
    ] as const),
    ...([
      [literal('cookie', 'a=b'), ''],
      [literal('x', ' '.repeat(100)), ''],
      ['\u0040\u0001a\u0085\u00ff\u00ff\u00ff\u00ff\u00ff', ''],
    ] as const),
  ],
  between: ['', '\u0082', '\u0000', literal(':path', '/kv/b')],
  innermost: ['', '\u00be', PUT_A, literal('content-type', 'application/grpc'), '\u0000\u0001'],
}

const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)])

/** Returns a protobuf message: `3(…)` is field 3 with a length and this content; all other characters are bytes. */
function protobufOf(text: string): Buffer {
  const open: { readonly number: number; parts: Buffer[] }[] = [{ number: 0, parts: [] }]
  const close = (): void => {
    const ended = open.pop()
    if (ended === undefined) return
    const content = Buffer.concat(ended.parts)
    open.at(-1)?.parts.push(Buffer.from([(ended.number << 3) | 2, ...varint(content.length)]), content)
  }
  let plain = ''
  const flush = (): void => {
    open.at(-1)?.parts.push(latin1(plain))
    plain = ''
  }
  for (let at = 0; at < text.length; at++) {
    if (text[at + 1] === '(') {
      flush()
      open.push({ number: Number(text[at]) || 1, parts: [] })
      at++
    } else if (text[at] === ')' && open.length > 1) {
      flush()
      close()
    } else plain += text[at]
  }
  flush()
  while (open.length > 1) close()
  return Buffer.concat(open[0]?.parts ?? [])
}

const protobuf: Parts = {
  begins: ['', '1(k)', '1(k)3('],
  around: [
    ...([
      ['3(', ')'],
      ['5(1(a)2(', '))'],
      ['6(', ')'],
      ['4(\u0001', ')'],
      ['2(a', ')'],
      ['1(', ')'],
      ['5(', ')'],
      ['3(1(a)', ')'],
    ] as const),
    ...([
      ['\u0020\u0001', ''],
      ['\u0020\u00ff', ''],
      ['\u0009', ''],
      ['\u000b', '\u000c'],
      ['\u00ff', ''],
      ['9(', ')'],
      ['\u0000', ''],
    ] as const),
  ],
  between: ['', '1(k)', '\u0020\u0001', '3()'],
  innermost: ['', '2(v)', 'a', '\u0020', '2(\u00ff)'],
}

const grpcMessage = (content: Buffer): Buffer => {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(content.length, 1)
  return Buffer.concat([head, content])
}

/** Encodes a gRPC call in frames of at most 16 KiB, which every peer accepts. */
const callOf = (text: string): Buffer => {
  const content = grpcMessage(protobufOf(text))
  const data: string[] = []
  for (let at = 0; at < content.length; at += 16_384)
    data.push(frame(FRAME.data, 0, 1, content.subarray(at, at + 16_384)))
  const end = frame(FRAME.data, FLAG.endStream, 1, '')
  return latin1([frame(FRAME.headers, FLAG.endHeaders, 1, CALL), ...data, end].join(''))
}

const harmsOfStreams = [
  { kind: 'delay-stream', delayMs: 5, match: { path: '/kv/a' }, when: { every: 2 } },
  { kind: 'reset-stream', when: { every: 5 } },
  { kind: 'grpc-status', status: 14, when: { every: 3 } },
  { kind: 'goaway', when: { every: 7 } },
]

const masked = (opcode: number, text: string): string => encodeFrame(opcode, latin1(text), true).toString('latin1')
const UPGRADE = 'GET /a HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
const OPENED = latin1('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')

const websocketFrames: Parts = {
  begins: ['', '\u0001\u0080\u0000\u0000\u0000\u0000', masked(OPCODE.text, '{"a":')],
  around: [
    ...([
      [masked(OPCODE.text, '{"a":1}'), ''],
      ['\u0000\u0081\u0000\u0000\u0000\u0000a', ''],
      [masked(OPCODE.ping, 'a'), ''],
      [masked(OPCODE.close, ''), ''],
      ['\u0001\u0080\u0000\u0000\u0000\u0000', '\u0080\u0080\u0000\u0000\u0000\u0000'],
    ] as const),
    ...([
      ['\u00c1\u0081\u0000\u0000\u0000\u0000a', ''],
      ['\u0081\u00fe\u0000\u0001\u0001\u0002\u0003\u0004a', ''],
      ['\u0081\u00ff', ''],
      ['\u0000', ''],
      ['\u00ff', ''],
      [masked(OPCODE.binary, ''), ''],
    ] as const),
  ],
  between: ['', masked(OPCODE.pong, ''), '\u0080\u0080\u0000\u0000\u0000\u0000'],
  innermost: [
    '',
    masked(OPCODE.text, 'needle'),
    masked(OPCODE.text, '[1]'),
    'a',
    masked(OPCODE.text, '{"entry":{"term":'),
  ],
}

const anyFrames: Parts = {
  begins: [
    '',
    '{"a":',
    '*3\r\n',
    'Q\u0000\u0000\u0000\u0020',
    '\u0005\u0000\u0000\u0000\u0003',
    '\u0000\u0000\u0000\u0008',
  ],
  around: [
    ...jsonText.around,
    ...([
      ['*1\r\n', ''],
      ['$1\r\na\r\n', ''],
      ['\r\n', ''],
      ['Q\u0000\u0000\u0000\u000aselec\u0000', ''],
      ['P\u0000\u0000\u0000\u0008\u0000a\u0000\u0000', ''],
      ['S\u0000\u0000\u0000\u0004', ''],
      ['D\u0000\u0000\u0000\u0006Pa', ''],
    ] as const),
    ...([
      ['\u0001\u0000\u0000\u0000\u0003', ''],
      ['\u0000\u0000\u0000\u0000', ''],
      ['\u0000', ''],
      ['\u00ff', ''],
      ['Z\u0000\u0000\u0000\u0005I', ''],
      ['\n', ''],
    ] as const),
  ],
  between: ['', '\n', '\r\n', '\u0000', ' '],
  innermost: ['', '1', '\n', 'needle', '{}\n', ':1\r\n', '{"entry":{"term":2}}\n', 'term\n'],
}

const asked: readonly Chunk[] = [['requests', latin1(GET.repeat(3))]]
const contains = { contains: 'needle' }

const subjects: { readonly [name: string]: Subject } = {
  'requests of HTTP/1.1': { parts: requestText, open: http([]) },
  'requests of HTTP/1.1 under faults': { parts: requestText, open: http(httpHarms) },
  'replies of HTTP/1.1': { parts: replyText, open: http([]), greeting: asked, direction: 'responses' },
  'replies of HTTP/1.1 under faults': {
    parts: replyText,
    open: http(httpHarms),
    greeting: asked,
    direction: 'responses',
  },
  'JSON in HTTP/1.1': { parts: jsonText, open: http([]), bytesOf: sized('POST /json/a') },
  'forms in HTTP/1.1': { parts: formText, open: http([]), bytesOf: sized('POST /form/a') },
  'frames of an HTTP/2 client': { parts: frames, open: http2([]), greeting },
  'frames of an HTTP/2 client under faults': { parts: frames, open: http2(harmsOfStreams), greeting },
  'frames of an HTTP/2 server': {
    ...{ parts: frames, open: http2(harmsOfStreams), direction: 'responses' },
    greeting: [...greeting, ['requests', latin1(frame(FRAME.headers, END, 1, PUT_A))]],
  },
  'header blocks of HTTP/2': {
    ...{ parts: hpack, open: http2(harmsOfStreams), greeting },
    bytesOf: (text) => latin1(frame(FRAME.headers, END, 1, text)),
  },
  'messages of gRPC': { parts: protobuf, open: http2([]), greeting, bytesOf: callOf },
  'frames of WebSocket': {
    ...{ parts: websocketFrames, open: framed(websocket, { member: 'entry.term', equals: 2 }) },
    greeting: [
      ['requests', latin1(`${UPGRADE}\r\n`)],
      ['responses', OPENED],
    ],
  },
  'a handshake of WebSocket': {
    ...{ parts: requestText, open: framed(websocket, contains) },
    bytesOf: (text) => latin1(`${UPGRADE}${text}`),
  },
  'JSON lines': { parts: anyFrames, open: framed(jsonLines, { member: 'entry.term', equals: 2 }) },
  ...Object.fromEntries(
    framings.flatMap((framing) =>
      (['requests', 'responses'] as const).map((direction) => [
        `${direction} framed as ${framing.name}`,
        { parts: anyFrames, open: framed(framing, direction === 'requests' ? contains : undefined), direction },
      ]),
    ),
  ),
}

describe.each(Object.entries(subjects))('input from a peer as %s', (name, subject) => {
  test.each(Object.entries(CHUNKS))(
    `input from a peer is read in linear time, and never blocks the proxy for ${LONGEST_MS} ms: %s`,
    async (_, chunkBytes) => {
      const read = async (text: string) => timeToRead(subject, text, chunkBytes)
      expect(await troublesOf(subject.parts, read, inject('seed') + name.length)).toEqual([])
    },
  )
})
