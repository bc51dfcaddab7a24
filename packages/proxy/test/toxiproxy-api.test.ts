import { describe, expect, test } from 'vitest'
import { control } from './control-plane.ts'
import { closeEverythingAfterEach, dial, echo, Received } from './sockets.ts'

// Each claim of Toxiproxy's own api_test.go, and what its clients and its users rely on beside.
closeEverythingAfterEach()

const UPSTREAM = '127.0.0.1:1'
const proxy = (name: string, more: object = {}) => ({ name, listen: '127.0.0.1:0', upstream: UPSTREAM, ...more })

/** With one proxy, `db`. */
async function withProxy(more: object = {}) {
  const asked = await control()
  const created = await asked.ask('POST', '/proxies', proxy('db', more))
  expect(created.status).toBe(201)
  return { ...asked, created: created.json }
}

describe('every answer', () => {
  test('carries an id of twenty letters, another each time', async () => {
    const { ask } = await control()
    const ids = await Promise.all(
      ['/version', '/proxies', '/nowhere'].map(async (path) => (await ask('GET', path)).headers),
    )
    const seen = ids.map((headers) => headers['x-toxiproxy-request-id'])
    expect(new Set(seen).size).toBe(3)
    for (const id of seen) expect(id).toMatch(/^[0-9a-v]{20}$/)
  })

  test('is 403 to a browser, and not to anything else', async () => {
    const { ask } = await control()
    const browser = await ask('GET', '/proxies', undefined, { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64)' })
    expect(browser).toMatchObject({ status: 403, text: 'User agent not allowed\n' })
    const client = await ask('GET', '/proxies', undefined, { 'User-Agent': 'toxiproxy-cli/2.12.0 linux/amd64' })
    expect(client.status).toBe(200)
  })

  test('is 404 for an unknown path and a slash too many, 405 for another method', async () => {
    const { ask } = await withProxy()
    for (const path of [
      '/',
      '/nowhere',
      '/proxies/',
      '/proxies/db/',
      '/proxies/db/toxics/',
      '/%zz',
      '/proxies/../version',
    ])
      expect(await ask('GET', path), path).toMatchObject({ status: 404, text: '404 page not found\n' })
    for (const [method, path] of [
      ['DELETE', '/proxies'],
      ['GET', '/populate'],
      ['GET', '/reset'],
      ['PUT', '/proxies/db'],
      ['PATCH', '/proxies/db/toxics'],
      ['HEAD', '/proxies'],
    ] as const)
      expect(await ask(method, path), `${method} ${path}`).toMatchObject({ status: 405, text: '' })
  })
})

describe('GET /version', () => {
  test('says the version', async () => {
    const { ask } = await control()
    const answer = await ask('GET', '/version')
    expect(answer).toMatchObject({ status: 200, text: '{"version": "2.12.0"}\n' })
    expect(answer.headers['content-type']).toBe('application/json;charset=utf-8')
  })
})

describe('GET /proxies', () => {
  test('is an empty object at first', async () => {
    const { ask } = await control()
    expect(await ask('GET', '/proxies')).toMatchObject({ status: 200, text: '{}' })
  })

  test('lists every proxy by name, with its toxics', async () => {
    const { ask, created } = await withProxy()
    await ask('POST', '/proxies', proxy('cache', { enabled: false }))
    const { json } = await ask('GET', '/proxies')
    expect(Object.keys(json)).toEqual(['cache', 'db'])
    expect(json.db).toEqual(created)
    expect(json.cache).toEqual({ name: 'cache', listen: '127.0.0.1:0', upstream: UPSTREAM, enabled: false, toxics: [] })
  })
})

describe('POST /proxies', () => {
  test('listens at once, and says where', async () => {
    const { created, ask } = await withProxy({ listen: 'localhost:0' })
    expect(created).toEqual({
      name: 'db',
      listen: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      upstream: UPSTREAM,
      enabled: true,
      toxics: [],
    })
    expect((await ask('GET', '/proxies/db')).json).toEqual(created)
  })

  test('listens on every address where none is given', async () => {
    const { created } = await withProxy({ listen: '' })
    expect(created.listen).toMatch(/^(\[::\]|0\.0\.0\.0):\d+$/)
  })

  test('keeps the address of a disabled proxy as given, and listens once it is enabled', async () => {
    const { ask, created } = await withProxy({ enabled: false, listen: 'localhost:0' })
    expect(created).toMatchObject({ enabled: false, listen: 'localhost:0' })
    const enabled = await ask('POST', '/proxies/db', { enabled: true })
    expect(enabled).toMatchObject({ status: 200, json: { enabled: true, listen: expect.stringMatching(/^127/) } })
  })

  test.each([
    ['', 'bad request body: EOF'],
    ['{"name":', 'bad request body: unexpected EOF'],
    ['hello', "bad request body: invalid character 'h' looking for beginning of value"],
    ['[]', 'bad request body: json: cannot unmarshal array into Go value of type Proxy'],
    ['{"name":5}', 'bad request body: json: cannot unmarshal number 5 into Go struct field Proxy.name of type string'],
    [
      '{"name":"a","enabled":"yes"}',
      'bad request body: json: cannot unmarshal string into Go struct field Proxy.enabled of type bool',
    ],
    ['{}', 'missing required field: name'],
    ['null', 'missing required field: name'],
    ['{"upstream":"localhost:1"}', 'missing required field: name'],
    ['{"name":"a"}', 'missing required field: upstream'],
    ['{"name":"a","upstream":"b"}', 'address b: missing port in address'],
    ['{"name":"..","upstream":"b:1"}', 'no URL could say the name "..": give a proxy another'],
    ['{"name":"a\\u001b[2J","upstream":"b:1"}', 'no URL could say the name "a\\u001b[2J": give a proxy another'],
  ])('with the body %s is 400: %s', async (body, error) => {
    const { ask } = await control()
    const answer = await ask('POST', '/proxies', body)
    expect(answer).toMatchObject({ status: 400, json: { error, status: 400 } })
    expect((await ask('GET', '/proxies')).json).toEqual({})
  })

  test('reads the first JSON value, its keys in any case, and ignores what it does not know', async () => {
    const { ask } = await control()
    const body = '{"NAME":"db","Listen":"127.0.0.1:0","uPSTREAM":"127.0.0.1:1","enabled":null,"color":1} and more'
    expect(await ask('POST', '/proxies', body)).toMatchObject({ status: 201, json: { name: 'db', enabled: true } })
  })

  test('is 409 for a name that is taken', async () => {
    const { ask } = await withProxy()
    const answer = await ask('POST', '/proxies', proxy('db'))
    expect(answer).toMatchObject({ status: 409, json: { error: 'proxy already exists', status: 409 } })
  })

  test('is 500 for a port that is taken, in the words of Go, and adds nothing', async () => {
    const { ask, created } = await withProxy()
    const answer = await ask('POST', '/proxies', proxy('other', { listen: created.listen }))
    const error = `listen tcp ${created.listen}: bind: address already in use`
    expect(answer).toMatchObject({ status: 500, json: { error, status: 500 } })
    expect((await ask('GET', '/proxies/other')).status).toBe(404)
  })

  test('begins with the toxics it is given, or is not made', async () => {
    const { ask } = await control()
    const toxics = [{ type: 'latency', attributes: { latency: 5 } }]
    expect((await ask('POST', '/proxies', proxy('db', { toxics }))).json.toxics).toMatchObject([
      { name: 'latency_downstream' },
    ])
    const bad = await ask('POST', '/proxies', proxy('other', { toxics: [...toxics, { type: 'nonsense' }] }))
    expect(bad).toMatchObject({ status: 400, json: { error: 'invalid toxic type' } })
    expect(Object.keys((await ask('GET', '/proxies')).json)).toEqual(['db'])
  })

  test('of one name twice at once makes one', async () => {
    const { ask } = await control()
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask('POST', '/proxies', proxy('db'))))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)])
  })
})

describe('POST /populate', () => {
  test('makes what is not there, enabled unless said otherwise', async () => {
    const { ask } = await control()
    const answer = await ask('POST', '/populate', [proxy('one'), proxy('two', { enabled: false })])
    expect(answer).toMatchObject({
      status: 201,
      json: {
        proxies: [
          { name: 'one', enabled: true },
          { name: 'two', enabled: false },
        ],
      },
    })
  })

  test('with an empty list makes nothing', async () => {
    const { ask } = await control()
    expect(await ask('POST', '/populate', [])).toMatchObject({ status: 201, text: '{"proxies":[]}' })
  })

  test('leaves a proxy that is as asked for alone, toxics included, and replaces one that is not', async () => {
    const { ask, created } = await withProxy()
    await ask('POST', '/proxies/db/toxics', { type: 'noop', name: 'kept' })
    const same = await ask('POST', '/populate', [
      { ...created, listen: created.listen.replace('127.0.0.1', 'localhost'), toxics: null },
    ])
    expect(same.json.proxies).toMatchObject([{ name: 'db', toxics: [{ name: 'kept' }] }])
    const moved = await ask('POST', '/populate', [{ ...created, upstream: '127.0.0.1:2', toxics: null }])
    expect(moved.json.proxies).toMatchObject([
      { name: 'db', listen: created.listen, upstream: '127.0.0.1:2', toxics: [] },
    ])
  })

  test('checks every name before it makes anything', async () => {
    const { ask } = await control()
    const answer = await ask('POST', '/populate', [proxy('one'), proxy('')])
    const error = 'missing required field: name at proxy 2'
    expect(answer).toMatchObject({ status: 400, json: { error, status: 400, proxies: null } })
    expect(answer.headers['content-type']).toBe('application/json')
    expect((await ask('GET', '/proxies')).json).toEqual({})
  })

  test('keeps what it made before the one that could not be', async () => {
    const { ask } = await control()
    const answer = await ask('POST', '/populate', [proxy('one'), proxy('two', { listen: 'local373' }), proxy('three')])
    expect(answer).toMatchObject({
      status: 500,
      json: { status: 500, error: expect.stringContaining('missing port in address'), proxies: [{ name: 'one' }] },
    })
    expect(Object.keys((await ask('GET', '/proxies')).json)).toEqual(['one'])
  })

  test('takes toxics, for new proxies and for those that are there', async () => {
    const { ask } = await control()
    const toxics = [{ type: 'latency', attributes: { latency: 10 }, toxicity: 0.5 }]
    const first = await ask('POST', '/populate', [proxy('one', { toxics })])
    expect(first.json.proxies[0].toxics).toMatchObject([{ name: 'latency_downstream', toxicity: 0.5 }])
    const [there] = first.json.proxies
    const second = await ask('POST', '/populate', [{ ...there, toxics: [{ type: 'noop', stream: 'upstream' }] }])
    expect(second.json.proxies[0].toxics).toMatchObject([{ name: 'noop_upstream' }])
  })
})

describe('POST and PATCH /proxies/{proxy}', () => {
  test.each(['POST', 'PATCH'])('%s changes what is given, and keeps the toxics', async (method) => {
    const { ask, created } = await withProxy()
    await ask('POST', '/proxies/db/toxics', { type: 'noop' })
    const changed = await ask(method, '/proxies/db', { name: 'ignored', upstream: '127.0.0.1:2' })
    expect(changed).toMatchObject({
      status: 200,
      json: { name: 'db', listen: created.listen, upstream: '127.0.0.1:2', toxics: [{ type: 'noop' }] },
    })
  })

  test('takes a host name for the address it stands for, and drops no connection for it', async () => {
    const { port } = await echo()
    const { ask, created, plane } = await withProxy({ upstream: `localhost:${port}` })
    const before = plane.proxies.get('db')
    const answer = await ask('POST', '/proxies/db', { listen: created.listen.replace('127.0.0.1', 'localhost') })
    expect(answer.json).toEqual(created)
    expect(plane.proxies.get('db')).toEqual(before)
  })

  test('is 404 for an unknown proxy, 400 for a bad body, 500 for a malformed address', async () => {
    const { ask } = await withProxy()
    expect(await ask('POST', '/proxies/none', {})).toMatchObject({ status: 404, json: { error: 'proxy not found' } })
    expect((await ask('POST', '/proxies/db', '{"enabled":1}')).status).toBe(400)
    const malformed = await ask('POST', '/proxies/db', { listen: 'bad' })
    expect(malformed).toMatchObject({ status: 500, json: { error: 'address bad: missing port in address' } })
  })

  test('restarts a proxy that could not be started', async () => {
    const { ask, created } = await withProxy()
    const other = await ask('POST', '/proxies', proxy('other'))
    expect((await ask('POST', '/proxies/other', { listen: created.listen })).status).toBe(500)
    expect((await ask('GET', '/proxies/other')).json).toMatchObject({ enabled: false })
    const again = await ask('POST', '/proxies/other', { listen: other.json.listen, enabled: true })
    expect(again).toMatchObject({ status: 200, json: { enabled: true, listen: other.json.listen } })
  })

  test('stops once, however often it is told to', async () => {
    const { ask } = await withProxy()
    const answers = await Promise.all([1, 2, 3].map(() => ask('POST', '/proxies/db', { enabled: false })))
    for (const answer of answers) expect(answer).toMatchObject({ status: 200, json: { enabled: false } })
  })
})

describe('DELETE /proxies/{proxy}', () => {
  test('frees its port', async () => {
    const { ask, created } = await withProxy()
    expect(await ask('DELETE', '/proxies/db')).toMatchObject({ status: 204, text: '' })
    expect((await ask('DELETE', '/proxies/db')).status).toBe(404)
    expect((await ask('POST', '/proxies', proxy('other', { listen: created.listen }))).status).toBe(201)
  })

  test('takes the toxics along', async () => {
    const { ask, plane } = await withProxy()
    await ask('POST', '/proxies/db/toxics', { type: 'latency', attributes: { latency: 1 } })
    await ask('DELETE', '/proxies/db')
    expect(plane.faults.list()).toEqual([])
    expect((await ask('POST', '/proxies', proxy('db'))).json.toxics).toEqual([])
  })
})

describe('toxics', () => {
  test('are listed upstream first, then in the order they were added', async () => {
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

  test('are answered with 200, every attribute of their type, and defaults', async () => {
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
  ])('of type %s are taken, changed and removed', async (type, attributes) => {
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

  test('keep the case in which the stream was typed', async () => {
    const { ask } = await withProxy()
    const added = await ask('POST', '/proxies/db/toxics', { type: 'noop', stream: 'UpStream' })
    expect(added.json).toMatchObject({ stream: 'UpStream', name: 'noop_UpStream' })
  })

  test('have names that are one of a kind over both streams', async () => {
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

  test.each(['POST', 'PATCH'])('change only in the attributes that %s gives', async (method) => {
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
    [{ type: 'latency', name: 'x'.repeat(1_000_000) }, expect.stringContaining('has 1000000 letters')],
    ['{"type":"latency","attributes":{"latency":NaN}}', expect.stringContaining('bad request body')],
    ['', 'bad request body: EOF'],
  ])('that make no sense are 400, and the server lives (%#)', async (body, error) => {
    const { ask } = await withProxy()
    const answer = await ask('POST', '/proxies/db/toxics', body)
    expect(answer).toMatchObject({ status: 400, json: { error, status: 400 } })
    expect((await ask('GET', '/proxies/db')).json.toxics).toEqual([])
  })

  test('that are changed to nonsense stay as they were', async () => {
    const { ask } = await withProxy()
    await ask('POST', '/proxies/db/toxics', { type: 'bandwidth', name: 'b', attributes: { rate: 5 } })
    expect((await ask('POST', '/proxies/db/toxics/b', { attributes: { rate: -1 } })).status).toBe(400)
    expect((await ask('GET', '/proxies/db/toxics/b')).json.attributes).toEqual({ rate: 5 })
  })
})

describe('toxiproxy-cli', () => {
  // The program itself is Go. These are its requests, as client/client.go and client/proxy.go of Toxiproxy make them.
  test('is answered all it asks', async () => {
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
    // Toggling sends back the whole proxy as it was listed, toxics included.
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
  test('removes every toxic and enables every proxy', async () => {
    const { ask } = await withProxy({ enabled: false })
    await ask('POST', '/proxies/db/toxics', { type: 'latency' })
    expect(await ask('POST', '/reset')).toMatchObject({ status: 204, text: '' })
    expect((await ask('GET', '/proxies/db')).json).toMatchObject({ enabled: true, toxics: [] })
  })
})

describe('GET /metrics', () => {
  test('is there only where asked for', async () => {
    const { ask } = await control({ toxiproxy: { version: '2.12.0', metrics: false } })
    expect((await ask('GET', '/metrics')).status).toBe(404)
  })

  test('counts bytes while the connection is open', async () => {
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
