import { describe, expect, test } from 'vitest'
import { echo, network, Received } from '../../../../testing/src/sockets.ts'
import { createProxySet, type ProxySettings } from '../../../src/control/state/proxies.ts'

const proxies = () =>
  createProxySet({
    network: network(),
    interceptFor: () => Promise.reject(new Error('nothing is read')),
    prepare: async () => undefined,
    processesFor: async () => undefined,
  })

const heldPort = async (): Promise<number> => (await echo()).port

const proxy = (upstream: string, more: Partial<ProxySettings> = {}): ProxySettings => ({
  ...{ name: 'p', listen: '', listens: false, upstream, enabled: true },
  ...more,
})

const LISTENING = /^(\[::\]|0\.0\.0\.0|127\.0\.0\.1):[1-9]\d*$/

describe('a proxy without a port', () => {
  test.each(['', '127.0.0.1:1', 'no address'])(
    'a proxy without a port opens no port, although its address is %j',
    async (listen) => {
      const { port } = await echo()
      const made = await proxies().create(proxy(`127.0.0.1:${port}`, { listen }))
      expect(made).toMatchObject({ listen, enabled: true })
      const client = new Received(made.dial!() as Received['socket'])
      client.socket.write('hello')
      await client.until(({ text }) => text === 'hello')
    },
  )

  test('a proxy that does not listen may lead to its own address, because that makes no loop', async () => {
    const set = proxies()
    const port = await heldPort()
    const address = `127.0.0.1:${port}`
    await set.create(proxy(address, { name: 'own', listen: address }))
    await set.create(proxy(address, { name: 'other', to: 'other', listen: '127.0.0.1:0', listens: true }))
    expect(set.list().map(({ name, enabled }) => [name, enabled])).toEqual([
      ['other', true],
      ['own', true],
    ])
  })

  test("a proxy opens or closes its port when an update changes 'listens'", async () => {
    const set = proxies()
    const { port } = await echo()
    await set.create(proxy(`127.0.0.1:${port}`, { listen: '127.0.0.1:0' }))
    const { listen } = await set.update('p', { listens: true })
    expect(listen).toMatch(LISTENING)
    expect((await set.update('p', { listens: false })).listen).toBe(listen)
    const { listen: taken } = await set.create(proxy('127.0.0.1:1', { name: 'q', to: 'q', listen, listens: true }))
    expect(taken).toBe(listen)
  })

  test('a proxy without a port cannot be a UDP proxy', async () => {
    await expect(proxies().create(proxy('127.0.0.1:1', { protocol: 'udp' }))).rejects.toThrow(
      'listens: a UDP proxy listens on one port only',
    )
  })
})

test.each(['tcp', 'udp'] as const)('a proxy of %s listens at a free port if it has no address', async (protocol) => {
  const made = await proxies().create(proxy('127.0.0.1:1', { listens: undefined, protocol }))
  expect(made.listen).toMatch(LISTENING)
})

test('a proxy is prepared once, before it is first enabled', async () => {
  const prepared: unknown[] = []
  const set = createProxySet({
    network: network(),
    interceptFor: async () => () => {
      throw new Error('no connection is expected')
    },
    prepare: async (_, { upstream }) => void prepared.push(upstream),
    processesFor: async () => undefined,
  })
  const settings = proxy(':1', { listen: '127.0.0.1:0', listens: true, enabled: false })
  await set.create({ ...settings, carries: { kind: 'http', table: undefined, websocket: false } })
  expect(prepared).toEqual([])
  await set.update('p', { enabled: true })
  expect(prepared).toEqual([{ host: 'localhost', port: 1, originate: undefined }])
  await set.update('p', { enabled: false })
  await set.update('p', { enabled: true })
  expect(prepared).toHaveLength(1)
})
