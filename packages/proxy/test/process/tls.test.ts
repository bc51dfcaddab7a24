import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttp1 } from 'node:http'
import { createSecureServer } from 'node:http2'
import { type AddressInfo, connect as connectPlainly } from 'node:net'
import {
  type ConnectionOptions,
  connect,
  createServer,
  type TlsOptions as ServerOptions,
  type TLSSocket,
} from 'node:tls'
import { UserError } from '@chaosproxy/history'
import { Agent, request } from 'undici'
import { describe, expect, test } from 'vitest'
import { cleanUp, dial, drop, echo, eventually, links, network, Received, serve } from '../../../testing/src/sockets.ts'
import { createAuthority } from '../../src/tls/authority.ts'
import { parseTls, type TlsOptions } from '../../src/tls/tls-options.ts'

const authority = createAuthority()
const identity = authority.issue(['localhost', '127.0.0.1'])
const asServer: ServerOptions = { cert: identity.certificate, key: identity.key }
const trust = { authorities: authority.certificate }

async function serveSecurely(options: ServerOptions, accepted: (socket: TLSSocket) => void) {
  const sockets = new Set<TLSSocket>()
  const server = createServer({ ...asServer, allowHalfOpen: true, ...options }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    accepted(socket)
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

const echoSecurely = (options: ServerOptions = {}) => serveSecurely(options, (socket) => socket.pipe(socket))

async function routeWith(tls: TlsOptions, upstream: { host: string; port: number }) {
  const made = network()
  return { network: made, route: await made.route({ from: 'clients', to: 'n1', upstream, tls }) }
}

function startSecurely(port: number, options: ConnectionOptions = {}) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, ...options } as ConnectionOptions)
  cleanUp(() => void socket.destroy())
  return { socket, received: new Received(socket) }
}

async function dialSecurely(port: number, options: ConnectionOptions) {
  const client = startSecurely(port, options)
  await once(client.socket, 'secureConnect')
  return client
}

const isOver = ({ ended, closed }: Received) => ended || closed

describe('a generated certificate', () => {
  test('a generated certificate is signed by its authority for the requested names and addresses', () => {
    const made = authority.issue(['db.example', '10.0.0.7', 'fe80::1:2', '::ffff:10.0.0.8'])
    const [leaf, root] = [new X509Certificate(made.certificate), new X509Certificate(authority.certificate)]
    expect([leaf.checkIssued(root), leaf.verify(root.publicKey), root.ca, leaf.ca]).toEqual([true, true, true, false])
    expect(leaf.checkHost('db.example')).toBe('db.example')
    for (const address of ['10.0.0.7', 'fe80::1:2']) expect(leaf.checkIP(address)).toBe(address)
    expect(leaf.checkHost('other.example')).toBe(undefined)
    const [from, until] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)]
    expect([from < Date.now(), until > Date.now() + 300 * 86_400_000]).toEqual([true, true])
    expect(new X509Certificate(createAuthority().certificate).subject).not.toBe(root.subject)
  })
})

describe('TLS terminated at the proxy', () => {
  test('the proxy decrypts bytes from clients that trust its authority, and sends plaintext to the server', async () => {
    const { route } = await routeWith({ terminate: {} }, await echo())
    const { socket, received } = await dialSecurely(route.port, { ca: route.authority, servername: 'localhost' })
    expect(socket.authorized).toBe(true)
    const sent = 'x'.repeat(3_000_000)
    socket.end(sent)
    await received.until(({ ended }) => ended)
    expect(received.text === sent).toBe(true)
    await eventually(() => route.liveConnections === 0)
  })

  test('a proxy that terminates TLS presents the given certificate', async () => {
    const { route } = await routeWith({ terminate: { identity } }, await echo())
    expect(route.authority).toBe(undefined)
    const { socket } = await dialSecurely(route.port, { ca: authority.certificate })
    expect(socket.authorized).toBe(true)
  })

  test('a proxy that requires client certificates rejects clients without a certificate', async () => {
    const { route } = await routeWith(
      { terminate: { identity, clientAuthorities: authority.certificate } },
      await echo(),
    )
    const known = await dialSecurely(route.port, { ...asServer, ca: authority.certificate } as ConnectionOptions)
    known.socket.write('hello')
    await known.received.until(({ text }) => text === 'hello')
    for (const stranger of [{}, { ...createAuthority().issue(['x']) }]) {
      const { certificate: cert, key } = stranger as { certificate?: string; key?: string }
      const { socket, received } = startSecurely(route.port, {
        ca: authority.certificate,
        cert,
        key,
      } as ConnectionOptions)
      socket.on('secureConnect', () => socket.write('let me in'))
      await received.until(isOver)
      expect(received.text).toBe('')
    }
    expect([route.failedHandshakes, route.liveConnections]).toEqual([2, 1])
  })

  test('a proxy that terminates TLS negotiates the given protocol', async () => {
    const { route } = await routeWith({ terminate: { identity, alpn: ['h2', 'http/1.1'] } }, await echo())
    const { socket } = await dialSecurely(route.port, { ca: authority.certificate, ALPNProtocols: ['http/1.1'] })
    expect(socket.alpnProtocol).toBe('http/1.1')
  })

  test('a proxy that terminates TLS rejects plaintext, and disconnects silent clients when the route closes', async () => {
    const { route } = await routeWith({ terminate: {} }, await echo())
    const plain = new Received(await dial(route))
    plain.socket.write('GET / HTTP/1.1\r\n\r\n')
    await plain.until(isOver)
    await eventually(() => route.failedHandshakes === 1)
    const silent = new Received(await dial(route))
    await route.close()
    await silent.until(isOver)
  })
})

describe('TLS originated at the proxy', () => {
  test('a proxy that originates TLS connects to a server with a trusted certificate', async () => {
    const { route } = await routeWith({ originate: trust }, await echoSecurely())
    const client = new Received(await dial(route))
    const sent = 'y'.repeat(3_000_000)
    client.socket.end(sent)
    await client.until(({ ended }) => ended)
    expect(client.text === sent).toBe(true)
  })

  test.each<[string, TlsOptions['originate'], boolean]>([
    ['is not trusted', {}, false],
    ['is not trusted while verify is false', { verify: false }, true],
    ['is for another name', { ...trust, serverName: 'other.example' }, false],
    ['is for the given serverName', { ...trust, serverName: 'localhost' }, true],
  ])('a proxy that originates TLS accepts or refuses a server whose certificate %s', async (_, originate, accepted) => {
    const { route } = await routeWith({ originate }, await echoSecurely())
    const client = new Received(await dial(route))
    client.socket.write('hello')
    await client.until(({ closed, text }) => closed || text === 'hello')
    expect(client.text).toBe(accepted ? 'hello' : '')
    expect([route.failedHandshakes, client.error]).toEqual(accepted ? [0, undefined] : [1, 'ECONNRESET'])
  })

  test.each([
    ['is asked which protocols it speaks', ['h2', 'http/1.1']],
    ['is dialled', undefined],
  ])('when its route closes, the proxy immediately disconnects from a silent server that %s', async (_, alpn) => {
    const accepted: Received[] = []
    const server = await serve((socket) => accepted.push(new Received(socket)))
    const terminate = alpn === undefined ? {} : { terminate: { identity, alpn } }
    const { route } = await routeWith({ ...terminate, originate: trust }, server)
    await dial(route)
    await eventually(() => (accepted[0]?.length ?? 0) > 0)
    const closedAtMs = performance.now()
    await route.close()
    await accepted[0]?.until(isOver)
    // The connection is closed before the time limit of a handshake.
    expect(performance.now() - closedAtMs).toBeLessThan(5_000)
    expect(accepted).toHaveLength(1)
  })

  test('a proxy that originates TLS presents a certificate to a server that requires one', async () => {
    const server = await echoSecurely({ requestCert: true, rejectUnauthorized: true, ca: authority.certificate })
    const { route } = await routeWith({ originate: { ...trust, identity } }, server)
    const client = new Received(await dial(route))
    client.socket.write('me')
    await client.until(({ text }) => text === 'me')
  })

  test('a proxy that originates TLS resets the client if the server is down or does not speak TLS', async () => {
    const plain = await serve((socket) => socket.end('I speak plainly\n'))
    for (const upstream of [plain, { host: '127.0.0.1', port: 1 }]) {
      const { route } = await routeWith({ originate: trust }, upstream)
      const client = new Received(await dial(route))
      await client.until(({ closed }) => closed)
      expect(client.error).toBe('ECONNRESET')
      expect(route.failedHandshakes).toBe(1)
    }
  })
})

describe('TLS on both sides of the proxy', () => {
  async function both(
    server: Parameters<typeof serveSecurely>[1] = (socket) => socket.pipe(socket),
    options: ServerOptions = {},
  ) {
    const alpn = ['h2', 'http/1.1']
    const made = await routeWith(
      { terminate: { identity, alpn }, originate: trust },
      await serveSecurely({ ALPNProtocols: alpn, ...options }, server),
    )
    const client = await dialSecurely(made.route.port, { ca: authority.certificate, ALPNProtocols: ['http/1.1'] })
    return { ...made, client }
  }

  test('the proxy offers the server the protocol agreed with the client', async () => {
    const { client } = await both((socket) => socket.end(String(socket.alpnProtocol)))
    await client.received.until(({ ended }) => ended)
    expect(client.received.text).toBe('http/1.1')
  })

  test("the proxy offers the server the client's choice of protocol, even if the alpn option names another protocol", async () => {
    const server = await serveSecurely({ ALPNProtocols: ['h2', 'http/1.1'] }, (socket) =>
      socket.end(String(socket.alpnProtocol)),
    )
    const { route } = await routeWith(
      { terminate: { identity, alpn: ['h2', 'http/1.1'] }, originate: { ...trust, alpn: ['h2'] } },
      server,
    )
    const client = await dialSecurely(route.port, { ca: authority.certificate, ALPNProtocols: ['http/1.1'] })
    await client.received.until(({ ended }) => ended)
    expect(client.received.text).toBe('http/1.1')
  })

  /**
   * Sends requests through the proxy from a client that supports HTTP/1.1 and HTTP/2. Returns the version that the
   * proxy and the server agreed on, and the number of failed handshakes. `spoken`: the versions that the server offers.
   */
  async function versionsOver(spoken: readonly string[] | undefined) {
    const agreed: (string | false | null)[] = []
    const http2 = createSecureServer(asServer, (_, reply) => void reply.end('hello'))
    const http1 = createHttp1((_, reply) => void reply.end('hello'))
    const upstream = await serveSecurely(spoken === undefined ? {} : { ALPNProtocols: [...spoken] }, (socket) => {
      agreed.push(socket.alpnProtocol)
      if (socket.alpnProtocol === 'h2') http2.emit('secureConnection', socket)
      else http1.emit('connection', socket)
    })
    const { route } = await routeWith({ terminate: { identity, alpn: ['h2', 'http/1.1'] }, originate: trust }, upstream)
    const agent = new Agent({ allowH2: true, connect: { ca: authority.certificate } })
    cleanUp(() => agent.destroy())
    const ask = async () => (await request(`https://localhost:${route.port}/`, { dispatcher: agent })).body.text()
    expect([await ask(), await ask()]).toEqual(['hello', 'hello'])
    return { agreed: agreed.at(-1), failures: route.failedHandshakes }
  }

  test.each([
    ['h2', ['http/1.1', 'h2']],
    ['h2', ['h2']],
    ['http/1.1', ['http/1.1']],
    [false, undefined],
  ])('the proxy agrees with the client on %s if the server speaks %s', async (wanted, spoken) => {
    expect(await versionsOver(spoken)).toEqual({ agreed: wanted, failures: 0 })
  })

  test('the proxy negotiates with the server again if the server has stopped speaking the agreed protocol', async () => {
    let spoken = ['h2']
    const server = await serveSecurely(
      { ALPNCallback: ({ protocols }) => protocols.find((protocol) => spoken.includes(protocol)) },
      (socket) => socket.end(String(socket.alpnProtocol)),
    )
    const { route } = await routeWith({ terminate: { identity, alpn: ['h2', 'http/1.1'] }, originate: trust }, server)
    const told = async () => {
      const { received } = startSecurely(route.port, { ca: authority.certificate, ALPNProtocols: ['h2', 'http/1.1'] })
      await received.until(isOver)
      return received.text
    }
    expect(await told()).toBe('h2')
    spoken = ['http/1.1']
    expect([await told(), await told()]).toEqual(['', 'http/1.1'])
  })

  test('the proxy delivers a reply after the client has half-closed its connection', async () => {
    const { client } = await both((socket) => {
      let asked = ''
      socket.on('data', (bytes: Buffer) => {
        asked += bytes
      })
      socket.on('end', () => socket.end(`answer to ${asked}`))
    })
    client.socket.end('question')
    await client.received.until(({ ended }) => ended)
    expect(client.received.text).toBe('answer to question')
  })

  test('faults of a proxy that terminates TLS act on plaintext bytes, not on TLS records', async () => {
    const { client, network } = await both()
    const fault = network.apply({ kind: 'corrupt', probability: 1, links: links.to })
    client.socket.write('abcd')
    await client.received.until(({ length }) => length === 4)
    // Both TLS connections work, although one bit of each byte of the plaintext is flipped.
    expect(client.received.text).not.toBe('abcd')
    expect(fault.hits).toBeGreaterThan(0)
  })

  test('a proxy with TLS on both sides passes on a reset in both directions', async () => {
    const accepted: Received[] = []
    const { client, network } = await both((socket) => void accepted.push(new Received(socket)))
    await eventually(() => accepted.length === 1)
    network.apply({ kind: 'reset', links: links.both })
    await client.received.until(({ closed }) => closed)
    await accepted[0]?.until(({ closed }) => closed)
    expect([client.received.error, accepted[0]?.error]).toEqual(['ECONNRESET', 'ECONNRESET'])
  })

  test('the proxy resets a connection that lost bytes in a cut, once the cut is healed', async () => {
    const { client, network } = await both()
    const cut = network.apply(drop(links.to))
    client.socket.write('gone')
    await eventually(() => cut.hits > 0)
    cut.remove()
    await client.received.until(({ closed }) => closed)
    expect([client.received.text, client.received.error]).toEqual(['', 'ECONNRESET'])
  })
})

test('TLS passes through the proxy unchanged if the TLS options are absent', async () => {
  const made = network()
  const route = await made.route({ from: 'clients', to: 'n1', upstream: await echoSecurely() })
  const raw = connectPlainly(route.port, '127.0.0.1')
  cleanUp(() => void raw.destroy())
  const { socket, received } = await dialSecurely(route.port, {
    socket: raw,
    ca: authority.certificate,
    servername: 'localhost',
  })
  expect(socket.authorized).toBe(true)
  socket.write('hello')
  await received.until(({ text }) => text === 'hello')
})

describe('the TLS options of a proxy', () => {
  const read = (path: string) => `read ${path}`

  test('the TLS options of a proxy accept PEM texts and file names', () => {
    expect(parseTls({ terminate: true }, 'route n1', read)).toMatchObject({ terminate: {} })
    const given = parseTls(
      {
        terminate: { certificate: 'a.pem', key: '-----BEGIN KEY', alpn: ['h2'] },
        originate: { verify: false, serverName: 'db', authorities: 'ca.pem' },
      },
      'route n1',
      read,
    )
    expect(given.terminate).toMatchObject({
      identity: { certificate: 'read a.pem', key: '-----BEGIN KEY' },
      alpn: ['h2'],
    })
    expect(given.originate).toMatchObject({ verify: false, serverName: 'db', authorities: 'read ca.pem' })
  })

  test.each([
    [7, 'route n1: not an object. Give one like {"terminate"'],
    [{}, 'route n1: give "terminate", "originate" or both'],
    [{ terminate: false }, 'give "terminate", "originate" or both'],
    [{ terminate: 1 }, 'route n1.terminate: not an object'],
    [{ terminate: { cert: 'x' } }, 'route n1.terminate: unknown member "cert"; there are certificate, key'],
    [{ terminate: { key: 'x' } }, '"certificate" and "key" belong together'],
    [{ terminate: { certificate: 'x', key: 'y', names: ['a'] } }, '"names" are for a generated certificate'],
    [{ terminate: { names: [] } }, '"names" must be a non-empty list of strings'],
    [{ originate: { verify: 'no' } }, '"verify" must be true or false'],
    [{ originate: { serverName: 5 } }, '"serverName" must be a non-empty string'],
  ])('invalid TLS options are refused with advice: %j', (value, message) => {
    expect(() => parseTls(value, 'route n1', read)).toThrow(UserError)
    expect(() => parseTls(value, 'route n1', read)).toThrow(message)
  })

  test('a certificate and a key that do not match are refused before the proxy listens', async () => {
    const mixed = { certificate: identity.certificate, key: createAuthority().issue(['x']).key }
    await expect(routeWith({ terminate: { identity: mixed } }, await echo())).rejects.toThrow(
      /proxy route clients>n1: tls.terminate: a certificate or key cannot be used \(.*\)\. Give a certificate and the key that matches it, both in PEM/,
    )
  })
})
