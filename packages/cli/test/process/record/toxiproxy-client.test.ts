import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { type Proxy as ClientProxy, Toxiproxy } from 'toxiproxy-node-client'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { echoServer, startProxy } from '../../proxy-process.ts'

// Tests toxiproxy-node-client 4.1.0, as it comes from npm, with a real proxy process.

/** Measures a round trip in milliseconds. */
async function roundTrip(proxy: ClientProxy): Promise<number> {
  const [host, port] = proxy.listen.split(':')
  const socket = connect({ host, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  const start = performance.now()
  socket.write('ping')
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toBe('ping')
  socket.destroy()
  return performance.now() - start
}

/** Returns the shortest of several round trips, because a single one may be slow on a busy machine. */
async function shortestRoundTrip(proxy: ClientProxy): Promise<number> {
  let shortestMs = Number.POSITIVE_INFINITY
  for (let i = 0; i < 10; i++) shortestMs = Math.min(shortestMs, await roundTrip(proxy))
  return shortestMs
}

describe('toxiproxy-node-client with chaos proxy --toxiproxy', () => {
  test('toxiproxy-node-client succeeds against chaos proxy --toxiproxy with every method of its API', async () => {
    const upstream = await echoServer()
    const { url } = await startProxy(['--toxiproxy'])
    const toxiproxy = new Toxiproxy(url)

    expect(JSON.parse(await toxiproxy.getVersion()).version).toMatch(/^2\.\d+\.\d+\+chaos\./)
    expect(await toxiproxy.getAll()).toEqual({})
    const proxy = await toxiproxy.createProxy({ name: 'db', listen: 'localhost:0', upstream })
    expect(proxy).toMatchObject({
      name: 'db',
      upstream,
      enabled: true,
      listen: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    })
    expect((await toxiproxy.get('db')).toJson()).toEqual(proxy.toJson())
    expect(Object.keys(await toxiproxy.getAll())).toEqual(['db'])

    const toxic = await proxy.addToxic({
      name: 'slow',
      type: 'latency',
      stream: 'downstream',
      toxicity: 1,
      attributes: { latency: 80, jitter: 0 },
    })
    expect(toxic.toJson()).toEqual({
      name: 'slow',
      type: 'latency',
      stream: 'downstream',
      toxicity: 1,
      attributes: { latency: 80, jitter: 0 },
    })
    expect(await roundTrip(proxy)).toBeGreaterThan(79)
    const updated = await toxic.update({ ...toxic.toJson(), attributes: { latency: 160, jitter: 0 } })
    expect(updated.attributes).toEqual({ latency: 160, jitter: 0 })
    expect((await proxy.getToxic('slow')).attributes).toEqual({ latency: 160, jitter: 0 })
    expect(await roundTrip(proxy)).toBeGreaterThan(159)
    await toxic.remove()
    expect(await shortestRoundTrip(proxy)).toBeLessThan(159)

    await proxy.addToxic({ name: '', type: 'timeout', stream: 'upstream', toxicity: 1, attributes: { timeout: 0 } })
    expect(await proxy.update({ ...proxy.toJson(), enabled: false })).toMatchObject({ enabled: false })
    await expect(roundTrip(proxy)).rejects.toThrow('ECONNREFUSED')
    await toxiproxy.reset()
    expect(await toxiproxy.get('db')).toMatchObject({ enabled: true, listen: proxy.listen })
    expect(await shortestRoundTrip(proxy)).toBeLessThan(159)

    const populated = await toxiproxy.populate([
      { name: 'db', listen: proxy.listen, upstream },
      { name: 'cache', listen: '127.0.0.1:0', upstream, enabled: false },
    ])
    expect(populated).toMatchObject({ db: { enabled: true }, cache: { enabled: false } })
    expect(await toxiproxy.populate([])).toEqual({})
    await proxy.remove()
    await expect(toxiproxy.get('db')).rejects.toThrow('Request failed with status code 404')
    await expect(toxiproxy.createProxy({ name: 'cache', listen: '', upstream })).rejects.toThrow('status code 409')
    await expect(toxiproxy.createProxy({ name: '', listen: '', upstream })).rejects.toThrow('status code 400')
  })

  test('chaos proxy --toxiproxy reads proxies and toxics from a config file in the format of Toxiproxy', async () => {
    const upstream = await echoServer()
    const config = `${temporaryDirectory()}/toxiproxy.json`
    const toxics = [{ type: 'latency', attributes: { latency: 50 } }]
    writeFileSync(config, JSON.stringify([{ name: 'db', listen: '127.0.0.1:0', upstream, enabled: true, toxics }]))
    const { url } = await startProxy(['--toxiproxy', '-config', config, '-seed', '7', '-proxy-metrics'])
    const proxy = await new Toxiproxy(url).get('db')
    expect(await roundTrip(proxy)).toBeGreaterThan(49)
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
      /proxy_received_bytes_total\{direction="upstream",proxy="db".*\} 4\n/,
    )
  })
})
