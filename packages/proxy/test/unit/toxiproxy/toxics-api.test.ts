import { describe, expect, test } from 'vitest'
import { dial, echo, Received } from '../../../../testing/src/sockets.ts'
import { control } from '../../control/control-plane.ts'
import { UPSTREAM, withProxy } from '../../toxiproxy/one-proxy.ts'

describe('the toxics of a proxy', () => {
  test.each([
    ['latency', { latency: 5, jitter: 2 }, { kind: 'latency', latencyMs: 5, jitterMs: 2, distribution: 'uniform' }],
    ['latency', {}, { kind: 'latency', latencyMs: 0, jitterMs: 0, distribution: 'uniform' }],
    ['bandwidth', {}, { kind: 'bandwidth', bytesPerSecond: 0, shared: false }],
    ['slow_close', {}, { kind: 'slow-close', delayMs: 0 }],
    ['timeout', {}, { kind: 'timeout', afterMs: 0 }],
    ['reset_peer', {}, { kind: 'reset-peer', afterMs: 0 }],
    ['limit_data', {}, { kind: 'limit-bytes', bytes: 0 }],
    ['slicer', { average_size: 9 }, { kind: 'slice', averageBytes: 9, variationBytes: 0, pauseMs: 0 }],
    ['bandwidth', { rate: 3 }, { kind: 'bandwidth', bytesPerSecond: 3000, shared: false }],
    ['slow_close', { delay: 7 }, { kind: 'slow-close', delayMs: 7 }],
    ['timeout', { timeout: 7 }, { kind: 'timeout', afterMs: 7 }],
    ['reset_peer', { timeout: 7 }, { kind: 'reset-peer', afterMs: 7 }],
    [
      'slicer',
      { average_size: 1, size_variation: 0, delay: 1500 },
      { kind: 'slice', averageBytes: 1, variationBytes: 0, pauseMs: 1.5 },
    ],
    ['limit_data', { bytes: 9 }, { kind: 'limit-bytes', bytes: 9 }],
  ])('a toxic of type %s with the attributes %j is created as the fault %j', async (type, attributes, fault) => {
    const { ask, plane } = await withProxy()
    expect((await ask('POST', '/proxies/db/toxics', { type, attributes })).status).toBe(200)
    expect(plane.faults.list().map((each) => each.fault)).toEqual([
      { ...fault, links: [{ from: 'db', to: 'clients' }] },
    ])
  })

  test('toxics are listed upstream first, and then in the order of creation', async () => {
    const { ask } = await withProxy()
    for (const [name, stream] of [
      ['a', 'downstream'],
      ['b', 'upstream'],
      ['c', 'downstream'],
      ['d', 'upstream'],
    ])
      await ask('POST', '/proxies/db/toxics', { type: 'noop', name, stream })
    const { json } = await ask('GET', '/proxies/db/toxics')
    expect(json.map(({ name }: { name: string }) => name)).toEqual(['b', 'd', 'a', 'c'])
    expect((await ask('GET', '/proxies/none/toxics')).status).toBe(404)
  })

  test('creating a toxic returns status 200, with default values for omitted attributes', async () => {
    const { ask } = await withProxy()
    const added = await ask('POST', '/proxies/db/toxics', { type: 'latency', attributes: { latency: 10 } })
    expect(added).toMatchObject({ status: 200 })
    const toxic = {
      attributes: { latency: 10, jitter: 0 },
      name: 'latency_downstream',
      type: 'latency',
      stream: 'downstream',
      toxicity: 1,
    }
    expect(added.json).toEqual(toxic)
    expect((await ask('GET', '/proxies/db/toxics/latency_downstream')).json).toEqual(toxic)
  })

  test.each([
    ['bandwidth', { rate: 100 }],
    ['slow_close', { delay: 100 }],
    ['timeout', { timeout: 100 }],
    ['reset_peer', { timeout: 100 }],
    ['slicer', { average_size: 64, size_variation: 32, delay: 10 }],
    ['limit_data', { bytes: 100 }],
    ['noop', {}],
  ])('a toxic of type %s can be created, changed and removed', async (type, attributes) => {
    const { ask } = await withProxy()
    const added = await ask('POST', '/proxies/db/toxics', { type, attributes, stream: 'upstream', toxicity: 0.25 })
    const toxic = { attributes, name: `${type}_upstream`, type, stream: 'upstream', toxicity: 0.25 }
    expect(added).toMatchObject({ status: 200, json: toxic })
    expect((await ask('PATCH', `/proxies/db/toxics/${type}_upstream`, { toxicity: 1 })).json).toEqual({
      ...toxic,
      toxicity: 1,
    })
    expect((await ask('DELETE', `/proxies/db/toxics/${type}_upstream`)).status).toBe(204)
    expect((await ask('GET', '/proxies/db/toxics')).json).toEqual([])
  })

  test('a toxic keeps the letter case of the given stream, such as "UpStream"', async () => {
    const { ask } = await withProxy()
    const added = await ask('POST', '/proxies/db/toxics', { type: 'noop', stream: 'UpStream' })
    expect(added.json).toMatchObject({ stream: 'UpStream', name: 'noop_UpStream' })
  })

  test('the name of a toxic is unique over both streams of its proxy', async () => {
    const { ask } = await withProxy()
    const add = (body: object) => ask('POST', '/proxies/db/toxics', body)
    expect((await add({ type: 'noop', name: 'x' })).status).toBe(200)
    for (const stream of ['upstream', 'downstream'])
      expect(await add({ type: 'latency', name: 'x', stream })).toMatchObject({
        status: 409,
        json: { error: 'toxic already exists' },
      })
    expect((await add({ type: 'latency' })).status).toBe(200)
    expect((await add({ type: 'latency' })).status).toBe(409)
    expect((await add({ type: 'latency', stream: 'upstream' })).status).toBe(200)
  })

  test.each(['POST', 'PATCH'])('an update of a toxic by %s changes only the attributes in the body', async (method) => {
    const { ask } = await withProxy()
    await ask('POST', '/proxies/db/toxics', { type: 'latency', name: 'slow', attributes: { latency: 10, jitter: 2 } })
    const body = { attributes: { jitter: 5 }, name: 'ignored', type: 'timeout', stream: 'upstream' }
    const changed = await ask(method, '/proxies/db/toxics/slow', body)
    expect(changed).toMatchObject({
      status: 200,
      json: { name: 'slow', type: 'latency', stream: 'downstream', attributes: { latency: 10, jitter: 5 } },
    })
    expect((await ask(method, '/proxies/db/toxics/none', {})).json).toEqual({ error: 'toxic not found', status: 404 })
    expect((await ask(method, '/proxies/none/toxics/slow', {})).json).toEqual({ error: 'proxy not found', status: 404 })
  })

  test.each([
    [{ type: 'latency', stream: 'sideways' }, 'stream was invalid, can be either upstream or downstream'],
    [{ type: 'nonsense', stream: 'sideways' }, 'stream was invalid, can be either upstream or downstream'],
    [{ type: 'nonsense' }, 'invalid toxic type'],
    [{}, 'invalid toxic type'],
    [{ type: 'slicer' }, 'invalid attribute: slicer needs average_size (B) of at least 1, not 0'],
    [
      { type: 'slicer', attributes: { average_size: 0 } },
      'invalid attribute: slicer needs average_size (B) of at least 1, not 0',
    ],
    [
      { type: 'bandwidth', attributes: { rate: -1 } },
      'invalid attribute: bandwidth needs rate (KB/s) of at least 0, not -1',
    ],
    [{ type: 'latency', attributes: { latency: 1.5 } }, expect.stringContaining('cannot unmarshal number 1.5')],
    [{ type: 'latency', attributes: { latency: 'NaN' } }, expect.stringContaining('cannot unmarshal string')],
    [{ type: 'latency', attributes: { latency: 1e300 } }, expect.stringContaining('cannot unmarshal number 1e+300')],
    [{ type: 'latency', attributes: [] }, expect.stringContaining('cannot unmarshal array')],
    [{ type: 'latency', toxicity: 7 }, expect.stringContaining('toxicity is 7')],
    [{ type: 'latency', toxicity: -0.1 }, expect.stringContaining('toxicity is -0.1')],
    [{ type: 'latency', toxicity: 1.1 }, expect.stringContaining('toxicity is 1.1')],
    [{ type: 'latency', name: 'x'.repeat(1_000_000) }, expect.stringContaining('has 1000000 characters')],
    [{ type: 'latency', name: 'x'.repeat(257) }, expect.stringContaining('has 257 characters; at most 256')],
    ['{"type":"latency","attributes":{"latency":NaN}}', expect.stringContaining('bad request body')],
    ['', 'bad request body: EOF'],
  ])('an invalid toxic is refused with status 400 and not added (case %#)', async (body, error) => {
    const { ask } = await withProxy()
    const answer = await ask('POST', '/proxies/db/toxics', body)
    expect(answer).toMatchObject({ status: 400, json: { error, status: 400 } })
    expect((await ask('GET', '/proxies/db')).json.toxics).toEqual([])
  })

  test('a toxic may have any probability from 0 to 1, and a name of 256 characters', async () => {
    const { ask, plane } = await withProxy()
    for (const [toxicity, when] of [
      [0, { probability: 0 }],
      [0.5, { probability: 0.5 }],
      [1, undefined],
    ] as const) {
      const name = `${toxicity}`.padEnd(256, 'x')
      expect((await ask('POST', '/proxies/db/toxics', { type: 'latency', name, toxicity })).json.toxicity).toBe(
        toxicity,
      )
      expect(plane.faults.list().at(-1)?.fault.when).toEqual(when)
    }
  })

  test('the toxics of a proxy are listed upstream first, and are removed with the proxy', async () => {
    const { ask, plane } = await withProxy()
    for (const [name, stream] of [
      ['a', 'downstream'],
      ['b', 'upstream'],
      ['c', 'Downstream'],
      ['d', 'upstream'],
    ])
      await ask('POST', '/proxies/db/toxics', { type: 'latency', name, stream })
    const { json } = await ask('GET', '/proxies/db/toxics')
    expect(json.map(({ name }: { readonly name: string }) => name)).toEqual(['b', 'd', 'a', 'c'])
    expect(plane.faults.list().map(({ name }) => name)).toEqual(['db/a', 'db/b', 'db/c', 'db/d'])
    await ask('DELETE', '/proxies/db')
    expect(plane.faults.list()).toEqual([])
  })

  test('a toxic is unchanged after an invalid change', async () => {
    const { ask } = await withProxy()
    await ask('POST', '/proxies/db/toxics', { type: 'bandwidth', name: 'b', attributes: { rate: 5 } })
    expect((await ask('POST', '/proxies/db/toxics/b', { attributes: { rate: -1 } })).status).toBe(400)
    expect((await ask('GET', '/proxies/db/toxics/b')).json.attributes).toEqual({ rate: 5 })
  })
})

describe('toxiproxy-cli', () => {
  // toxiproxy-cli is a Go program. This test sends its requests as Toxiproxy's client/client.go and client/proxy.go
  // make them.
  test('toxiproxy-cli gets a reply to each of its commands', async () => {
    const { ask } = await control()
    const headers = { 'User-Agent': 'toxiproxy-cli/2.12.0 linux/amd64', 'Content-Type': 'application/json' }
    const go = async (method: string, path: string, body?: unknown) => {
      const answer = await ask(method, path, body, headers)
      expect(answer.status, `${method} ${path}: ${answer.text}`).toBeLessThan(300)
      return answer.text === '' ? undefined : answer.json
    }
    const created = await go('POST', '/proxies', {
      name: 'db',
      listen: 'localhost:0',
      upstream: UPSTREAM,
      enabled: true,
      toxics: null,
    })
    expect(Object.keys(await go('GET', '/proxies'))).toEqual(['db'])
    const attributes = { latency: 100, jitter: 50 }
    const toxic = { name: '', type: 'latency', stream: 'downstream', toxicity: 1, attributes }
    await go('GET', '/proxies/db')
    expect(await go('POST', '/proxies/db/toxics', toxic)).toEqual({ ...toxic, name: 'latency_downstream' })
    expect(await go('GET', '/proxies/db/toxics')).toHaveLength(1)
    const updated = await go('PATCH', '/proxies/db/toxics/latency_downstream', {
      attributes: { jitter: 7 },
      toxicity: 0.5,
    })
    expect(updated).toMatchObject({ attributes: { latency: 100, jitter: 7 }, toxicity: 0.5 })
    // To toggle a proxy, toxiproxy-cli sends back the whole proxy as it was listed, with its toxics.
    const listed = await go('GET', '/proxies/db')
    expect(await go('POST', '/proxies/db', { ...listed, enabled: false })).toMatchObject({
      enabled: false,
      toxics: [updated],
    })
    expect(await go('POST', '/proxies/db', { ...listed, enabled: true })).toMatchObject({
      enabled: true,
      listen: created.listen,
    })
    await go('DELETE', '/proxies/db/toxics/latency_downstream')
    await go('POST', '/reset', '')
    await go('DELETE', '/proxies/db')
    const missing = await ask('GET', '/proxies/db', undefined, headers)
    expect(missing).toMatchObject({ status: 404, json: { error: 'proxy not found', status: 404 } })
  })
})

describe('POST /reset', () => {
  test('POST /reset removes every toxic and enables every proxy', async () => {
    const { ask } = await withProxy({ enabled: false })
    await ask('POST', '/proxies/db/toxics', { type: 'latency' })
    expect(await ask('POST', '/reset')).toMatchObject({ status: 204, text: '' })
    expect((await ask('GET', '/proxies/db')).json).toMatchObject({ enabled: true, toxics: [] })
  })
})

describe('GET /metrics', () => {
  test('GET /metrics exists only if metrics are enabled', async () => {
    const { ask } = await control({ toxiproxy: { version: '2.12.0', metrics: false } })
    expect((await ask('GET', '/metrics')).status).toBe(404)
  })

  test('GET /metrics counts bytes while the connection is open', async () => {
    const { port } = await echo()
    const { ask, created } = await withProxy({ upstream: `127.0.0.1:${port}` })
    const [host, at] = created.listen.split(':')
    const client = await dial({ host, port: Number(at) })
    client.write('12345678')
    await new Received(client).until(({ length }) => length === 8)
    const { text, headers } = await ask('GET', '/metrics')
    expect(headers['content-type']).toContain('version=0.0.4')
    const labels = `proxy="db",listener="${created.listen}",upstream="127.0.0.1:${port}"`
    for (const direction of ['upstream', 'downstream'])
      for (const name of ['received', 'sent'])
        expect(text).toContain(`toxiproxy_proxy_${name}_bytes_total{direction="${direction}",${labels}} 8\n`)
    expect(text).toContain('chaos_link_connections{link="clients>db"} 1\n')
  })
})
