import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cleanUp, dial, echo, network } from '../../../../testing/src/sockets.ts'
import { createControlPlane } from '../../../src/control/plane/plane.ts'
import { startControl } from '../../../src/control/start.ts'
import { parsePeers } from '../../../src/peer/parse-peers.ts'
import { control, send } from '../../control/control-plane.ts'
import { withProxies } from '../../control/two-proxies.ts'

const upstream = '127.0.0.1:1'

describe('a request without a token', () => {
  test.each(['0.0.0.0:0', '[::]:0', ':0', '192.0.2.1:0', 'localhost.evil.example:0', '127.0.0.1:81'])(
    'a request without a token opens no listener at %s',
    async (listen) => {
      const { ask, plane } = await control()
      for (const path of ['/v1/proxies', '/proxies']) {
        const answer = await ask('POST', path, { name: 'evil', listen, upstream })
        expect(answer).toMatchObject({ status: 403, text: expect.stringContaining('start the proxy with --token') })
      }
      const populated = await ask('POST', '/populate', [{ name: 'evil', listen, upstream }])
      expect(populated.json.error).toContain('start the proxy with --token')
      expect(plane.proxies.list()).toEqual([])
    },
  )

  test('a request without a token cannot move a listener to another address', async () => {
    const { ask, plane } = await control()
    await ask('POST', '/v1/proxies', { name: 'n1', upstream })
    const before = plane.proxies.get('n1').listen
    expect(await ask('PATCH', '/v1/proxies/n1', { listen: '0.0.0.0:0' })).toMatchObject({ status: 403 })
    expect(await ask('POST', '/proxies/n1', { listen: '127.0.0.1:81' })).toMatchObject({ status: 403 })
    expect(plane.proxies.get('n1').listen).toBe(before)
  })

  test('a request without a token opens a listener on the loopback address if its member "listen" is empty', async () => {
    const { ask } = await control()
    const { json } = await ask('POST', '/proxies', { name: 'db', listen: '', upstream })
    expect(json.listen).toMatch(/^127\.0\.0\.1:\d+$/)
  })

  test('a request without a token may delete a configured proxy, and may create a proxy with the same listen address', async () => {
    const plane = createControlPlane({ network: network({ seed: 1 }), seed: 1 })
    const { listen } = await plane.addProxy({ name: 'n1', listen: '0.0.0.0:0', upstream, enabled: true })
    const server = await startControl(plane, { listen: '127.0.0.1:0', version: 'test' })
    cleanUp(async () => {
      plane.close()
      await server.close()
    })
    const ask = (method: string, path: string, body?: unknown) => send(server, { method, path, body })
    expect(await ask('PATCH', '/v1/proxies/n1', { listen, enabled: true })).toMatchObject({ status: 200 })
    expect(await ask('DELETE', '/v1/proxies/n1')).toMatchObject({ status: 204 })
    expect(await ask('POST', '/v1/proxies', { name: 'n1', listen, upstream })).toMatchObject({ status: 201 })
  })
})

test.each([{ token: 'secret' }, { isOpen: true }])(
  'a request may open a listener at 0.0.0.0 if it carries the token or the control interface is open to everyone: %j',
  async (options) => {
    const { ask } = await control(options)
    const headers = { Authorization: 'Bearer secret' }
    const answer = await ask('POST', '/v1/proxies', { name: 'n1', listen: '0.0.0.0:0', upstream }, headers)
    expect(answer).toMatchObject({ status: 201, json: { listen: expect.stringMatching(/^0\.0\.0\.0:\d+$/) } })
  },
)

describe('a control interface without a token', () => {
  test.each(['evil.example:9304', '10.0.0.1.nip.io', 'localhost.evil.example'])(
    'a control interface without a token refuses a web page whose host name %s resolves to the proxy',
    async (host) => {
      const { ask, plane } = await control({ listen: '0.0.0.0:0', isOpen: true })
      const headers = { Host: host, Origin: `http://${host}`, 'Sec-Fetch-Site': 'same-origin' }
      const answer = await ask('POST', '/v1/reset', undefined, headers)
      expect(answer).toMatchObject({ status: 403, text: expect.stringContaining('--host-name') })
      expect(plane.events).toBeDefined()
    },
  )

  test.each(['127.0.0.1', '[::1]:80', '172.17.0.2:8474', 'toxiproxy:8474', 'host.docker.internal', 'Chaos.Example:1'])(
    'a control interface without a token accepts the host name %s',
    async (host) => {
      const { ask } = await control({ listen: '0.0.0.0:0', isOpen: true, hostNames: ['chaos.example'] })
      expect((await ask('GET', '/v1/proxies', undefined, { Host: host })).status).toBe(200)
    },
  )
})

describe('the peers of a proxy', () => {
  test.each(['/dev/zero', '/etc/passwd', '/proc/self/environ'])(
    'a request to create a proxy is refused if its peers name a file such as %s',
    async (path) => {
      const { ask } = await control()
      const answer = await ask('POST', '/v1/proxies', { name: 'z', upstream, peers: { n1: path } })
      expect(answer).toMatchObject({
        status: 400,
        text: expect.stringContaining('only a config file may name a pid file'),
      })
    },
  )

  test.runIf(process.platform === 'linux')(
    'the process ids of peers are read only from the beginning of regular files that a config file names',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'chaos-peers-'))
      cleanUp(() => rmSync(folder, { recursive: true }))
      const long = join(folder, 'long.pid')
      writeFileSync(long, `${'1'.repeat(40)}\n`)
      const { port } = await echo()
      const client = await dial({ host: '127.0.0.1', port })
      const local = { host: '127.0.0.1', port: client.localPort ?? 0 }
      const listener = { host: '127.0.0.1', port }
      const found = (peers: object) => parsePeers(peers, 'x', 'allowed').find(local, listener)
      expect(await found({ a: '/dev/zero', b: folder, c: long })).toBeUndefined()
      const own = join(folder, 'own.pid')
      writeFileSync(own, `${process.pid}\n`)
      expect(await found({ a: '/dev/zero', b: own })).toBe('b')
    },
  )
})

describe('a name', () => {
  const hostile = ['a\u001b[2J', 'b\u0007', 'c\n::error::c', 'd\u009b2J', 'e\u202egnp', 'f\u2028', '..']

  test.each(hostile)(
    'the control interface refuses a name that would break a terminal, a log or a URL: %j',
    async (name) => {
      const { ask } = await withProxies()
      const segment = encodeURIComponent(name)
      const latency = { kind: 'latency', latencyMs: 5, proxies: ['n1'] }
      const answers = [
        await ask('POST', '/v1/faults', { ...latency, name }),
        await ask('PUT', '/v1/rules', { faults: [{ ...latency, name }] }),
        await ask('POST', '/v1/proxies', { name, upstream }),
        await ask('POST', '/v1/proxies', { name: 'n3', from: name, upstream }),
        await ask('POST', '/v1/leases', { owner: name }),
        ...(name === '..' ? [] : [await ask('PUT', `/v1/partitions/${segment}`, { groups: [['a'], ['b']] })]),
      ]
      for (const { status, text } of answers)
        expect([status, text]).toEqual([400, expect.stringContaining('cannot be part of a URL')])
      expect((await ask('GET', '/v1/faults')).json).toEqual([])
    },
  )
})

describe('a fault', () => {
  test('a fault lists each of its links once, even if its request repeats a proxy 500,000 times', async () => {
    const { ask } = await withProxies()
    const fault = { kind: 'latency', latencyMs: 5, proxies: new Array(500_000).fill('n1') }
    expect((await ask('POST', '/v1/faults', fault)).json.links).toEqual(['clients>n1', 'n1>clients'])
    const links = new Array(300_000).fill('clients>n1')
    expect((await ask('POST', '/v1/faults', { kind: 'latency', latencyMs: 5, links })).json.links).toEqual([
      'clients>n1',
    ])
  })

  test('a fault has at most 1,000 links, and a rule set has at most 1,000 faults', async () => {
    const { ask } = await withProxies()
    const links = Array.from({ length: 1_001 }, (_, i) => `clients>n${i}`)
    const tooMany = { status: 400, text: expect.stringContaining('at most 1000') }
    expect(await ask('POST', '/v1/faults', { kind: 'latency', latencyMs: 5, links })).toMatchObject(tooMany)
    const faults = links.map(() => ({ kind: 'latency', latencyMs: 5, links: ['clients>n1'] }))
    expect(await ask('PUT', '/v1/rules', { faults })).toMatchObject({
      status: 400,
      text: expect.stringContaining('at most 1000'),
    })
  })
})
