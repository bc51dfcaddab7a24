import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPassages } from '../../../src/tape/passages.ts'
import { Tape } from '../../../src/tape/tape.ts'

const link = { from: 'n1', to: 'n3' }
const back = { from: 'n3', to: 'n1' }
const MIB = 1024 * 1024

const tapes = () => {
  const budget = { leftBytes: 8 * MIB }
  const [there, here] = [new Tape(MIB, budget), new Tape(MIB, budget)]
  return {
    there,
    here,
    read: () => [
      ...readPassages([
        { link, tape: there },
        { link: back, tape: here },
      ]),
    ],
  }
}

/**
 * Records on the tape that one chunk of a stream arrives each millisecond, and that each chunk is delivered when it
 * arrives.
 */
function say(tape: Tape, stream: number, chunks: readonly Buffer[], fromMs: number = 0): void {
  let positionBytes = 0
  for (const [i, chunk] of chunks.entries()) {
    tape.received(stream, fromMs + i, positionBytes, chunk)
    positionBytes += chunk.length
    tape.delivered(stream, fromMs + i, positionBytes)
  }
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % bytes.length))].filter((end) => end > 0).sort((a, b) => a - b)
  return [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
}

const post = (body: string | Buffer, more: string = ''): Buffer =>
  Buffer.concat([
    Buffer.from(
      `POST /replicate?at=1 HTTP/1.1\r\nHost: n3\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
    ),
    Buffer.from(body),
  ])
const reply = (body: string): string =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

describe('the tape of a link that carries HTTP', () => {
  test('the tape of an HTTP link is read message by message, in any division into chunks', () => {
    const asked = Buffer.concat([post('{"key":"x","value":743}'), post('{"key":"y","value":744}')])
    const answered = Buffer.from(reply('{"was":1}') + reply('{}'))
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 9 }), fc.array(fc.nat(), { maxLength: 9 }), (one, other) => {
        const { there, here, read } = tapes()
        say(there, 2, cutAt(asked, one))
        say(here, 3, cutAt(answered, other))
        const [passed, replies] = read()
        expect(passed?.messages.map(({ type, text }) => [type, text])).toEqual([
          ['POST /replicate', '/replicate?at=1\n{"key":"x","value":743}'],
          ['POST /replicate', '/replicate?at=1\n{"key":"y","value":744}'],
        ])
        expect(replies?.messages.map(({ type, text, question }) => [type, text, question])).toEqual([
          ['200 to POST /replicate', '{"was":1}', '/replicate?at=1\n{"key":"x","value":743}'],
          ['200 to POST /replicate', '{}', '/replicate?at=1\n{"key":"y","value":744}'],
        ])
        expect([passed?.doubts, replies?.doubts]).toEqual([[], []])
      }),
    )
  })

  test('the tape of an HTTP link shows when each message was sent and when it was completely delivered', () => {
    const { there, read } = tapes()
    const bytes = post('{"key":"x"}')
    there.received(2, 5, 0, bytes.subarray(0, 20))
    there.delivered(2, 5, 20)
    there.received(2, 6, 20, bytes.subarray(20))
    there.delivered(2, 90, bytes.length)
    there.received(2, 91, bytes.length, bytes)
    there.note('closed', 2, 99)
    expect(
      read()[0]?.messages.map(({ sentAtMs, deliveredAtMs, closedAtMs }) => [sentAtMs, deliveredAtMs, closedAtMs]),
    ).toEqual([
      [5, 90, 99],
      [91, undefined, 99],
    ])
  })

  test('on the tape, a message is delivered with its last byte, even if the tape kept only its beginning', () => {
    const { there, read } = tapes()
    const bytes = post('x'.repeat(40_000))
    there.received(2, 5, 0, bytes)
    there.delivered(2, 6, bytes.length - 1)
    there.delivered(2, 90, bytes.length)
    say(there, 4, [post('{}')], 5)
    expect(read()[0]?.messages.map(({ deliveredAtMs }) => deliveredAtMs)).toEqual([90, 5])
  })

  test.each([
    ['compressed', post(gzipSync('{"key":"x"}'), 'Content-Encoding: gzip\r\n')],
    ['binary', post(Buffer.from([0, 1, 2, 3]))],
    ['too long to be kept', post(JSON.stringify('x'.repeat(40_000)))],
  ])('the tape of an HTTP link shows no body text if the body is %s', (_, bytes) => {
    const { there, read } = tapes()
    say(there, 2, [bytes, post('{}')])
    expect(read()[0]?.messages.map(({ text }) => text)).toEqual([undefined, '/replicate?at=1\n{}'])
  })

  test('the tape of an HTTP link shows a body of 64 KiB as text, and no text of a longer body', () => {
    const { there, read } = tapes()
    const pieces = (size: number) => {
      const bytes = post('x'.repeat(size))
      return Array.from({ length: Math.ceil(bytes.length / 16_000) }, (_, i) =>
        bytes.subarray(i * 16_000, (i + 1) * 16_000),
      )
    }
    say(there, 2, [...pieces(64 * 1024), ...pieces(64 * 1024 + 1)])
    expect(read()[0]?.messages.map(({ text }) => text?.length)).toEqual([
      '/replicate?at=1\n'.length + 64 * 1024,
      undefined,
    ])
  })

  test.each([
    ['ends in order, as a whole reply', true, [9, []]],
    ['breaks, as an unfinished reply', false, [undefined, [0]]],
  ] as const)('the tape shows a reply of unknown length whose connection %s', (_, isFinished, shown) => {
    const { here, read } = tapes()
    say(here, 3, [Buffer.from('HTTP/1.1 200 OK\r\n\r\n{}')], 9)
    if (isFinished) here.note('finished', 3, 10)
    const [message] = read()[1]?.messages ?? []
    const unreadable = read()[1]?.doubts.filter(({ why }) => why === 'unreadable') ?? []
    expect([message?.deliveredAtMs, unreadable.map(({ fromMs }) => fromMs - 9)]).toEqual(shown)
  })

  test('the tape shows a request as unfinished if its sender ends the stream in the middle of it', () => {
    const { there, read } = tapes()
    say(there, 2, [post('{}').subarray(0, -1)], 5)
    there.note('finished', 2, 6)
    expect(read()[0]?.messages.map(({ deliveredAtMs }) => deliveredAtMs)).toEqual([undefined])
    expect(read()[0]?.doubts).toEqual([{ fromMs: 5, toMs: Number.POSITIVE_INFINITY, why: 'unreadable' }])
  })

  test('the tape of an HTTP link is readable again from the first complete message after a gap', () => {
    const { there, read } = tapes()
    const [before, after] = [post('{"n":1}'), post('{"n":2}')]
    there.received(2, 8, 1000, before.subarray(30))
    there.received(2, 9, 1000 + before.length - 30, after)
    const [passed] = read()
    expect(passed?.messages.map(({ text }) => text)).toEqual(['/replicate?at=1\n{"n":2}'])
    expect(passed?.doubts).toEqual([{ fromMs: Number.NEGATIVE_INFINITY, toMs: 9, why: 'unreadable' }])
  })

  test('the tape marks all bytes as unreadable from the point where the stream stops being HTTP', () => {
    const { there, read } = tapes()
    say(there, 2, [post('{}'), Buffer.from('\x81\x05what?')])
    expect(read()[0]?.messages).toHaveLength(1)
    expect(read()[0]?.doubts).toEqual([{ fromMs: 1, toMs: Number.POSITIVE_INFINITY, why: 'unreadable' }])
  })
})

describe('the tape of a link without HTTP', () => {
  test('the tape of a link without HTTP is read as JSON lines if it begins with a JSON line', () => {
    const { there, read } = tapes()
    const bytes = Buffer.from('{"hello":"n1"}\n{"type":"append","value":743}\n')
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 5 }), (places) => {
        const { there, read } = tapes()
        say(there, 2, cutAt(bytes, places))
        expect(read()[0]?.messages.map(({ type }) => type)).toEqual(['message', 'append'])
        expect(read()[0]?.doubts).toEqual([])
      }),
    )
    say(there, 2, [Buffer.from('{"type":"append"}\nnot JSON\n')])
    expect(read()[0]?.doubts).toHaveLength(1)
  })

  test('the tape shows each chunk of bytes that are not JSON as a message, and marks the stream as unreadable', () => {
    const { there, read } = tapes()
    say(there, 2, [Buffer.from('*3\r\n$3\r\nset\r\n$1\r\nx\r\n$3\r\n743\r\n'), Buffer.from([0, 255])])
    const [passed] = read()
    expect(passed?.messages.map(({ type }) => type)).toEqual(['SET', '2 bytes'])
    expect(passed?.messages[0]?.text?.match(/\w+/g)).toEqual(['set', 'x', '743'])
    expect(passed?.messages[1]?.text).toBeUndefined()
    expect(passed?.doubts.map(({ why }) => why)).toEqual(['unreadable'])
  })

  test('the tape names a chunk by the different Redis commands in it', () => {
    const { there, read } = tapes()
    const pop = '*2\r\n$4\r\nRPOP\r\n$1\r\nx\r\n'
    const push = '*3\r\n$5\r\nLPUSH\r\n$1\r\nx\r\n$4\r\n1976\r\n'
    say(there, 2, [Buffer.from(pop + push + pop)])
    expect(read()[0]?.messages.map(({ type }) => type)).toEqual(['RPOP, LPUSH'])
  })
})

describe('bytes that may have been sent but not read', () => {
  test('the tape reports the time while a sender was paused as a time when bytes may be unread', () => {
    const { there, read } = tapes()
    say(there, 2, [post('{}')], 3)
    there.note('unread', 2, 3)
    there.received(2, 9, post('{}').length, post('{}'))
    expect(read()[0]?.doubts).toEqual([{ fromMs: 3, toMs: 9, why: 'unread' }])
  })

  test('the tape reports possibly unread bytes after a connection broke, but not after an orderly end', () => {
    const { there, read } = tapes()
    say(there, 2, [post('{}')])
    there.note('closed', 2, 1000)
    say(there, 4, [post('{}')])
    there.note('finished', 4, 500)
    there.note('closed', 4, 501)
    expect(read()[0]?.doubts).toEqual([{ fromMs: 750, toMs: 1000, why: 'unread' }])
  })

  test('the tape reports possibly unread bytes of a connection from which no byte was read', () => {
    const { there, here, read } = tapes()
    for (const [tape, stream] of [
      [there, 2],
      [here, 3],
    ] as const) {
      tape.note('opened', stream, 5)
      tape.note('closed', stream, 6)
    }
    const [dialled, answered] = read()
    expect(dialled?.messages).toEqual([
      { type: 'connection', text: undefined, sentAtMs: 5, closedAtMs: 6, isUnread: true },
    ])
    expect(answered?.messages).toEqual([])
    expect(dialled?.doubts.map(({ why }) => why)).toEqual(['unread'])
  })

  test('the tape reports bytes as unreadable from the moment when a message fault changes the stream', () => {
    const { there, read } = tapes()
    say(there, 2, [post('{}'), post('{}')])
    there.note('disturbed', 2, 1)
    expect(read()[0]?.messages).toHaveLength(1)
    expect(read()[0]?.doubts).toEqual([{ fromMs: 1, toMs: Number.POSITIVE_INFINITY, why: 'unreadable' }])
  })
})
