import { describe, expect, test } from 'vitest'
import { createRecorder } from '../../../../recorder/src/record/recorder.ts'
import { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { dial, network, Received, serve, settled } from '../../../../testing/src/sockets.ts'
import { createHttpFaults } from '../../../src/http/http-faults.ts'
import { byPreface } from '../../../src/http2/by-preface.ts'
import { createHttp2Faults } from '../../../src/http2/http2-faults.ts'
import { startRunClock } from '../../../src/record-file/run-clock.ts'
import { httpClient, keyValueService, textTable } from '../../http/live.ts'
import { keyValueHttp2, send, sessionTo } from '../../http2/recorded.ts'

describe('a proxy that records HTTP/1.1 and HTTP/2', () => {
  /** Opens a recorded route for clients of either version of HTTP. */
  async function anyRouteTo(upstream: { readonly host: string; readonly port: number }) {
    const client = new RecordedLines()
    const recorder = createRecorder({ now: startRunClock(), client })
    const http = createHttpFaults({ seed: 1, recorder })
    const http2 = createHttp2Faults({ seed: 1, recorder })
    const way = { from: 'clients', to: 'n1', table: textTable }
    const intercept = byPreface({ http1: http.intercept(way), http2: http2.intercept(way) })
    const created = network()
    const route = await created.route({ from: 'clients', to: 'n1', upstream, intercept })
    return { route, client, recorder, network: created }
  }

  test('a proxy for HTTP/1.1 and HTTP/2 recognises HTTP/2 by its preface, even if the server sends first', async () => {
    const { route, recorder } = await anyRouteTo(await keyValueHttp2())
    const session = await sessionTo(route.port)
    await send(session, 'PUT', '/kv/x', 'one')
    expect((await send(session, 'GET', '/kv/x')).body).toBe('one')
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
