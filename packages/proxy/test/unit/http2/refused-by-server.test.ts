import { once } from 'node:events'
import { constants } from 'node:http2'
import { describe, expect, test } from 'vitest'
import type { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { dial, eventually, ManualClock, serve } from '../../../../testing/src/sockets.ts'
import {
  FLAG,
  FRAME,
  framesOf,
  goaway,
  HEADER_BYTES,
  PREFACE,
  resetStream,
  typeOf,
} from '../../../../wire/src/http2/frames.ts'
import { http2RouteTo, keyValueHttp2, send, sessionTo } from '../../http2/recorded.ts'

const outcomes = (view: RecordedLines) =>
  view.events.map(({ type, f, key, value, error }) => [type, f, key, value ?? error])

/**
 * A server of HTTP/2 frames. It sends the frames of `answer` after each request, and other frames when `say` is called.
 */
async function frameServer(answer: (asked: number) => readonly Buffer[] = () => []) {
  let asked = 0
  let say: (frame: Buffer) => void = () => undefined
  const server = await serve((socket) => {
    say = (frame) => void socket.write(frame)
    const settings = Buffer.from([0, 0, 0, FRAME.settings, 0, 0, 0, 0, 0])
    socket.write(settings)
    socket.on('end', () => socket.end())
    let rest = Buffer.alloc(0)
    let begun = false
    socket.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes])
      if (!begun && rest.length < PREFACE.length) return
      if (!begun) rest = rest.subarray(PREFACE.length)
      begun = true
      for (const frame of framesOf(rest)) {
        if (frame.length < HEADER_BYTES || frame.length < HEADER_BYTES + frame.readUIntBE(0, 3)) break
        rest = rest.subarray(frame.length)
        if (typeOf(frame) === FRAME.headers) for (const said of answer(++asked)) say(said)
      }
    })
  })
  return { ...server, asked: () => asked, say: (frame: Buffer) => say(frame) }
}

function frameOf(type: number, flags: number, stream: number, payload: string): Buffer {
  const head = Buffer.alloc(HEADER_BYTES)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, Buffer.from(payload, 'latin1')])
}

/** The head of a request whose body follows. Its fields are literals (RFC 7541 §6.2.2). */
function begun(stream: number, method: string, path: string): Buffer {
  const fields = Object.entries({ ':method': method, ':path': path, ':scheme': 'http' })
  const text = (word: string) => `${String.fromCharCode(word.length)}${word}`
  return frameOf(FRAME.headers, FLAG.endHeaders, stream, fields.map(([n, v]) => `\0${text(n)}${text(v)}`).join(''))
}

describe('a request that the server rejects', () => {
  test('an HTTP/2 request fails if the server resets it with REFUSED_STREAM', async () => {
    const server = await frameServer(() => [resetStream(1, constants.NGHTTP2_REFUSED_STREAM)])
    const { route, client, recorder } = await http2RouteTo(server)
    const session = await sessionTo(route.port)
    await send(session, 'PUT', '/kv/x', 'one')
    await eventually(() => recorder.counters.open === 0)
    expect(outcomes(client).at(-1)).toEqual(['fail', 'write', 'x', 'refused: the server reset the stream unprocessed'])
  })

  test('an HTTP/2 request fails if GOAWAY names an earlier stream as the last', async () => {
    const server = await frameServer((asked) => (asked === 2 ? [goaway(1, 0)] : []))
    const { route, client, recorder } = await http2RouteTo(server)
    const session = await sessionTo(route.port)
    void send(session, 'PUT', '/kv/x', 'one')
    void send(session, 'PUT', '/kv/x', 'two')
    await eventually(() => recorder.counters.fail === 1)
    session.destroy()
    await eventually(() => recorder.counters.open === 0)
    expect(outcomes(client).slice(2)).toEqual([
      ['fail', 'write', 'x', 'refused: the server had announced that it takes no more requests'],
      ['info', 'write', 'x', expect.stringContaining('the connection ended')],
    ])
  })

  test('an HTTP/2 request has an unknown outcome if GOAWAY names its own stream as the last', async () => {
    const server = await frameServer(() => [goaway(1, 0)])
    const { route, client, recorder } = await http2RouteTo(server)
    const session = await sessionTo(route.port)
    const said = once(session, 'goaway')
    void send(session, 'PUT', '/kv/x', 'one')
    await said
    session.destroy()
    await eventually(() => recorder.counters.open === 0)
    expect(outcomes(client).at(-1)).toEqual(['info', 'write', 'x', expect.stringContaining('the connection ended')])
  })

  test.each([
    ['no', false],
    ['yes', true],
  ])('a request whose header a fault delayed past a GOAWAY fails (request arrived whole: %s)', async (_, isWhole) => {
    const clock = new ManualClock()
    const server = await frameServer()
    const { route, apply, client, backend, recorder } = await http2RouteTo(server, { clock })
    const delay = apply({ kind: 'delay-stream', delayMs: 1000, when: { nth: 2 } })
    // Node's own client would close the connection when it gets the GOAWAY.
    const socket = await dial(route)
    socket.write(Buffer.concat([PREFACE, frameOf(FRAME.settings, 0, 0, ''), begun(1, 'PUT', '/kv/x')]))
    socket.write(frameOf(FRAME.data, FLAG.endStream, 1, 'one'))
    await eventually(() => server.asked() === 1)
    socket.write(begun(3, 'PUT', '/kv/y'))
    if (isWhole) socket.write(frameOf(FRAME.data, FLAG.endStream, 3, 'two'))
    await eventually(() => delay.hits === 1 && recorder.counters.operations === (isWhole ? 2 : 1))
    server.say(goaway(1, 0))
    await eventually(() => recorder.counters.incomplete + recorder.counters.fail === 1)
    clock.advance(1000)
    await eventually(() => server.asked() === 2)
    socket.destroy()
    await route.close()
    expect(recorder.counters).toMatchObject({ open: 0, waiting: 0 })
    const typesOf = (view: RecordedLines, key: string) =>
      outcomes(view).flatMap(([type, , each]) => (each === key ? [type] : []))
    expect([client, backend].map((view) => typesOf(view, 'x'))).toEqual([
      ['invoke', 'info'],
      ['invoke', 'info'],
    ])
    expect([client, backend].map((view) => typesOf(view, 'y'))).toEqual([isWhole ? ['invoke', 'fail'] : [], []])
  })

  test('a request has an unknown outcome if a fault rejects it after its header was sent', async () => {
    const service = await keyValueHttp2()
    const { route, client, apply, recorder } = await http2RouteTo(service)
    apply({ kind: 'reset-stream', code: 'REFUSED_STREAM', back: true })
    const session = await sessionTo(route.port)
    await send(session, 'PUT', '/kv/x', 'one')
    await eventually(() => recorder.counters.open === 0)
    expect(outcomes(client).at(-1)?.[0]).toBe('info')
  })

  test.each([
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR],
    ['CANCEL', constants.NGHTTP2_CANCEL],
  ])('an HTTP/2 request has an unknown outcome if the server resets it with %s', async (name, code) => {
    const server = await frameServer(() => [resetStream(1, code)])
    const { route, client, recorder } = await http2RouteTo(server)
    const session = await sessionTo(route.port)
    await send(session, 'PUT', '/kv/x', 'one')
    await eventually(() => recorder.counters.open === 0)
    expect(outcomes(client).at(-1)).toEqual(['info', 'write', 'x', `the server reset the stream: ${name}`])
  })
})
