import { describe, expect, test } from 'vitest'
import { echo } from '../../../../testing/src/sockets.ts'
import { control } from '../../control/control-plane.ts'

/** A port that the test holds until it ends, so that no other program can take it. */
const heldPort = async (): Promise<number> => (await echo()).port

const proxy = (name: string, listen: string, upstream: string) => ({ name, listen, upstream, enabled: true })

describe('a proxy that leads to itself', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', 'localhost'],
    ['127.0.0.1', '[::ffff:127.0.0.1]'],
    ['127.0.0.1', '0.0.0.0'],
    ['127.0.0.1', ''],
    ['localhost', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['0.0.0.0', '127.8.8.8'],
    ['0.0.0.0', '0.0.0.0'],
    ['', '127.0.0.1'],
    ['', '[::1]'],
    ['[::]', '[0:0:0:0:0:0:0:1]'],
  ])('a proxy is refused as a loop if it listens on "%s" and leads to "%s"', async (listen, upstream) => {
    const { plane } = await control()
    const port = await heldPort()
    await expect(plane.addProxy(proxy('db', `${listen}:${port}`, `${upstream}:${port}`))).rejects.toThrow(
      /^proxy db: its upstream .* is its own listen address \(.*\)\. Give the address of the server\.$/,
    )
    expect(plane.proxies.list()).toEqual([])
  })

  test('a proxy is refused if it leads to itself through other proxies, and the other proxies stay unchanged', async () => {
    const { plane, ask } = await control()
    const server = await echo()
    const c = await plane.addProxy(proxy('c', '127.0.0.1:0', `localhost:${server.port}`))
    const b = await plane.addProxy(proxy('b', '127.0.0.1:0', c.listen))
    await expect(plane.addProxy(proxy('a', `127.0.0.1:${server.port}`, b.listen))).rejects.toThrow(
      'proxy a: its connections lead back to itself (a → b → c → a). Give one of these proxies the address of the server.',
    )
    const a = await plane.addProxy(proxy('a', '127.0.0.1:0', `127.0.0.1:${server.port}`))
    await ask('PATCH', '/v1/proxies/c', { upstream: a.listen })
    const moved = await ask('PATCH', '/v1/proxies/a', { upstream: b.listen })
    expect([moved.status, moved.json.error]).toEqual([
      400,
      expect.stringContaining('proxy a: its connections lead back to itself'),
    ])
    expect(plane.proxies.list().map(({ name, enabled }) => `${name} ${enabled}`)).toEqual([
      'a false',
      'b true',
      'c true',
    ])
  })
})

describe('a proxy that does not lead to itself', () => {
  test('a proxy may lead to another proxy, or to the same port at another address', async () => {
    const { plane } = await control()
    const server = await echo()
    const far = await plane.addProxy(proxy('far', '127.0.0.1:0', `127.0.0.1:${server.port}`))
    await plane.addProxy(proxy('near', '127.0.0.1:0', far.listen))
    // A port that is taken on 127.0.0.1 is still free on the other loopback addresses.
    await plane.addProxy(proxy('db', `127.0.0.2:${server.port}`, `192.0.2.1:${server.port}`))
    await plane.addProxy(proxy('six', `127.0.0.3:${server.port}`, `[::1]:${server.port}`))
    expect(plane.proxies.list().map(({ enabled }) => enabled)).toEqual([true, true, true, true])
  })

  test('a proxy may lead to a UDP port with the same number as the TCP port of another proxy', async () => {
    const { plane } = await control()
    const streams = await plane.addProxy(proxy('tcp', '127.0.0.1:0', '127.0.0.1:9'))
    const datagrams = { ...proxy('udp', '127.0.0.1:0', streams.listen), protocol: 'udp' as const }
    expect((await plane.addProxy(datagrams)).enabled).toBe(true)
  })
})
