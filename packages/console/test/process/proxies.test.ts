import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type ControlPlane, createControlPlane, createNetwork } from '@chaosproxy/proxy/control'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openProxiesConsole } from '../../src/proxies.ts'

/** Starts an HTTP server, a proxy named web in front of it, and the proxy's page. */
async function opened(recording?: ControlPlane['recording']) {
  const upstream = createServer((_, response) => response.end('hello'))
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const network = createNetwork({ seed: 1 })
  const plane = createControlPlane({ network, seed: 1, recording })
  const proxy = await plane.addProxy({
    ...{
      name: 'web',
      listen: '127.0.0.1:0',
      enabled: true,
      carries: { kind: 'http', table: undefined, websocket: false },
    },
    upstream: `127.0.0.1:${(upstream.address() as AddressInfo).port}`,
  })
  const page = await openProxiesConsole({ plane, seed: '<seed>' })
  onTestFinished(async () => {
    await page.close()
    plane.close()
    await network.close()
    upstream.closeAllConnections()
    upstream.close()
  })
  const click = async (action: string, on: string) => {
    const reply = await fetch(page.url, { method: 'POST', body: JSON.stringify({ action, on }) })
    return [reply.status, (await reply.text()).trim()]
  }
  return { plane, page, click, site: `http://${proxy.listen}`, text: async () => (await fetch(page.url)).text() }
}

const statusOf = async (url: string): Promise<number> => (await fetch(url, { headers: { connection: 'close' } })).status

describe('the page of proxies', () => {
  test('the page of proxies injects a fault with one button, names the affected request, and heals the fault with another', async () => {
    const { click, site, text, plane } = await opened()
    expect(await statusOf(`${site}/before`)).toBe(200)
    expect(await text()).toContain('<h1>No fault in force</h1>')

    expect(await click('refuse', 'web')).toEqual([200, 'Done.'])
    expect(await statusOf(`${site}/a?x=<b>`)).toBe(503)
    const hurt = await text()
    expect(hurt).toContain('<h1>Faults on 1 of 1 proxy</h1>')
    expect(hurt).toMatch(/hit 1<\/span> <code>GET \/a\?x=/)
    expect(hurt).not.toContain('/before')

    const [fault] = plane.faults.list()
    expect(await click('heal', fault?.name ?? '')).toEqual([200, 'Done.'])
    expect(await statusOf(`${site}/after`)).toBe(200)
    expect(await text()).toContain('<h1>No fault in force</h1>')
  })

  test('the page of proxies gives two faults of one kind different names, and lists all faults of a proxy', async () => {
    const { click, text, plane } = await opened()
    for (const action of ['cut', 'cut', 'slow', 'lose']) expect(await click(action, 'web')).toEqual([200, 'Done.'])
    const names = plane.faults.list().map(({ name }) => name)
    expect(names).toEqual(['cut web by hand', 'cut web by hand 2', 'slow web by hand', 'lose web by hand'])
    expect(await text()).toContain(names.join(', '))
  })

  test('the page of proxies refuses to remove a toxic, because only the client of Toxiproxy may remove it', async () => {
    const { click, plane, text } = await opened()
    const toxic = plane.toxics.add(plane.proxies.get('web'), { type: 'latency', attributes: { latency: 5 } })
    expect(toxic).toBeDefined()
    const [fault] = plane.faults.list()
    expect(await click('heal', fault?.name ?? '')).toEqual([400, 'a toxic: its client removes it'])
    expect(plane.faults.list()).toHaveLength(1)
    expect(await text()).toContain('a toxic: its client removes it')
  })

  test.each([
    ['zap', 'web', 'This message is not a command that a page can send.'],
    ['toString', 'web', 'This message is not a command that a page can send.'],
    ['cut', 'nobody', 'proxy not found'],
    ['heal', 'nothing', 'there is no fault "nothing"'],
  ])('the page of proxies refuses %s on %s, and gives the reason', async (action, on, why) => {
    const { click } = await opened()
    const [status, said] = await click(action, on)
    expect([status, said]).toEqual([400, expect.stringContaining(why)])
  })

  test.each(['', '{', '7', 'null', '{"action":1,"on":"web"}'])(
    'the page of proxies refuses the invalid order %j',
    async (body) => {
      const { page } = await opened()
      expect((await fetch(page.url, { method: 'POST', body })).status).toBe(400)
    },
  )

  test('the page of proxies refuses long requests, and requests from other pages or with a guessed path', async () => {
    const { page, plane } = await opened()
    const order = { method: 'POST', body: JSON.stringify({ action: 'cut', on: 'web' }) }
    expect((await fetch(page.url, { ...order, headers: { origin: 'http://evil.example' } })).status).toBe(403)
    expect((await fetch(new URL('/guessed/', page.url), order)).status).toBe(401)
    await expect(fetch(page.url, { method: 'POST', body: 'x'.repeat(100_000) })).rejects.toThrow()
    expect(plane.faults.list()).toEqual([])
    expect((await fetch(page.url)).status).toBe(200)
  })

  test('the page of proxies shows the traffic on each link', async () => {
    const { site, text } = await opened()
    expect(await text()).toContain('0 B/s to the server')
    for (;;) {
      await statusOf(`${site}/`)
      if (/[1-9][\d.]* [kM]?B\/s back/.test(await text())) break
    }
  })

  test('the page of proxies shows the rate and latency of an HTTP proxy, and only the bytes per second of a TCP proxy', async () => {
    const { site, text, plane } = await opened()
    await plane.addProxy({ name: 'db', listen: '127.0.0.1:0', enabled: true, upstream: '127.0.0.1:1' })
    for (;;) {
      await statusOf(`${site}/`)
      if (/[1-9]\d* requests?\/s, answered in [\d.]+ (µs|ms) on average/.test(await text())) break
    }
    const [, db = ''] = /aria-label="db">(.*?)<\/article>/s.exec(await text()) ?? []
    expect(db).toContain('0 B/s back')
    expect(db).not.toContain('request')
  })

  test('the page of proxies shows the recorded operations, their file, and the current verdict', async () => {
    const counters = { ok: 12, fail: 1, info: 2, unmatched: 3 }
    const statistics = { path: 'history<1>.jsonl', writtenLines: 30, lostLines: 0 }
    const judged = {
      soFar: 'not linearizable',
      violation: { position: 7, noticedAfter: 12, sentence: 'process 2 read 1 for x.' },
    }
    const recording = {
      ...{ recorder: { counters }, files: [{ statistics }] },
      judging: { judged: () => judged, onViolation: () => undefined },
    }
    const { text } = await opened(recording as never)
    const shown = await text()
    expect(shown).toContain('15 operations recorded: 12 ok, 1 failed, 2 of unknown outcome; 3 requests passed on')
    expect(shown).toContain(
      '<b>Not linearizable so far.</b> Process 2 read 1 for x. Noticed 12 events after it happened.',
    )
    expect(shown).toContain('<code>history&lt;1&gt;.jsonl</code>, 30 lines')
    expect(await (await opened()).text()).not.toContain('Recording')
  })

  test('the page of proxies answers requests after a client disconnects in the middle of an order', async () => {
    const { page } = await opened()
    const { port, pathname } = new URL(page.url)
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(`POST ${pathname} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\n{"act`)
        socket.resetAndDestroy()
      })
      socket.on('close', () => resolve())
      socket.on('error', () => undefined)
    })
    expect((await fetch(page.url)).status).toBe(200)
  })
})
