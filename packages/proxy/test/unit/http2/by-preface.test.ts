import { describe, expect, test } from 'vitest'
import { createRecorder } from '../../../../recorder/src/record/recorder.ts'
import { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { dial, network, Received, serve, settled } from '../../../../testing/src/sockets.ts'
import type { Carriage } from '../../../src/control/state/carriage.ts'
import { createReaders } from '../../../src/control/state/readers.ts'
import { startRunClock } from '../../../src/record-file/run-clock.ts'
import { httpClient, keyValueService, textTable } from '../../http/live.ts'
import { keyValueHttp2, send, sessionTo } from '../../http2/recorded.ts'

describe('a proxy that records HTTP/1.1 and HTTP/2', () => {
  const http: Carriage = { kind: 'http', table: textTable, websocket: false }
  const http2: Carriage = { kind: 'http2', table: textTable }

  /** Opens a recorded route for clients of either version of HTTP. */
  async function anyRouteTo(upstream: { readonly host: string; readonly port: number }, carriage: Carriage = http) {
    const client = new RecordedLines()
    const recorder = createRecorder({ now: startRunClock(), client })
    const readers = createReaders({ seed: 1, recording: { recorder, files: [] } })
    const way = { from: 'clients', to: 'n1', tls: undefined, host: undefined }
    const intercept = await readers.interceptFor(carriage, way)
    const created = network()
    const route = await created.route({ from: 'clients', to: 'n1', upstream, intercept })
    return { route, client, recorder, network: created }
  }

  test.each([http, http2])(
    'a proxy with a route table for $kind records HTTP/2 by its preface, even if the server sends first',
    async (carriage) => {
      const { route, recorder } = await anyRouteTo(await keyValueHttp2(), carriage)
      const session = await sessionTo(route.port)
      await send(session, 'PUT', '/kv/x', 'one')
      expect((await send(session, 'GET', '/kv/x')).body).toBe('one')
      expect(recorder.counters).toMatchObject({ operations: 2, ok: 2, unmatched: 0 })
    },
  )

  test('a proxy with a route table for http2 also records HTTP/1.1', async () => {
    const { route, recorder } = await anyRouteTo(await keyValueService(), http2)
    const send1 = httpClient(route.port)
    await send1('PUT', '/kv/x', 'one')
    expect(await send1('GET', '/kv/x')).toMatchObject({ body: 'one' })
    expect(recorder.counters).toMatchObject({ operations: 2, ok: 2, unmatched: 0 })
  })

  test('a proxy for both versions reads a connection without an HTTP/2 preface as HTTP/1.1, in any division into chunks', async () => {
    const { route, recorder } = await anyRouteTo(await keyValueService())
    const send1 = httpClient(route.port)
    await send1('PUT', '/kv/x', 'one')
    const slow = new Received(await dial(route))
    for (const piece of ['P', 'U', 'T /kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length: 3\r\n\r\nt', 'wo']) {
      slow.socket.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await slow.until(() => slow.text.includes('done'))
    expect(await send1('GET', '/kv/x')).toMatchObject({ body: 'two' })
    expect(recorder.counters).toMatchObject({ operations: 3, ok: 3, unmatched: 0 })
  })

  test('the proxy forwards a response that an HTTP/1.1 server sends without a request, and ends the connection', async () => {
    const { route } = await anyRouteTo(await serve((socket) => socket.end('HTTP/1.1 408 Request Timeout\r\n\r\n')))
    const waiting = new Received(await dial(route))
    await waiting.until(() => waiting.ended)
    expect(waiting.text).toBe('HTTP/1.1 408 Request Timeout\r\n\r\n')
  })

  test('a draining proxy ends idle connections immediately, but not a connection on which a request has begun', async () => {
    const { route, network: created } = await anyRouteTo(await keyValueService())
    const [unused, answered, begun] = [await dial(route), await dial(route), await dial(route)].map(
      (socket) => new Received(socket),
    ) as [Received, Received, Received]
    answered.socket.write('PUT /kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length: 3\r\n\r\none')
    await answered.until(({ text }) => text.includes('done'))
    begun.socket.write('PRI')
    await settled(() => created.statistics().get('clients>n1')!.bytes + route.liveConnections)
    const drained = created.drain?.(60_000)
    await unused.until(({ ended }) => ended)
    await answered.until(({ ended }) => ended)
    await settled(() => route.liveConnections)
    expect([begun.ended, route.liveConnections]).toEqual([false, 1])
    begun.socket.destroy()
    await drained
  })

  test('a proxy for HTTP/1.1 and HTTP/2 forwards an incomplete HTTP/2 preface', async () => {
    const { route, client } = await anyRouteTo(await serve((socket) => socket.pipe(socket)))
    const asking = new Received(await dial(route))
    asking.socket.write('PRI * HTTP/2.0\r\n\r\nno')
    await asking.until(() => asking.text === 'PRI * HTTP/2.0\r\n\r\nno')
    expect(client.remarks.map((remark) => (remark as readonly unknown[])[0])).toContain('touched')
  })
})
