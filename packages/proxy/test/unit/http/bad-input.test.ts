import { expect, test } from 'vitest'
import { cleanUp, dial, eventually, Received, serve } from '../../../../testing/src/sockets.ts'
import { badRequests, badResponses } from '../../../../wire/test/http/corpus.ts'
import { bytesOf } from '../../../../wire/test/http/feed.ts'
import { httpClient, httpRouteTo, keyValueService } from '../../http/live.ts'

// These tests send traffic that is not HTTP, while a fault is in force. Without a fault, such traffic is passed on, as
// transparency.test.ts shows.

async function listener() {
  const accepted: Received[] = []
  const server = await serve((socket) => {
    accepted.push(new Received(socket))
    socket.on('end', () => socket.end())
  })
  return { accepted, ...(await httpRouteTo(server)) }
}

test.each(Object.entries(badRequests))(
  'malformed bytes are forwarded unchanged if no rule matches them: %s',
  async (_, text) => {
    const { accepted, route, apply, http } = await listener()
    apply({ kind: 'lose-reply', match: { path: '/never' } })
    apply({ kind: 'error-status', match: { header: 'x-never' } })
    const client = new Received(await dial(route))
    client.socket.end(bytesOf(text))
    await client.until(() => client.ended || client.closed)
    expect(client.text).toBe('')
    expect(accepted[0]?.text).toBe(text)
    expect(http.statistics().get('clients>n1')).toMatchObject({ malformed: 1, refused: 0 })
  },
)

test('a header field of 300 KB is forwarded unchanged if no rule matches its request', async () => {
  const { accepted, route, apply } = await listener()
  const rule = apply({ kind: 'error-status', match: { path: '/never' } })
  const text = `GET / HTTP/1.1\r\nHost: n1\r\nX-Long: ${'y'.repeat(300_000)}\r\n\r\n`
  const client = new Received(await dial(route))
  client.socket.write(text.slice(0, 20))
  client.socket.write(text.slice(20, 100_000))
  client.socket.end(text.slice(100_000))
  await client.until(() => client.ended || client.closed)
  expect(accepted[0]?.text === text).toBe(true)
  expect(rule.hits).toBe(0)
})

test('a malformed request is refused if a rule matches it', async () => {
  const { accepted, route, apply } = await listener()
  apply({ kind: 'error-status', match: { method: 'GET', path: '/kv/{key}', header: 'x-odd', headerValue: 'b' } })
  const client = new Received(await dial(route))
  client.socket.end('GET /kv/x HTTP/1.1\nX-Odd: a\n b\n\n')
  await client.until(() => client.ended)
  expect(client.text).toMatch(/^HTTP\/1\.1 400 /)
  expect(accepted[0]?.text ?? '').toBe('')
})

test.each(Object.entries(badRequests))(
  'bytes from a client that are not a valid request are refused: %s',
  async (_, text) => {
    const { accepted, route, apply, http } = await listener()
    apply({ kind: 'lose-reply' })
    const client = new Received(await dial(route))
    client.socket.end(bytesOf(text))
    await client.until(() => client.ended || client.closed)
    // The proxy refuses the request with a response. If a part of the request was already passed on, it resets the
    // connection instead.
    if (client.error === undefined) expect(client.text).toMatch(/^HTTP\/1\.1 400 .*\r\nConnection: close\r\n/s)
    client.socket.destroy()
    await eventually(() => route.liveConnections === 0)
    expect(http.statistics().get('clients>n1')).toMatchObject({ malformed: 0, refused: 1 })
    // The server may have received the valid HTTP at the beginning of the client's bytes, but nothing after it.
    const passed = accepted[0]?.text ?? ''
    expect(text.startsWith(passed)).toBe(true)
    expect(passed.length).toBeLessThan(text.length)
  },
)

test.each(Object.entries(badResponses))(
  'bytes from a server that are not a valid response pass unchanged: %s',
  async (_, { methods, text }) => {
    const server = await serve((socket) => socket.once('data', () => socket.end(bytesOf(text))))
    const { route, apply, http } = await httpRouteTo(server)
    const edit = apply({ kind: 'edit-reply', headers: { 'X-Edited': 'yes' } })
    const client = new Received(await dial(route))
    client.socket.end(methods.map((method) => `${method} /kv/x HTTP/1.1\r\nHost: n1\r\n\r\n`).join(''))
    await client.until(() => client.ended)
    // The response is passed on as it came. The client handles it as it would without a proxy.
    const hits = (client.text.match(/X-Edited: yes\r\n/g) ?? []).length
    expect(client.text.replaceAll('X-Edited: yes\r\n', '')).toBe(text)
    await eventually(() => route.liveConnections === 0)
    expect(http.statistics().get('clients>n1')).toMatchObject({ malformed: 1 })
    // Only heads that the proxy could read were edited.
    expect(edit.hits).toBe(hits)
  },
)

test('clients that send unfinished requests byte by byte do not delay other clients', async () => {
  const service = await keyValueService()
  const { route, apply } = await httpRouteTo(service)
  apply({ kind: 'delay-reply', delayMs: 1 })
  const head = 'PUT /kv/slow HTTP/1.1\r\nHost: n1\r\nContent-Length: 5\r\n'
  const slow = await Promise.all(Array.from({ length: 25 }, () => dial(route)))
  const ask = httpClient(route.port)
  for (const [i, letter] of [...head].entries()) {
    for (const socket of slow) socket.write(letter)
    expect(await ask('PUT', '/kv/quick', String(i))).toMatchObject({ body: 'done' })
  }
  expect(service.seen.filter((request) => !request.startsWith('PUT quick'))).toEqual([])
  expect(route.liveConnections).toBe(26)
  for (const socket of slow) socket.destroy()
  await eventually(() => route.liveConnections === 1)
  expect(await ask('GET', '/kv/quick')).toMatchObject({ body: String(head.length - 1) })
})

test('endless header fields use no more memory than the size limit of the header', async () => {
  const server = await serve(() => undefined)
  const { route, apply } = await httpRouteTo(server)
  apply({ kind: 'delay-reply', delayMs: 1 })
  const refused = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const client = new Received(await dial(route))
      client.socket.write('GET / HTTP/1.1\r\n')
      const field = Buffer.from(`X: ${'y'.repeat(4000)}\r\n`)
      let stopped = false
      cleanUp(() => {
        stopped = true
      })
      const go = (): void => {
        if (!stopped && !client.closed) client.socket.write(field, go)
      }
      go()
      await client.until(() => client.text.includes('\r\n\r\n') || client.closed)
      stopped = true
      return client.closed || client.text.startsWith('HTTP/1.1 400 ')
    }),
  )
  expect(refused).toEqual(refused.map(() => true))
})
