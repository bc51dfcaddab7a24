import { describe, expect, test } from 'vitest'
import { readStream } from '../../../src/tape/read-stream.ts'
import type { Stream } from '../../../src/tape/stream.ts'

interface Chunk {
  readonly text: string
  /** The size of the chunk, if only its beginning was kept. */
  readonly sizeBytes?: number
  /** The number of bytes that are missing before the chunk. */
  readonly gapBytes?: number
}

/** A stream of chunks, one each millisecond. */
function streamOf(chunks: readonly (string | Chunk)[], more: Partial<Stream> = {}): Stream {
  let positionBytes = 0
  const pieces = chunks.map((chunk, atMs) => {
    const { text, sizeBytes = text.length, gapBytes = 0 } = typeof chunk === 'string' ? { text: chunk } : chunk
    positionBytes += gapBytes
    const piece = {
      kind: 'bytes' as const,
      positionBytes,
      sizeBytes,
      atMs,
      bytes: Buffer.from(text),
      isDelivered: true,
    }
    positionBytes += sizeBytes
    return piece
  })
  return { number: 2, pieces, deliveries: [], unreadAtMs: [], ...more }
}

const read = (chunks: readonly (string | Chunk)[], more?: Partial<Stream>, asked?: readonly (string | Chunk)[]) => {
  const { messages, ...doubts } = readStream(streamOf(chunks, more), asked && streamOf(asked))
  return { messages: messages.map(({ type, text, sentAtMs, endBytes }) => [type, text, sentAtMs, endBytes]), ...doubts }
}

describe('lines of JSON', () => {
  test('each line of JSON is a message with the time of its first byte and the name in its "type" member', () => {
    expect(read(['{"type":"vote"}\n{"a"', ':1}', '\n{"type":5}\n'])).toEqual({
      messages: [
        ['vote', '{"type":"vote"}', 0, 16],
        ['message', '{"a":1}', 0, 24],
        ['message', '{"type":5}', 2, 35],
      ],
      unreadableFromMs: undefined,
    })
  })

  test('messages after an incomplete line or a line that is not JSON are unreadable', () => {
    expect(read(['{"a":1}\n', '{"b"', ':1'])).toMatchObject({
      messages: [['message', '{"a":1}', 0, 8]],
      unreadableFromMs: 1,
    })
    expect(read(['{"a":1}\n', 'b\n', '{"c":1}\n'])).toMatchObject({
      messages: [expect.anything()],
      unreadableFromMs: 1,
    })
  })

  test('lines of JSON become unreadable at a gap, or at a chunk that was kept only in part', () => {
    expect(read(['{"a":1}\n', { text: '{"b":1}\n', gapBytes: 1 }])).toMatchObject({ unreadableFromMs: 1 })
    expect(read(['{"a":1}\n', { text: '{"b":1}\n', sizeBytes: 9 }])).toMatchObject({ unreadableFromMs: 1 })
    expect(read(['{"a":1}\n', '{"b":1}\n'])).toMatchObject({ unreadableFromMs: undefined })
  })
})

describe('a stream of an unknown protocol', () => {
  test('a stream of an unknown protocol has a message for each chunk, named by its size, and is unreadable from its start', () => {
    expect(read(['abc', { text: 'de', sizeBytes: 20_000 }, { text: 'f', gapBytes: 4 }])).toEqual({
      messages: [
        ['3 bytes', 'abc', 0, 3],
        ['20000 bytes', 'de', 1, 20_003],
        ['1 bytes', 'f', 2, 20_008],
      ],
      unreadableFromMs: 0,
    })
  })

  test('a stream whose beginning is missing is not read as lines of JSON', () => {
    expect(read([{ text: '{"a":1}\n', gapBytes: 1 }])).toMatchObject({ messages: [['8 bytes', '{"a":1}\n', 0, 9]] })
  })

  const command = (name: string) => `*2\r\n$${name.length}\r\n${name}\r\n$1\r\nx\r\n`
  test('a RESP stream names up to three different commands of each chunk', () => {
    expect(read([command('get'), ['set', 'GET', 'get', 'del', 'ttl'].map(command).join('')]).messages).toEqual([
      ['GET', expect.stringContaining('get'), 0, expect.anything()],
      ['SET, GET, DEL', expect.not.stringContaining('$'), 1, expect.anything()],
    ])
  })

  test('a stream without bytes has no messages, and no unreadable part', () => {
    expect(read([])).toEqual({ messages: [], unreadableFromMs: undefined })
  })
})

describe('a stream of HTTP', () => {
  const post = (path: string, body: string) =>
    `POST ${path} HTTP/1.1\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  const reply = (status: number, body: string, more = '') =>
    `HTTP/1.1 ${status} X\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`

  test('an HTTP stream has a message for each request, with its target and body', () => {
    const first = post('/a%20b?c=1', 'one')
    expect(read([first + post('/%', '')])).toEqual({
      messages: [
        ['POST /a%20b', '/a b?c=1\none', 0, first.length],
        ['POST /%', '/%\n', 0, first.length + post('/%', '').length],
      ],
      unreadableFromMs: undefined,
      unreadableUntilMs: undefined,
    })
  })

  test('an HTTP reply is named by its request, unless it is an interim reply', () => {
    const answers = ['HTTP/1.1 103 X\r\n\r\n', reply(200, 'one'), reply(404, 'two'), reply(200, 'three')]
    const types = read(answers, {}, [post('/a', ''), post('/b', '')]).messages.map(([type, text]) => [type, text])
    expect(types).toEqual([
      ['200 to POST /a', 'one'],
      ['404 to POST /b', 'two'],
      ['reply 200', 'three'],
    ])
    const unpaired = read([reply(200, 'one')], {}, [{ text: post('/a', ''), gapBytes: 1 }])
    expect(unpaired.messages[0]?.[0]).toBe('reply 200')
    expect(read([reply(200, 'one')]).messages[0]?.[0]).toBe('reply 200')
  })

  test('the reader of an HTTP stream expects no body in the reply to HEAD', () => {
    const [head, get] = ['HEAD /a HTTP/1.1\r\n\r\n', 'GET /a HTTP/1.1\r\n\r\n']
    const answers = ['HTTP/1.1 200 X\r\nContent-Length: 5\r\n\r\n', reply(200, 'two')]
    expect(read(answers, {}, [head + get]).messages.map(([, text]) => text)).toEqual(['', 'two'])
  })

  test('an HTTP stream shows a plain, complete body of up to 64 KiB as text, and no other body', () => {
    const textOf = (chunks: readonly (string | Chunk)[]) => read(chunks).messages[0]?.[1]
    expect(textOf([reply(200, 'x'.repeat(65_536))])).toHaveLength(65_536)
    expect(textOf([reply(200, 'x'.repeat(65_537))])).toBeUndefined()
    expect(textOf([reply(200, 'abc', 'Content-Encoding: gzip\r\n')])).toBeUndefined()
    expect(textOf([reply(200, '', 'Content-Encoding: gzip\r\n')])).toBe('')
    expect(textOf([reply(200, 'abc', 'Content-Encoding: identity\r\n')])).toBe('abc')
    const long = reply(200, 'x'.repeat(100))
    expect(textOf([{ text: long.slice(0, -50), sizeBytes: long.length }])).toBeUndefined()
  })

  test('the orderly end of a connection ends an HTTP reply without a length', () => {
    const open = 'HTTP/1.1 200 X\r\n\r\nabc'
    expect(read([open], { finishedAtMs: 9 })).toMatchObject({
      messages: [['reply 200', 'abc', 0, open.length]],
      unreadableFromMs: undefined,
    })
    expect(read(['', open])).toMatchObject({
      messages: [['reply 200', 'abc', 1, Number.POSITIVE_INFINITY]],
      unreadableFromMs: 1,
    })
  })

  test('an HTTP message begins with the first byte of its header, and an incomplete header makes the rest unreadable', () => {
    const whole = post('/a', 'abc')
    expect(read([whole.slice(0, 9), whole.slice(9, 20), whole.slice(20), 'GET /b'])).toMatchObject({
      messages: [['POST /a', '/a\nabc', 0, whole.length]],
      unreadableFromMs: 3,
    })
  })

  test('an HTTP stream becomes unreadable at a gap or at malformed bytes', () => {
    expect(read([post('/a', ''), { text: post('/b', ''), gapBytes: 1 }])).toMatchObject({
      messages: [expect.anything()],
      unreadableFromMs: 1,
    })
    expect(read([post('/a', ''), 'nonsense\n\n'])).toMatchObject({ messages: [expect.anything()], unreadableFromMs: 1 })
  })

  test('an HTTP stream without its beginning is read from the first chunk that begins with a message', () => {
    expect(read([{ text: 'rest', gapBytes: 3 }, post('/a', '')])).toMatchObject({
      messages: [['POST /a', '/a\n', 1, 7 + post('/a', '').length]],
      unreadableUntilMs: 1,
    })
    expect(read([{ text: 'rest', gapBytes: 3 }, reply(200, '')])).toMatchObject({
      messages: [['reply 200', '', 1, expect.anything()]],
    })
    expect(read([{ text: post('/a', ''), gapBytes: 3 }])).toMatchObject({ unreadableUntilMs: undefined })
  })

  test('an HTTP stream is recognised even if its first line is split between chunks', () => {
    const target = `/${'x'.repeat(1000)}`
    const whole = post(target, '')
    expect(read([...whole]).messages[0]?.[0]).toBe(`POST ${target}`)
  })
})
