import type { IncomingMessage, ServerResponse } from 'node:http'
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib'
import { decoded } from '@chaosproxy/wire/http'
import { describe, expect, test } from 'vitest'
import { dial, eventually, Received, serve } from '../../../../testing/src/sockets.ts'
import { httpRouteTo, serveHttp } from '../../http/live.ts'

const LONG = 3 * 1024 * 1024
const long = Buffer.alloc(LONG, 'x')

type Handler = (asked: IncomingMessage, reply: ServerResponse, body: Buffer) => void

async function served(handle: Handler) {
  const server = await serveHttp(async (asked, reply) => {
    const parts: Buffer[] = []
    for await (const part of asked) parts.push(part)
    handle(asked, reply, Buffer.concat(parts))
  })
  const live = await httpRouteTo(server)
  return { ...live, ask: async (text: string | Buffer) => received(live.route, text) }
}

async function received(route: { host: string; port: number }, text: string | Buffer): Promise<Received> {
  const client = new Received(await dial(route))
  client.socket.write(text)
  return client
}

const get = (path = '/', method = 'GET') => `${method} ${path} HTTP/1.1\r\nHost: n1\r\n\r\n`
const bodyOf = ({ bytes }: Received) => bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)
const headOf = ({ text }: Received) => text.slice(0, text.indexOf('\r\n\r\n'))
const whole = (client: Received) =>
  client.until(() => {
    const length = /content-length: (\d+)/i.exec(client.text)?.[1]
    return client.text.includes('\r\n\r\n') && bodyOf(client).length >= Number(length ?? 0)
  })

describe('a long reply', () => {
  const start = () => served((_, reply) => reply.setHeader('Content-Length', LONG).end(long))

  test('a long reply keeps its body if a fault edits only its header fields', async () => {
    const { apply, ask } = await start()
    const fault = apply({ kind: 'edit-reply', headers: { 'X-Edited': 'yes' } })
    const client = await whole(await ask(get()))
    expect(headOf(client)).toContain('X-Edited: yes')
    expect(bodyOf(client).equals(long)).toBe(true)
    expect(fault).toMatchObject({ hits: 1, missed: 0 })
  })

  test('a long reply is truncated at exactly the given byte', async () => {
    const { apply, ask } = await start()
    // The limit is small enough for the kernel to deliver all the bytes before the proxy resets the connection. The
    // reset discards bytes for which the client's receive window has no room yet.
    const fault = apply({ kind: 'truncate-reply', bytes: 60_001 })
    const client = await ask(get())
    await client.until(() => client.closed)
    expect(bodyOf(client)).toHaveLength(60_001)
    expect(client.error).toBe('ECONNRESET')
    expect(fault.hits).toBe(1)
  })

  test('a long reply is replaced by the response of error-status, and the connection stays open', async () => {
    const { apply, ask } = await start()
    const fault = apply({ kind: 'error-status', after: 'forwarding', body: 'sorry', when: { first: 1 } })
    const client = await ask(get())
    await client.until(() => client.text.endsWith('sorry'))
    client.socket.write(get())
    await client.until(() => client.length > LONG)
    expect(client.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 503', 'HTTP/1.1 200'])
    expect(fault).toMatchObject({ hits: 1, missed: 0 })
  })

  test('a long reply arrives slowly but completely under trickle-reply', async () => {
    const { apply, ask } = await start()
    apply({ kind: 'trickle-reply', pieceBytes: 1_000_000, pauseMs: 30 })
    const begunMs = performance.now()
    const client = await whole(await ask(get()))
    expect(performance.now() - begunMs).toBeGreaterThan(4 * 30 - 10)
    expect(bodyOf(client).equals(long)).toBe(true)
  })

  test('a long reply is kept for stale-reply only if its length is within maxBodyBytes', async () => {
    const { apply, ask } = await start()
    const short = apply({ kind: 'stale-reply' })
    const allowed = apply({ kind: 'stale-reply', maxBodyBytes: 4_000_000 })
    await whole(await ask(get()))
    expect(short).toMatchObject({ missed: 1, missedBecause: 'the body of the reply is longer than maxBodyBytes' })
    expect(allowed.missed).toBe(0)
  })

  test('a long reply is not delivered under lose-reply, and its connection is reset', async () => {
    const { apply, ask } = await start()
    const fault = apply({ kind: 'lose-reply' })
    const client = await ask(get())
    await client.until(() => client.closed)
    expect([client.length, client.error, fault.hits]).toEqual([0, 'ECONNRESET', 1])
  })
})

describe('a chunked reply', () => {
  const start = () =>
    served((_, reply) => {
      reply.setHeader('Trailer', 'X-Sum')
      reply.write('one')
      reply.addTrailers({ 'X-Sum': '6' })
      setImmediate(() => reply.end('two'))
    })

  test('a chunked reply keeps its trailers if a fault edits its header fields', async () => {
    const { apply, ask } = await start()
    apply({ kind: 'edit-reply', headers: { 'X-Edited': 'yes' } })
    const client = await ask(get())
    await client.until(() => client.text.endsWith('X-Sum: 6\r\n\r\n'))
    expect(headOf(client)).toContain('X-Edited: yes')
  })

  test('a chunked reply is truncated after the given number of content bytes', async () => {
    const { apply, ask } = await start()
    apply({ kind: 'truncate-reply', bytes: 4 })
    const client = await ask(get())
    await client.until(() => client.closed)
    expect(bodyOf(client).toString()).toBe('3\r\none\r\n3\r\nt')
  })

  test('a chunked reply is complete if the truncation offset lies beyond its content', async () => {
    const { apply, ask } = await start()
    const fault = apply({ kind: 'truncate-reply', bytes: 6 })
    const client = await ask(get())
    await client.until(() => client.text.endsWith('X-Sum: 6\r\n\r\n'))
    expect(fault.hits).toBe(0)
  })
})

describe('a reply delimited by the end of its connection', () => {
  const start = async (version = '1.1') => {
    const server = await serve((socket) =>
      socket.once('data', () =>
        socket.end(`HTTP/${version} 200 OK\r\nContent-Type: text/plain\r\n\r\nquick brown fox`),
      ),
    )
    const live = await httpRouteTo(server)
    return { ...live, ask: (text: string) => received(live.route, text) }
  }

  test.each(['1.0', '1.1'])(
    'a reply that ends with its connection is edited and truncated in HTTP/%s',
    async (version) => {
      const { apply, ask } = await start(version)
      const edit = apply({ kind: 'edit-reply', body: 'new' })
      const edited = await ask(get())
      await edited.until(() => edited.ended)
      expect(edited.text).toBe(`HTTP/${version} 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nnew`)
      edit.remove()
      apply({ kind: 'truncate-reply', bytes: 5 })
      const cut = await ask(get())
      await cut.until(() => cut.closed)
      expect([bodyOf(cut).toString(), cut.error]).toEqual(['quick', 'ECONNRESET'])
    },
  )

  test('a delayed reply that ends with its connection arrives completely', async () => {
    const { apply, ask } = await start()
    apply({ kind: 'delay-reply', delayMs: 20 })
    const delayed = await ask(get())
    await delayed.until(() => delayed.ended)
    expect(bodyOf(delayed).toString()).toBe('quick brown fox')
  })
})

describe('an endless event stream', () => {
  const start = () =>
    served((_, reply) => {
      reply.setHeader('Content-Type', 'text/event-stream')
      reply.write('data: 1\n\n')
    })

  test.each([
    ['edit-reply', { headers: { 'X-Edited': 'yes' } }],
    ['trickle-reply', { pieceBytes: 5, pauseMs: 1 }],
    ['delay-reply', { delayMs: 10 }],
    ['reorder-replies', { withinMs: 10 }],
    ['stale-reply', {}],
  ] as const)('an endless event stream reaches the client under %s', async (kind, parameters) => {
    const { apply, ask } = await start()
    const fault = apply({ kind, ...parameters })
    const client = await ask(get())
    await client.until(() => client.text.includes('data: 1\n\n'))
    if (kind === 'stale-reply')
      expect(fault).toMatchObject({ missed: 1, missedBecause: 'the reply is a stream that does not end' })
  })

  test('an endless event stream is reset immediately by lose-reply', async () => {
    const { apply, ask } = await start()
    apply({ kind: 'lose-reply' })
    const client = await ask(get())
    await client.until(() => client.closed)
    expect([client.length, client.error]).toEqual([0, 'ECONNRESET'])
  })

  test('an endless event stream is cut at the given byte by truncate-reply', async () => {
    const { apply, ask } = await start()
    apply({ kind: 'truncate-reply', bytes: 7 })
    const client = await ask(get())
    await client.until(() => client.closed)
    expect(client.text.endsWith('data: 1')).toBe(true)
    expect(client.error).toBe('ECONNRESET')
  })

  test.each([
    ['error-status', { after: 'forwarding' }],
    ['edit-reply', { body: 'new' }],
    ['edit-reply', { status: 204 }],
  ] as const)('an endless event stream is replaced by the complete response of %s', async (kind, parameters) => {
    const { apply, ask, route } = await start()
    apply({ kind, ...parameters })
    const client = await ask(get())
    await client.until(() => client.ended)
    expect(headOf(client)).toContain('Connection: close')
    expect(client.text).not.toContain('data')
    client.socket.end()
    await eventually(() => route.liveConnections === 0)
  })
})

describe('a compressed reply', () => {
  const codings = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync }

  test.each(Object.entries(codings))(
    'a compressed reply is decoded, edited and encoded again in %s',
    async (coding, encode) => {
      const { apply, ask } = await served((_, reply) => {
        const body = encode(Buffer.from('old'))
        reply.writeHead(200, { 'Content-Encoding': coding, 'Content-Length': body.length }).end(body)
      })
      apply({ kind: 'edit-reply', body: 'new' })
      const client = await whole(await ask(get()))
      expect(headOf(client)).toContain(`Content-Encoding: ${coding}`)
      expect(decoded(bodyOf(client), coding, { most: 100 })).toEqual(Buffer.from('new'))
    },
  )

  test.each(['zstd', 'unheard-of'])(
    'an edited reply is sent uncompressed if the proxy cannot encode its coding %s',
    async (coding) => {
      const { apply, ask } = await served((_, reply) => {
        reply.writeHead(200, { 'Content-Encoding': coding }).end('old')
      })
      apply({ kind: 'edit-reply', body: 'new' })
      const client = await whole(await ask(get()))
      expect(headOf(client)).not.toContain('Content-Encoding')
      expect(bodyOf(client).toString()).toBe('new')
    },
  )

  test('an edited reply is not compressed if the edit itself sets Content-Encoding', async () => {
    const { apply, ask } = await served((_, reply) => {
      reply.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('old'))
    })
    apply({ kind: 'edit-reply', body: 'no gzip', headers: { 'Content-Encoding': 'gzip' } })
    const client = await whole(await ask(get()))
    expect(bodyOf(client).toString()).toBe('no gzip')
  })
})

describe('a response without content', () => {
  const start = (status: number) =>
    served((_, reply) => reply.writeHead(status).end(status === 200 ? 'old' : undefined))
  const pair = async (client: Received) => {
    await client.until(() => client.text.endsWith('\r\n\r\n') || client.text.includes('new'))
    client.socket.write(get('/next'))
    await client.until(() => (client.text.match(/HTTP\/1\.1 \d+/g) ?? []).length === 2)
    return client.text.slice(0, client.text.indexOf('HTTP/1.1', 8))
  }

  test.each([
    ['edit-reply', { status: 204 }],
    ['edit-reply', { status: 304, body: 'new' }],
    ['error-status', { status: 204 }],
    ['error-status', { status: 304, after: 'forwarding' }],
  ] as const)(
    'a response that %s creates without content has no body and no Content-Length: %o',
    async (kind, parameters) => {
      const { apply, ask } = await start(200)
      apply({ kind, ...parameters, when: { first: 1 } })
      const first = await pair(await ask(get()))
      expect(first).toMatch(/^HTTP\/1\.1 [23]04 /)
      expect(first).not.toMatch(/content-length|transfer-encoding/i)
      expect(first.endsWith('\r\n\r\n')).toBe(true)
    },
  )

  test.each([204, 304])('a response gets a Content-Length if an edit changes its status %i to 200', async (status) => {
    const { apply, ask } = await start(status)
    const empty = apply({ kind: 'edit-reply', status: 200, when: { first: 1 } })
    expect(await pair(await ask(get()))).toMatch(/^HTTP\/1\.1 200 OK.*Content-Length: 0\r\n\r\n$/s)
    empty.remove()
    apply({ kind: 'edit-reply', status: 200, body: 'new', when: { first: 1 } })
    expect(await pair(await ask(get()))).toMatch(/^HTTP\/1\.1 200 OK.*Content-Length: 3\r\n\r\nnew$/s)
  })

  test('a response with status 205 has Content-Length 0', async () => {
    const { apply, ask } = await start(200)
    apply({ kind: 'edit-reply', status: 205, when: { first: 1 } })
    expect(await pair(await ask(get()))).toMatch(/^HTTP\/1\.1 205 .*Content-Length: 0\r\n\r\n$/s)
  })

  test('a response to HEAD keeps its Content-Length and has no body', async () => {
    const { apply, ask } = await served((_, reply) => reply.writeHead(200, { 'Content-Length': 3 }).end('old'))
    apply({ kind: 'edit-reply', body: 'newer', status: 201, when: { first: 1 } })
    expect(await pair(await ask(get('/', 'HEAD')))).toMatch(/^HTTP\/1\.1 201 .*Content-Length: 3\r\n.*\r\n\r\n$/s)
  })

  test('stale-reply replays a response without content even if maxBodyBytes is 0', async () => {
    let isFirst = true
    const { apply, ask } = await served((_, reply) => {
      if (isFirst) reply.flushHeaders()
      else reply.writeHead(404, { 'Content-Length': 0 })
      isFirst = false
      reply.end()
    })
    const fault = apply({ kind: 'stale-reply', maxBodyBytes: 0 })
    await (await ask(get())).until(({ text }) => text.endsWith('0\r\n\r\n'))
    const client = await ask('GET / HTTP/1.1\r\nHost: n1\r\nConnection: close\r\n\r\n')
    await client.until(({ ended, closed }) => ended || closed)
    expect(headOf(client)).toMatch(/^HTTP\/1.1 200 /)
    expect(bodyOf(client).toString()).toBe('0\r\n\r\n')
    expect(fault).toMatchObject({ hits: 1, missed: 0 })
  })
})

describe('an HTTP request under faults', () => {
  const start = async () => {
    const seen: Buffer[] = []
    const live = await served((asked, reply, body) => {
      seen.push(asked.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body)
      reply.end(`${asked.headers['x-edited'] ?? 'plain'}`)
    })
    return { ...live, seen }
  }
  const put = (body: Buffer | string, fields = '') =>
    Buffer.concat([
      Buffer.from(`PUT / HTTP/1.1\r\nHost: n1\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${fields}\r\n`),
      Buffer.from(body),
    ])

  test('a long request is edited, delayed and sent in pieces by three faults', async () => {
    const { apply, ask, seen } = await start()
    const faults = [
      apply({ kind: 'edit-request', headers: { 'X-Edited': 'yes' } }),
      apply({ kind: 'trickle-request', pieceBytes: 1_000_000, pauseMs: 5 }),
      apply({ kind: 'delay-request', delayMs: 5 }),
    ]
    const client = await ask(put(long))
    await client.until(() => client.text.endsWith('yes'))
    expect(seen[0]?.equals(long)).toBe(true)
    for (const fault of faults) expect(fault).toMatchObject({ hits: 1, missed: 0 })
  })

  test('a request is duplicated if the length of its body is within maxBodyBytes', async () => {
    const { apply, ask, seen } = await start()
    const fault = apply({ kind: 'duplicate-request', maxBodyBytes: LONG + 1000 })
    const client = await ask(put(long))
    await client.until(() => client.text.endsWith('plain'))
    await eventually(() => seen.length === 2)
    expect(seen.every((body) => body.equals(long))).toBe(true)
    expect(fault).toMatchObject({ hits: 1, missed: 0 })
  })

  test('a long request body is replaced by the edited body', async () => {
    const { apply, ask, seen } = await start()
    apply({ kind: 'edit-request', body: 'new' })
    const client = await ask(put(long))
    await client.until(() => client.text.endsWith('plain'))
    expect(seen.map(String)).toEqual(['new'])
  })

  test('the edited body of a compressed request is encoded in the coding of the request', async () => {
    const { apply, ask, seen } = await start()
    apply({ kind: 'edit-request', body: 'new' })
    const client = await ask(put(gzipSync('old'), 'Content-Encoding: gzip\r\n'))
    await client.until(() => client.text.endsWith('plain'))
    expect(seen.map(String)).toEqual(['new'])
  })

  test.each([
    ['in a long body', Buffer.concat([Buffer.from('needle'), long]), ''],
    ['in a compressed body', gzipSync(Buffer.concat([Buffer.from('needle'), long])), 'Content-Encoding: gzip\r\n'],
    ['in a short body', Buffer.from('a needle'), ''],
  ])('request faults and reply faults match text %s of a request', async (_, body, fields) => {
    const { apply, ask, seen } = await start()
    const request = apply({ kind: 'edit-request', headers: { 'X-Edited': 'yes' }, match: { body: 'needle' } })
    const reply = apply({ kind: 'edit-reply', headers: { 'X-Reply': 'yes' }, match: { body: 'needle' } })
    const client = await ask(put(body, fields))
    await client.until(() => client.text.endsWith('yes'))
    expect(headOf(client)).toContain('X-Reply: yes')
    client.socket.write(put('nothing of the kind'))
    await client.until(() => client.text.endsWith('plain'))
    expect([request.hits, reply.hits, seen.length]).toEqual([1, 1, 2])
  })

  test('a fault that matches on the body does not act on a request with an unknown content coding', async () => {
    const { apply, ask } = await start()
    const fault = apply({ kind: 'error-status', match: { body: 'needle' } })
    const client = await ask(put('needle', 'Content-Encoding: unheard-of\r\n'))
    await client.until(() => client.text.endsWith('plain'))
    expect(fault).toMatchObject({
      hits: 0,
      missed: 1,
      missedBecause: 'the body of the request is compressed as "unheard-of" and cannot be searched',
    })
  })
})
