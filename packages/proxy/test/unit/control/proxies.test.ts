import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { cleanUp, dial, echo, network, Received } from '../../../../testing/src/sockets.ts'
import { createProxySet, type ReadWay } from '../../../src/control/state/proxies.ts'
import type { TlsOptions } from '../../../src/tls/tls-options.ts'
import { control } from '../../control/control-plane.ts'
import { latency, withProxies } from '../../control/two-proxies.ts'

describe('a proxy with a declared protocol', () => {
  test.each([
    ['http', { kind: 'lose-reply' }, ['clients>p']],
    [
      { kind: 'http', routes: [{ request: 'GET /{key}', f: 'read', result: 'body' }] },
      { kind: 'stale-reply' },
      ['clients>p'],
    ],
    [{ kind: 'http', websocket: true }, { kind: 'drop-message' }, ['clients>p', 'p>clients']],
    ['websocket', { kind: 'drop-message' }, ['clients>p', 'p>clients']],
    ['http2', { kind: 'reset-stream' }, ['clients>p', 'p>clients']],
    ['json-lines', { kind: 'drop-message', match: { member: 'a' } }, ['clients>p', 'p>clients']],
    [{ kind: 'resp', commands: 'counter' }, { kind: 'delay-message', delayMs: 5 }, ['clients>p', 'p>clients']],
    [{ kind: 'length-prefixed', lengthFieldLength: 4 }, { kind: 'drop-message' }, ['clients>p', 'p>clients']],
    ['http2', { kind: 'reset-stream', match: { path: '/shop.Cart/Pay' } }, ['clients>p', 'p>clients']],
  ])('a proxy with the protocol %j accepts the fault %j', async (carries, fault, links) => {
    const { ask } = await control()
    expect(await ask('POST', '/v1/proxies', { name: 'p', upstream: '127.0.0.1:1', carries })).toMatchObject({
      status: 201,
    })
    expect(await ask('POST', '/v1/proxies', { name: 'plain', upstream: '127.0.0.1:1' })).toMatchObject({ status: 201 })
    expect(await ask('POST', '/v1/faults', { ...fault, proxies: ['p'] })).toMatchObject({
      status: 201,
      json: { links },
    })
    expect(await ask('POST', '/v1/faults', { ...fault, proxies: ['plain'] })).toMatchObject({ status: 400 })
  })

  test('a disabled proxy with a declared protocol accepts faults of this protocol', async () => {
    const { ask } = await control()
    const body = { name: 'p', upstream: '127.0.0.1:1', carries: 'http', enabled: false }
    expect(await ask('POST', '/v1/proxies', body)).toMatchObject({ status: 201 })
    expect(await ask('POST', '/v1/faults', { kind: 'lose-reply', proxies: ['p'] })).toMatchObject({ status: 201 })
  })

  test('a proxy with a declared protocol drops exactly the messages that match a fault', async () => {
    const { port } = await echo()
    const { ask } = await control()
    const body = { name: 'p', upstream: `127.0.0.1:${port}`, carries: 'json-lines' }
    const { listen } = (await ask('POST', '/v1/proxies', body)).json
    const loss = { kind: 'drop-message', proxies: ['p'], direction: 'upstream', match: { member: 'n', equals: 2 } }
    expect(await ask('PUT', '/v1/rules', { faults: [loss] })).toMatchObject({ status: 200 })
    const client = await dial({ host: '127.0.0.1', port: Number(listen.split(':')[1]) })
    client.end('{"n":1}\n{"n":2}\n{"n":3}\n')
    const received = await new Received(client).until(({ ended }) => ended)
    expect(received.text).toBe('{"n":1}\n{"n":3}\n')
    expect((await ask('GET', '/v1/rules')).json.faults).toMatchObject([{ name: 'rule-1', hits: 1 }])
  })

  test('a proxy terminates TLS with its own certificate; a request may not name a certificate file', async () => {
    const { ask } = await control()
    const proxy = { name: 'p', upstream: '127.0.0.1:1', tls: { terminate: true } }
    const made = await ask('POST', '/v1/proxies', proxy)
    expect(made).toMatchObject({ status: 201, json: { authority: expect.stringContaining('BEGIN CERTIFICATE') } })
    const tls = { terminate: { certificate: '/etc/passwd', key: '/etc/passwd' } }
    const refused = await ask('POST', '/v1/proxies', { ...proxy, name: 'q', tls })
    expect(refused).toMatchObject({ status: 400, json: { error: expect.stringContaining('"/etc/passwd" is not PEM') } })
  })
})

describe.runIf(process.platform === 'linux')('a proxy for several nodes at one address', () => {
  test('a proxy for several nodes at one address has a link for each node, on which faults can act', async () => {
    const { port } = await echo()
    const { ask } = await control()
    const peers = { n1: process.pid, n2: process.pid + 1 }
    const made = await ask('POST', '/v1/proxies', { name: 'p', upstream: `127.0.0.1:${port}`, peers })
    const links = ['clients>p', 'n1>p', 'n2>p', 'p>clients', 'p>n1', 'p>n2']
    expect(made).toMatchObject({ status: 201, json: { links } })
    expect(await ask('POST', '/v1/faults', { ...latency, proxies: ['p'] })).toMatchObject({
      status: 201,
      json: { links },
    })
    const cut = await ask('PUT', '/v1/partitions/split', { groups: [['n1'], ['p', 'n2']] })
    expect(cut).toMatchObject({ status: 200, json: { links: ['n1>p', 'p>n1'] } })
  })
})

describe('a UDP proxy', () => {
  test('a UDP proxy forwards datagrams, and drops them under a fault', async () => {
    const server = createSocket('udp4').on('message', (message, from) => server.send(message, from.port, from.address))
    server.bind(0, '127.0.0.1')
    await once(server, 'listening')
    cleanUp(() => void server.close())
    const { ask } = await control()
    const upstream = `127.0.0.1:${server.address().port}`
    const made = await ask('POST', '/v1/proxies', { name: 'dns', upstream, protocol: 'udp' })
    expect(made).toMatchObject({ status: 201, json: { protocol: 'udp' } })
    const client = createSocket('udp4')
    cleanUp(() => void client.close())
    const port = Number(made.json.listen.split(':')[1])
    const answers: string[] = []
    client.on('message', (message) => void answers.push(String(message)))
    client.send('ping', port, '127.0.0.1')
    while (answers.length === 0) await once(client, 'message')
    expect(await ask('POST', '/v1/faults', { kind: 'drop-datagram', proxies: ['dns'], name: 'loss' })).toMatchObject({
      status: 201,
    })
    client.send('gone', port, '127.0.0.1')
    while ((await ask('GET', '/v1/faults/loss')).json.hits !== 1);
    expect((await ask('DELETE', '/v1/faults/loss')).status).toBe(204)
    client.send('pong', port, '127.0.0.1')
    while (answers.length === 1) await once(client, 'message')
    expect(answers).toEqual(['ping', 'pong'])
  })

  test('a UDP proxy refuses stream faults, and a TCP proxy refuses datagram faults', async () => {
    const { ask } = await withProxies()
    await ask('POST', '/v1/proxies', { name: 'dns', upstream: '127.0.0.1:1', protocol: 'udp', enabled: false })
    const error = expect.stringContaining('on which only partition, blackhole and the faults of UDP act')
    const refused = { status: 400, json: { error } }
    for (const fault of [latency, { kind: 'reset' }, { kind: 'corrupt', probability: 1 }])
      expect(await ask('POST', '/v1/faults', { ...fault, proxies: ['dns'] })).toMatchObject(refused)
    expect(await ask('POST', '/v1/faults', { ...latency, proxies: ['n1', 'dns'] })).toMatchObject(refused)
    expect(await ask('PUT', '/v1/rules', { faults: [{ ...latency, proxies: ['dns'] }] })).toMatchObject(refused)
    expect(await ask('POST', '/proxies/dns/toxics', { type: 'latency' })).toMatchObject({ status: 400 })
    expect(await ask('POST', '/v1/faults', { kind: 'drop-datagram', proxies: ['n1'] })).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('clients>n1: the link carries TCP') },
    })
    expect((await ask('GET', '/v1/faults')).json).toEqual([])
    const cuts = await ask('POST', '/v1/faults', { kind: 'blackhole', proxies: ['n1', 'dns'] })
    expect(cuts).toMatchObject({ status: 201 })
  })

  test('a UDP proxy is refused if an existing fault on its links cannot act on datagrams', async () => {
    const { ask } = await withProxies()
    await ask('POST', '/v1/faults', { ...latency, name: 'slow', proxies: ['n1'] })
    await ask('DELETE', '/v1/proxies/n1')
    const udp = { name: 'n1', upstream: '127.0.0.1:1', protocol: 'udp' }
    expect(await ask('POST', '/v1/proxies', udp)).toMatchObject({ status: 400 })
    expect(await ask('GET', '/v1/proxies/n1')).toMatchObject({ status: 404 })
    await ask('DELETE', '/v1/faults/slow')
    expect(await ask('POST', '/v1/proxies', udp)).toMatchObject({ status: 201 })
  })

  test.each([
    ['carries', 'http'],
    ['tls', { terminate: {} }],
    ['peers', { a: 1 }],
  ])('a UDP proxy refuses %s, which needs streams', async (member, value) => {
    const { ask } = await control()
    const asked = { name: 'dns', upstream: '127.0.0.1:1', protocol: 'udp', [member]: value }
    const refused = { status: 400, json: { error: expect.stringContaining(`${member}: `) } }
    expect(await ask('POST', '/v1/proxies', asked)).toMatchObject(refused)
  })
})

test.each([
  [undefined, { verify: false }, 'api.example'],
  [false, { verify: false }, 'api.example'],
  [true, { verify: false }, undefined],
  [false, undefined, undefined],
])(
  'with keepHost %j and the server TLS settings %j, the proxy sets the host name of requests to %j',
  async (keepHost, originate, host) => {
    const ways: ReadWay[] = []
    const proxies = createProxySet({
      network: network(),
      interceptFor: async (_, way) => {
        ways.push(way)
        return () => {
          throw new Error('no connection is expected')
        }
      },
      prepare: async () => undefined,
      processesFor: async () => undefined,
    })
    const settings = { name: 'p', listen: '127.0.0.1:0', upstream: 'api.example:443', enabled: false, isHttps: true }
    await proxies.create({ ...settings, keepHost, tls: { originate } as TlsOptions })
    expect(ways.map((way) => way.host?.())).toEqual([host])
  },
)
