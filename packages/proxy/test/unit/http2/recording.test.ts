import { constants } from 'node:http2'
import { check } from '@chaosproxy/checker'
import { createRandom } from '@chaosproxy/faults'
import { type History, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { dial, eventually, ManualClock, Received, serve } from '../../../../testing/src/sockets.ts'
import { FRAME, PREFACE } from '../../../../wire/src/http2/frames.ts'
import { frame } from '../../http2/frame.ts'
import { http2RouteTo, keyValueHttp2, send, serveHttp2, sessionTo } from '../../http2/recorded.ts'

const outcomes = (view: RecordedLines) =>
  view.events.map(({ type, f, key, value, error }) => [type, f, key, value ?? error])

function resultOf(history: History): string {
  const report = check(history, {
    model: 'register',
    initial: 'unknown',
    levels: ['linearizable'],
    failedCas: 'drop',
    deadlineMs: millis(10_000),
    memoryBytes: 2 ** 28,
    now: () => millis(performance.now()),
  })
  return report.levels.linearizable.result
}

describe('a service over HTTP/2', () => {
  test('the route table of a service for HTTP/1.1 also records HTTP/2', async () => {
    const service = await keyValueHttp2()
    const { route, client, backend, recorder } = await http2RouteTo(service)
    const session = await sessionTo(route.port)
    expect(await send(session, 'PUT', '/kv/x', 'one')).toEqual({ status: 200, body: 'done', code: 0 })
    expect(await send(session, 'GET', '/kv/x')).toEqual({ status: 200, body: 'one', code: 0 })
    await send(session, 'GET', '/kv/nothing')
    await eventually(() => recorder.counters.open === 0)
    const expected = [
      ['invoke', 'write', 'x', 'one'],
      ['ok', 'write', 'x', 'one'],
      ['invoke', 'read', 'x', null],
      ['ok', 'read', 'x', 'one'],
      ['invoke', 'read', 'nothing', null],
      ['ok', 'read', 'nothing', null],
    ].map(([type, f, key, value]) => [type, f, key, value ?? undefined])
    expect(outcomes(client)).toEqual(expected)
    expect(outcomes(backend)).toEqual(expected)
    expect(recorder.counters).toMatchObject({ operations: 3, ok: 3, unmatched: 0, incomplete: 0 })
  })

  test('a correct service over HTTP/2 is linearizable with concurrent requests on one connection', async () => {
    const service = await keyValueHttp2()
    const { route, client, backend, recorder } = await http2RouteTo(service)
    await drive(route.port, { sessions: 3, requests: 100 })
    await eventually(() => recorder.counters.open === 0)
    expect(recorder.counters).toMatchObject({ operations: 300, ok: 300, unmatched: 0, incomplete: 0 })
    expect([resultOf(client.history), resultOf(backend.history)]).toEqual(['met', 'met'])
  })

  test('a service over HTTP/2 violates linearizability if it returns an old value', async () => {
    let reads = 0
    const service = await keyValueHttp2(() => (reads++ === 2 ? 'v0' : undefined))
    const { route, client, backend } = await http2RouteTo(service)
    const session = await sessionTo(route.port)
    for (let i = 0; i < 5; i++) {
      await send(session, 'PUT', '/kv/x', `v${i}`)
      await send(session, 'GET', '/kv/x')
    }
    expect([resultOf(client.history), resultOf(backend.history)]).toEqual(['violated', 'violated'])
  })
})

describe('an operation over HTTP/2', () => {
  test('an HTTP/2 read whose request is reset by a fault fails in the client record, and also ends in the backend record', async () => {
    const service = await keyValueHttp2()
    const { route, client, backend, apply, recorder } = await http2RouteTo(service)
    apply({ kind: 'reset-stream', match: { method: 'GET' } })
    const session = await sessionTo(route.port)
    await send(session, 'PUT', '/kv/x', 'one')
    const table = outcomes(client)
    expect(table).toEqual([
      ['invoke', 'write', 'x', 'one'],
      ['ok', 'write', 'x', 'one'],
    ])
    expect((await send(session, 'GET', '/kv/x')).code).toBe(constants.NGHTTP2_INTERNAL_ERROR)
    session.close()
    await eventually(() => recorder.counters.open === 0)
    // A read has no effect that anyone could see, so it counts as failed.
    expect(outcomes(client).at(-1)).toEqual(['fail', 'read', 'x', 'the stream was reset'])
    await eventually(() => backend.events.length === 4)
  })

  test('an HTTP/2 write whose response is reset by a fault is unknown in the client record, and ok in the backend record', async () => {
    const service = await keyValueHttp2()
    const { route, client, backend, apply, recorder } = await http2RouteTo(service)
    apply({ kind: 'reset-stream', back: true })
    const session = await sessionTo(route.port)
    expect((await send(session, 'PUT', '/kv/x', 'one')).code).toBe(constants.NGHTTP2_INTERNAL_ERROR)
    await eventually(() => recorder.counters.open === 0)
    expect(service.journal).toEqual(['x=one'])
    expect(outcomes(client)).toEqual([
      ['invoke', 'write', 'x', 'one'],
      ['info', 'write', 'x', 'the stream was reset'],
    ])
    expect(outcomes(backend)).toEqual([
      ['invoke', 'write', 'x', 'one'],
      ['ok', 'write', 'x', 'one'],
    ])
  })

  test('a delayed HTTP/2 operation takes longer in the client view, but not in the backend view', async () => {
    const clock = new ManualClock()
    const service = await keyValueHttp2()
    const { route, client, backend, apply, recorder } = await http2RouteTo(service, { clock })
    const request = apply({ kind: 'delay-stream', delayMs: 50, when: { nth: 1 } })
    const reply = apply({ kind: 'delay-stream', delayMs: 50, back: true, when: { nth: 1 } })
    const session = await sessionTo(route.port)
    const done = send(session, 'PUT', '/kv/x', 'one')
    await eventually(() => request.hits === 1)
    await eventually(() => client.events.length === 1)
    expect([backend.events.length, service.journal.length]).toEqual([0, 0])
    clock.advance(50)
    await eventually(() => reply.hits === 1)
    await eventually(() => backend.events.length === 2)
    expect(client.events.length).toBe(1)
    clock.advance(50)
    await done
    await eventually(() => recorder.counters.open === 0)
    expect([client.events.length, backend.events.length]).toEqual([2, 2])
  })

  test('an HTTP/2 operation is recorded even if a fault resets an earlier request right after its headers', async () => {
    const service = await keyValueHttp2()
    const { route, client, apply, recorder } = await http2RouteTo(service)
    const reset = apply({ kind: 'reset-stream', when: { nth: 1 } })
    const raw = new Received(await dial(route))
    const settings = Buffer.from([0, 0, 0, FRAME.settings, 0, 0, 0, 0, 0])
    // :method PUT, :path /kv/x, and no end of the stream.
    const block = Buffer.concat([
      Buffer.from([0x02, 3]),
      Buffer.from('PUT'),
      Buffer.from([0x04, 5]),
      Buffer.from('/kv/x'),
    ])
    const headers = Buffer.concat([Buffer.from([0, 0, block.length, FRAME.headers, 4, 0, 0, 0, 1]), block])
    raw.socket.write(Buffer.concat([PREFACE, settings, headers]))
    await eventually(() => reset.hits === 1)
    const session = await sessionTo(route.port)
    await send(session, 'PUT', '/kv/y', 'one')
    await eventually(() => recorder.counters.waiting === 0)
    expect(outcomes(client).map(([type, , key]) => [type, key])).toEqual([
      ['invoke', 'y'],
      ['ok', 'y'],
    ])
    expect(client.remarks).toEqual([['touched', 'x', expect.objectContaining({ what: 'PUT /kv/x' })]])
  })

  test('an HTTP/2 operation fails if its request never left the proxy', async () => {
    const clock = new ManualClock()
    const service = await keyValueHttp2()
    const { route, client, apply, recorder } = await http2RouteTo(service, { clock })
    const delay = apply({ kind: 'delay-stream', delayMs: 1000 })
    const session = await sessionTo(route.port)
    void send(session, 'PUT', '/kv/x', 'one')
    await eventually(() => delay.hits === 1 && client.events.length === 1)
    session.destroy()
    await eventually(() => recorder.counters.open === 0)
    expect(service.journal).toEqual([])
    expect(outcomes(client).at(-1)?.[0]).toBe('fail')
  })

  test('an HTTP/2 operation has an unknown outcome if its client cancels it while a fault delays it', async () => {
    const clock = new ManualClock()
    const service = await keyValueHttp2()
    const { route, client, apply, recorder } = await http2RouteTo(service, { clock })
    const delay = apply({ kind: 'delay-stream', delayMs: 1000, when: { nth: 1 } })
    const session = await sessionTo(route.port)
    const stream = session.request({ ':method': 'PUT', ':path': '/kv/x' })
    stream.on('error', () => undefined)
    stream.end('one')
    await eventually(() => delay.hits === 1 && client.events.length === 1)
    stream.close(constants.NGHTTP2_CANCEL)
    await eventually(() => recorder.counters.open === 0)
    expect(outcomes(client).at(-1)).toEqual(['info', 'write', 'x', 'the client reset the stream'])
  })
})

describe('unrecorded HTTP/2 traffic', () => {
  test('an unrecorded HTTP/2 request is counted by kind, and marks all keys as possibly written if it may write', async () => {
    const service = await keyValueHttp2()
    const { route, client, recorder } = await http2RouteTo(service)
    const session = await sessionTo(route.port)
    await send(session, 'GET', '/health')
    expect(client.remarks).toEqual([['passed-on', { what: 'GET /health', count: 1, mayWrite: false }]])
    await send(session, 'POST', '/admin/compact?now=1', '{}')
    expect(client.remarks.slice(1)).toEqual([
      ['passed-on', { what: 'POST /admin/compact', count: 1, mayWrite: true }],
      ['touched', expect.objectContaining({ what: 'POST /admin/compact' })],
    ])
    expect(recorder.counters).toMatchObject({ operations: 0, unmatched: 2, incomplete: 0 })
  })

  test('an HTTP/2 header block that cannot be decoded is counted as a request, and marks all keys as possibly written', async () => {
    const service = await serve((socket) => socket.resume())
    const { route, client } = await http2RouteTo(service)
    const raw = new Received(await dial(route))
    const settings = Buffer.from([0, 0, 0, FRAME.settings, 0, 0, 0, 0, 0])
    const noHpack = Buffer.from([0, 0, 1, FRAME.headers, 5, 0, 0, 0, 1, 0x80])
    raw.socket.write(Buffer.concat([PREFACE, settings, noHpack]))
    await eventually(() => client.remarks.length === 2)
    expect(client.remarks).toEqual([
      ['passed-on', { what: 'an HTTP/2 request that could not be read', count: 1, mayWrite: true }],
      ['touched', expect.objectContaining({ what: 'an HTTP/2 request that could not be read' })],
    ])
  })

  test('an incomplete upload over HTTP/2 marks a key as possibly written, and is not recorded as an operation', async () => {
    const service = await serveHttp2((stream) => void stream.resume())
    const { route, client, recorder } = await http2RouteTo(service)
    const session = await sessionTo(route.port)
    const stream = session.request({ ':method': 'PUT', ':path': '/kv/x' })
    stream.on('error', () => undefined)
    stream.write('a part')
    await eventually(() => recorder.counters.waiting > 0)
    stream.destroy(new Error('given up'))
    await eventually(() => client.remarks.length > 0)
    expect(client.remarks.map((remark) => (remark as readonly unknown[])[0])).toEqual(['touched'])
    expect(client.events).toEqual([])
  })
})

test('HTTP/2 bytes pass unchanged, recorded or unrecorded, in any division into chunks', async () => {
  const random = createRandom('http2 bytes')
  const received: Buffer[] = []
  const echoed = await serve((socket) => {
    socket.on('data', (bytes: Buffer) => {
      received.push(Buffer.from(bytes))
      socket.write(bytes)
    })
    socket.on('end', () => socket.end())
  })
  for (let round = 0; round < 20; round++) {
    received.length = 0
    const frames = Array.from({ length: 30 }, (_, i) =>
      frame(
        random.pick([0, 1, 2, 3, 4, 6, 7, 8, 9, 0x77]),
        random.integer(256),
        random.pick([0, 1, 3, 2 * i + 1]),
        Buffer.alloc(random.integer(i === 7 ? 70_000 : 60), random.integer(256)),
      ),
    )
    const stream = Buffer.concat([PREFACE, ...frames])
    const { route } = await http2RouteTo(echoed)
    const client = new Received(await dial(route))
    for (let at = 0; at < stream.length; ) {
      const size = 1 + random.integer(4000)
      client.socket.write(stream.subarray(at, at + size))
      at += size
      if (random.chance(0.3)) await new Promise((resolve) => setImmediate(resolve))
    }
    client.socket.end()
    await client.until(() => client.ended)
    expect(Buffer.concat(received).equals(stream)).toBe(true)
    expect(client.bytes.equals(stream)).toBe(true)
  }
})

/** Sends writes and reads of a few keys. Each client has several requests in progress at once. */
async function drive(port: number, { sessions, requests }: { readonly sessions: number; readonly requests: number }) {
  await Promise.all(
    Array.from({ length: sessions }, async (_, c) => {
      const session = await sessionTo(port)
      const random = createRandom(c)
      let asked = 0
      const one = async () => {
        while (asked < requests) {
          const i = asked++
          const key = `/kv/k${random.integer(3)}`
          if (random.chance(0.5)) await send(session, 'PUT', key, `c${c}-${i}`)
          else await send(session, 'GET', key)
        }
      }
      await Promise.all([one(), one(), one()])
    }),
  )
}
