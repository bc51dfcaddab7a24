import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type NodeHost, type NodeOptions, startNode } from '../../src/node/host.ts'
import { parsePlainRequest } from '../../src/node/plain-http.ts'
import { tinyMachine } from '../tiny-machine.ts'

let directory: string
let lines: string[]
let failures: string[]
const open: { close(): void }[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chaos-node-'))
  lines = []
  failures = []
})
afterEach(() => {
  for (const resource of open.splice(0)) resource.close()
  rmSync(directory, { recursive: true })
})

async function start(options: Partial<NodeOptions> = {}): Promise<NodeHost> {
  const node = await startNode({
    id: 'n1',
    protocol: 'tiny',
    machine: tinyMachine,
    peers: [],
    seed: 1,
    journalPath: join(directory, options.id ?? 'n1'),
    log: { line: (text) => lines.push(text), countFrom: () => undefined },
    statusChanged: () => undefined,
    marked: () => undefined,
    linked: () => undefined,
    failed: (error) => failures.push(error.message),
    ...options,
  })
  open.push(node)
  return node
}

async function call(node: NodeHost, method: string, path: string, body?: string, headers?: Record<string, string>) {
  const response = await fetch(`http://127.0.0.1:${node.clientPort}${path}`, {
    method,
    body: body ?? null,
    headers: headers ?? {},
  })
  const answer = (await response.json()) as { error?: string; value?: unknown }
  return { status: response.status, allow: response.headers.get('allow'), body: answer }
}

describe('the HTTP server of a node', () => {
  test('the HTTP server of a node returns null for a new key, and after a write the written value', async () => {
    const node = await start()
    expect(await call(node, 'GET', '/kv/x')).toMatchObject({ status: 200, body: { value: null } })
    expect(await call(node, 'PUT', '/kv/x', '{"value":7}')).toMatchObject({ status: 200, body: { value: 7 } })
    expect(await call(node, 'GET', '/kv/x')).toMatchObject({ status: 200, body: { value: 7 } })
  })

  test('the HTTP server of a node accepts any text as a key, percent-encoded in the URL', async () => {
    const node = await start()
    const path = `/kv/${encodeURIComponent('a/b ?ü')}`
    await call(node, 'PUT', path, '{"value":"there"}')
    expect(await call(node, 'GET', path)).toMatchObject({ body: { value: 'there' } })
    expect(await call(node, 'GET', '/kv/a')).toMatchObject({ body: { value: null } })
  })

  test('a compare-and-set over HTTP is executed if the value matches, and gets "mismatch" otherwise', async () => {
    const node = await start()
    expect(await call(node, 'POST', '/kv/x/cas', '{"old":null,"new":1}')).toMatchObject({ status: 200 })
    expect(await call(node, 'POST', '/kv/x/cas', '{"old":2,"new":3}')).toMatchObject({
      status: 409,
      body: { error: 'mismatch' },
    })
    expect(await call(node, 'GET', '/kv/x')).toMatchObject({ body: { value: 1 } })
  })

  test('the HTTP server of a node passes an operation with any function name to the protocol', async () => {
    const node = await start()
    expect(await call(node, 'POST', '/do', '{"f":"echo","value":[1]}')).toMatchObject({
      status: 200,
      body: { value: { f: 'echo', value: [1] } },
    })
    expect(await call(node, 'POST', '/do', '{"f":"echo","key":"q"}')).toMatchObject({
      body: { value: { f: 'echo', key: 'q', value: null } },
    })
  })

  test('the HTTP server of a node replies 409 to a cas that does not match, and 503 to a refusal', async () => {
    const node = await start()
    expect(await call(node, 'POST', '/kv/x/cas', '{"old":2,"new":3}')).toMatchObject({ status: 409 })
    expect(await call(node, 'GET', '/kv/tokenless')).toMatchObject({
      status: 503,
      body: { error: 'mismatch with the token of this term' },
    })
  })

  test('the HTTP server of a node replies 503 to a refusal, 504 to an unknown outcome, and 200 to a late success', async () => {
    const node = await start()
    expect(await call(node, 'GET', '/kv/unavailable')).toMatchObject({ status: 503, body: { error: 'unavailable' } })
    expect(await call(node, 'GET', '/kv/unknown')).toMatchObject({ status: 504, body: { error: 'who knows' } })
    expect(await call(node, 'GET', '/kv/later')).toMatchObject({ status: 200, body: { value: 'at last' } })
  })

  test('the HTTP server of a node passes client and sequence number from the session headers to the protocol', async () => {
    const node = await start()
    const session = { 'Chaos-Session': 'client-4', 'Chaos-Sequence': '17' }
    expect(await call(node, 'GET', '/kv/session', undefined, session)).toMatchObject({
      body: { value: { client: 'client-4', sequence: 17 } },
    })
    expect(await call(node, 'GET', '/kv/session')).toMatchObject({ body: { value: null } })
  })

  test("the HTTP server of a node reports the node's status with its name, role and term", async () => {
    const node = await start()
    const body = { node: 'n1', protocol: 'tiny', role: 'tiny', leads: true, term: 0 }
    expect(await call(node, 'GET', '/status')).toMatchObject({ status: 200, body })
  })

  test.each([
    ['GET', '/', undefined, 404, /nothing at \/;.*PUT \/kv\/KEY/],
    ['GET', '/kv/', undefined, 404, /nothing at \/kv\//],
    ['GET', '/kv/%E0%A4%A', undefined, 404, /nothing at/],
    ['GET', '/kv/a/b/c', undefined, 404, /a slash within a key is written %2F/],
    ['DELETE', '/kv/x', undefined, 405, /DELETE is not possible here; use GET, PUT/],
    ['PUT', '/kv/x/cas', '{"old":1,"new":2}', 405, /use POST/],
    ['POST', '/status', '', 405, /use GET/],
    ['PUT', '/kv/x', '', 400, /\{"value":7\}/],
    ['PUT', '/kv/x', '7', 400, /\{"value":7\}/],
    ['PUT', '/kv/x', '{"value":', 400, /\{"value":7\}/],
    ['POST', '/kv/x/cas', '{"old":1}', 400, /\{"old":7,"new":8\}/],
    ['GET', '/do', undefined, 405, /use POST/],
    ['POST', '/do', '{"value":1}', 400, /\{"f":"add","value":1\}/],
    ['POST', '/do', '{"f":"add","key":1}', 400, /"key" is a string/],
    ['PUT', '/kv/x', JSON.stringify({ value: 'x'.repeat(1024 * 1024) }), 413, /larger than 1048576 bytes/],
  ])(
    'the HTTP server of a node refuses $0 $1 with the status $3 and advice if the body is $2',
    async (method, path, body, status, error) => {
      const node = await start()
      const answer = await call(node, method, path, body)
      expect(answer.status).toBe(status)
      expect(answer.body.error).toMatch(error)
      if (status === 405) expect(answer.allow).toMatch(/GET|POST/)
      expect(await call(node, 'GET', '/kv/x')).toMatchObject({ body: { value: null } })
    },
  )

  test('the HTTP server of a node refuses incomplete session headers', async () => {
    const node = await start()
    for (const headers of [{ 'Chaos-Session': 'c' }, { 'Chaos-Session': 'c', 'Chaos-Sequence': '-1' }])
      expect(await call(node, 'GET', '/kv/x', undefined, headers)).toMatchObject({ status: 400 })
  })

  test('the HTTP server of a node replies 400 with JSON to a request that is not HTTP', async () => {
    const node = await start()
    const answer = await exchange(node.clientPort, 'hello?\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1.1 400 .*\r\n\r\n\{"error":"this is not an HTTP\/1.1 request"\}\n$/s)
  })
})

describe('the parser of plain requests', () => {
  /** A request with an unknown header needs the general parser. */
  const UNKNOWN = 'X-Unknown: 1\r\n'
  const request = (line: string, body: string, more = '') =>
    `${line} HTTP/1.1\r\nHost: n1\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  const statusAndBody = (answer: string) => [
    answer.slice(9, 12),
    answer.slice(answer.indexOf('\r\n\r\n')).replace(/"node":"n."/, ''),
  ]

  test.each([
    ['GET /kv/x', ''],
    ['PUT /kv/x', '{"value":"grün"}'],
    ['PUT /kv/x', '{"value":'],
    ['POST /kv/x/cas', '{"old":null,"new":1}'],
    ['POST /kv/x/cas', '{"old":2,"new":1}'],
    ['POST /do', '{"f":"echo","value":[1]}'],
    ['POST /status', ''],
    ['GET /status', ''],
    ['GET /nowhere', ''],
    ['GET /kv/later', ''],
    ['GET /kv/unavailable', ''],
  ])(
    'the plain parser replies to %s %s as the general parser does, even if bytes arrive one by one',
    async (line, body) => {
      const asGeneral = await start({ id: 'n2' })
      const expected = statusAndBody(await answersTo(asGeneral, 1, request(line, body, UNKNOWN)))
      const whole = await start({ id: 'n3' })
      expect(statusAndBody(await answersTo(whole, 1, request(line, body)))).toEqual(expected)
      const dribbled = await start({ id: 'n4' })
      const bytes = [...Buffer.from(request(line, body))].map((byte) => Buffer.from([byte]))
      expect(statusAndBody(await answersTo(dribbled, 1, ...bytes))).toEqual(expected)
    },
  )

  test('pipelined requests are answered in order, even if the last one needs the general parser', async () => {
    const node = await start()
    const requests = [
      request('PUT /kv/x', '{"value":1}'),
      request('GET /kv/later', ''),
      request('PUT /kv/x', '{"value":2}'),
      request('GET /kv/x', '', UNKNOWN),
    ]
    const answers = await answersTo(node, requests.length, requests.join(''))
    expect([...answers.matchAll(/"value":("at last"|\d)/g)].map(([, value]) => value)).toEqual([
      '1',
      '"at last"',
      '2',
      '2',
    ])
  })

  test('the parser of plain requests answers each of 41 large pipelined requests', async () => {
    const node = await start()
    const large = JSON.stringify({ value: 'x'.repeat(100_000) })
    const requests = [request('GET /kv/later', ''), ...Array.from({ length: 40 }, () => request('PUT /kv/x', large))]
    const answers = await answersTo(node, requests.length, requests.join(''))
    expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(requests.length)
  })

  test.each([
    'GET /kv/x HTTP/1.0\r\n\r\n',
    'GET /kv/x HTTP/1.1\r\nHost: n1\r\nConnection: close\r\n\r\n',
    'PUT /kv/x HTTP/1.1\r\nHost: n1\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{"value":7}\r\n0\r\n\r\n',
    'PUT /kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length: 11\r\nContent-Length: 12\r\n\r\n{"value":7}',
    'GET /kv/x HTTP/1.1\r\nHost: n1\r\n folded: 1\r\n\r\n',
    'HELO\r\n',
  ])('the parser of plain requests leaves %j to the general HTTP parser', (text) => {
    expect(parsePlainRequest(Buffer.from(text))).toEqual({ type: 'other' })
  })
})

describe('a node', () => {
  test('a node keeps acknowledged writes after a restart', async () => {
    const node = await start()
    await call(node, 'PUT', '/kv/x', '{"value":[1,{"deep":"ü"}]}')
    node.close()
    expect(await call(await start(), 'GET', '/kv/x')).toMatchObject({ body: { value: [1, { deep: 'ü' }] } })
  })

  test('a node with a full disk acknowledges no write, and ends with an error', async () => {
    const node = await start({ journalPath: '/dev/full' })
    await expect(call(node, 'PUT', '/kv/x', '{"value":1}')).rejects.toThrow()
    expect(failures).toEqual([expect.stringMatching(/^\/dev\/full: writing failed \(ENOSPC/)])
  })

  test('a node whose protocol throws ends with that error', async () => {
    const step = () => {
      throw new Error('an impossible state')
    }
    const node = await start({ machine: { ...tinyMachine, step } })
    await expect(call(node, 'GET', '/kv/x')).rejects.toThrow()
    expect(failures).toEqual([expect.stringMatching(/^n1 threw on \{"type":"request".*: an impossible state$/)])
  })
})

describe('the links of a node to its peers', () => {
  test('a node redials its peers until they connect, and the links then carry a write', async () => {
    const [first, second] = await Promise.all([listener(), listener()])
    const n1 = await start({ id: 'n1', peers: [{ id: 'n2', port: second.port }] })
    const n2 = await start({ id: 'n2', peers: [{ id: 'n1', port: first.port }] })
    first.forwardTo(n1.peerPort)
    second.forwardTo(n2.peerPort)
    await eventually(async () => {
      await call(n1, 'PUT', '/kv/x', '{"value":"from n1"}')
      expect(await call(n2, 'GET', '/kv/x')).toMatchObject({ body: { value: 'from n1' } })
    })
    await eventually(async () => {
      await call(n2, 'PUT', '/kv/x', '{"value":"from n2"}')
      expect(await call(n1, 'GET', '/kv/x')).toMatchObject({ body: { value: 'from n2' } })
    })
  })

  test('the links of a node are reported as complete when all peers have connected, and then deliver messages', async () => {
    const [first, second] = await Promise.all([listener(), listener()])
    let told = 0
    let tell = () => {}
    const linked = new Promise<void>((resolve) => {
      tell = resolve
    })
    const n1 = await start({ id: 'n1', peers: [{ id: 'n2', port: second.port }] })
    const n2 = await start({
      ...{ id: 'n2', peers: [{ id: 'n1', port: first.port }] },
      linked() {
        told++
        tell()
      },
    })
    expect(told).toBe(0)
    second.forwardTo(n2.peerPort)
    await linked
    await call(n1, 'PUT', '/kv/x', '{"value":"once"}')
    await eventually(async () => expect(await call(n2, 'GET', '/kv/x')).toMatchObject({ body: { value: 'once' } }))
    expect(told).toBe(1)
  })

  test.each([
    ['a stranger', '{"from":"n9","to":"n1"}\n'],
    ['a peer that looked for another node', '{"from":"n2","to":"n3"}\n'],
    ['somebody who speaks HTTP', 'GET / HTTP/1.1\r\n\r\n'],
  ])('a node closes a connection from %s, and logs the reason', async (_, text) => {
    const nobody = await listener()
    const node = await start({ peers: [{ id: 'n2', port: nobody.port }] })
    expect(await exchange(node.peerPort, text)).toBe('')
    expect(lines.at(-1)).toMatch(/^closed a connection: an unknown sender sent something that is not a message/)
  })

  test('a node closes a link at the first line that is not JSON, after it has handled the earlier lines', async () => {
    const nobody = await listener()
    const node = await start({ peers: [{ id: 'n2', port: nobody.port }] })
    await exchange(node.peerPort, '{"from":"n2","to":"n1"}\n{"key":"x","value":1}\n{"key":"x","val\n')
    expect(await call(node, 'GET', '/kv/x')).toMatchObject({ body: { value: 1 } })
    expect(lines.at(-1)).toMatch(/^closed a connection: n2 sent something that is not a message/)
  })

  test('a node closes the old connection of a peer that connects again', async () => {
    const nobody = await listener()
    const node = await start({ peers: [{ id: 'n2', port: nobody.port }] })
    const old = exchange(node.peerPort, '{"from":"n2","to":"n1"}\n{"key":"x","value":1}\n')
    await eventually(async () => expect(node.status().term).toBe(1))
    const anew = connect(node.peerPort, '127.0.0.1')
    anew.write('{"from":"n2","to":"n1"}\n')
    expect(await old).toBe('')
    anew.destroy()
  })
})

/** Sends a text. Resolves with everything received until the other end closes. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      received += chunk
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(received))
  })
}

/**
 * Sends pieces one after another. Resolves with the reply once it contains this number of answers, each a line of JSON.
 */
function answersTo(node: NodeHost, count: number, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const socket = connect({ host: '127.0.0.1', port: node.clientPort, noDelay: true })
    const send = (next: number) => {
      const piece = pieces[next]
      if (piece !== undefined) socket.write(piece, () => setImmediate(send, next + 1))
    }
    send(0)
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      received += chunk
      if ((received.match(/\}\n/g) ?? []).length < count) return
      socket.destroy()
      resolve(received)
    })
  })
}

/** A port that resets every connection until it is told where to forward. */
async function listener(): Promise<{ port: number; forwardTo(port: number): void }> {
  let target: number | undefined
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    if (target === undefined) socket.destroy()
    else socket.pipe(connect(target, '127.0.0.1').on('error', () => socket.destroy()))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  open.push(server)
  return {
    port: (server.address() as { port: number }).port,
    forwardTo(port) {
      target = port
    },
  }
}

/** Retries until the claim holds. The test's own time limit bounds the wait. */
async function eventually(claim: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await claim()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}
