import { constants } from 'node:http2'
import { describe, expect, test } from 'vitest'
import type { RecordedLines } from '../../../recorder/test/recorded-lines.ts'
import { FRAME, framesOf, goaway, HEADER_BYTES, PREFACE, resetStream, typeOf } from '../../../wire/src/http2/frames.ts'
import { eventually, serve } from '../sockets.ts'
import { http2RouteTo, keyValueHttp2, send, sessionTo } from './recorded.ts'

const outcomes = (view: RecordedLines) =>
  view.events.map(({ type, f, key, value, error }) => [type, f, key, value ?? error])

/** A server that speaks in frames, and says what it is told to once it was asked. */
async function frameServer(answer: (asked: number) => readonly Buffer[]) {
  let asked = 0
  return serve((socket) => {
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
        if (typeOf(frame) === FRAME.headers) for (const said of answer(++asked)) socket.write(said)
      }
    })
  })
}

describe('a request that the server certainly did not process fails', () => {
  test('where it resets the stream with REFUSED_STREAM', async () => {
    const server = await frameServer(() => [resetStream(1, constants.NGHTTP2_REFUSED_STREAM)])
    const { route, client, recorder } = await http2RouteTo(server)
    const session = await sessionTo(route.port)
    await send(session, 'PUT', '/kv/x', 'one')
    await eventually(() => recorder.counters.open === 0)
    expect(outcomes(client).at(-1)).toEqual(['fail', 'write', 'x', 'refused: the server reset the stream unprocessed'])
  })

  test('where it says by GOAWAY that it ended before it, and not those before', async () => {
    const server = await frameServer((asked) => (asked === 2 ? [goaway(1, 0)] : []))
    const { route, client, recorder } = await http2RouteTo(server)
    const session = await sessionTo(route.port)
    void send(session, 'PUT', '/kv/x', 'one')
    void send(session, 'PUT', '/kv/x', 'two')
    await eventually(() => recorder.counters.fail === 1)
    session.destroy()
    await eventually(() => recorder.counters.open === 0)
    expect(outcomes(client).slice(2)).toEqual([
      ['fail', 'write', 'x', 'refused: the server had said that it serves no more'],
      ['info', 'write', 'x', expect.stringContaining('the connection ended')],
    ])
  })

  test('a request is not taken for unprocessed where only a fault says so: its headers went on', async () => {
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
  ])('a request is not taken for unprocessed where the server says %s', async (name, code) => {
    const server = await frameServer(() => [resetStream(1, code)])
    const { route, client, recorder } = await http2RouteTo(server)
    const session = await sessionTo(route.port)
    await send(session, 'PUT', '/kv/x', 'one')
    await eventually(() => recorder.counters.open === 0)
    expect(outcomes(client).at(-1)).toEqual(['info', 'write', 'x', `the server reset the stream: ${name}`])
  })
})
