import { describe, expect, test } from 'vitest'
import { dial, echo, Received } from '../../../../testing/src/sockets.ts'
import { control } from '../../control/control-plane.ts'
import { proxy, UPSTREAM, withProxy } from '../../toxiproxy/one-proxy.ts'

describe('every response of the Toxiproxy API', () => {
  test('every response of the Toxiproxy API has a new request id of twenty characters', async () => {
    const { ask } = await control()
    const ids = await Promise.all(
      ['/version', '/proxies', '/nowhere'].map(async (path) => (await ask('GET', path)).headers),
    )
    const seen = ids.map((headers) => headers['x-toxiproxy-request-id'])
    expect(new Set(seen).size).toBe(3)
    for (const id of seen) expect(id).toMatch(/^[0-9a-v]{20}$/)
  })

  test('the Toxiproxy API replies 403 to a browser, and to no other client', async () => {
    const { ask } = await control()
    const browser = await ask('GET', '/proxies', undefined, { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64)' })
    expect(browser).toMatchObject({ status: 403, text: 'User agent not allowed\n' })
    const client = await ask('GET', '/proxies', undefined, { 'User-Agent': 'toxiproxy-cli/2.12.0 linux/amd64' })
    expect(client.status).toBe(200)
  })

  test('the Toxiproxy API replies 404 to an unknown path or an extra slash, and 405 to another method', async () => {
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
  test('returns the version', async () => {
    const { ask } = await control()
    const answer = await ask('GET', '/version')
    expect(answer).toMatchObject({ status: 200, text: '{"version": "2.12.0"}\n' })
    expect(answer.headers['content-type']).toBe('application/json;charset=utf-8')
  })
})

describe('GET /proxies', () => {
  test('GET /proxies returns an empty object before a proxy is created', async () => {
    const { ask } = await control()
    expect(await ask('GET', '/proxies')).toMatchObject({ status: 200, text: '{}' })
  })

  test('GET /proxies lists every proxy by name with its toxics', async () => {
    const { ask, created } = await withProxy()
    await ask('POST', '/proxies', proxy('cache', { enabled: false }))
    const { json } = await ask('GET', '/proxies')
    expect(Object.keys(json)).toEqual(['cache', 'db'])
    expect(json.db).toEqual(created)
    expect(json.cache).toEqual({ name: 'cache', listen: '127.0.0.1:0', upstream: UPSTREAM, enabled: false, toxics: [] })
  })
})

describe('POST /proxies', () => {
  test('POST /proxies listens immediately, and returns the address', async () => {
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

  test('POST /proxies listens on every address by default', async () => {
    const { ask } = await control({ isOpen: true })
    const { json: created } = await ask('POST', '/proxies', proxy('db', { listen: '' }))
    expect(created.listen).toMatch(/^(\[::\]|0\.0\.0\.0):\d+$/)
  })

  test('a disabled proxy keeps its given address, and starts to listen once it is enabled', async () => {
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
    ['{"name":"..","upstream":"b:1"}', 'the name ".." cannot be part of a URL: give a proxy another name'],
    [
      '{"name":"a\\u001b[2J","upstream":"b:1"}',
      'the name "a\\u001b[2J" cannot be part of a URL: give a proxy another name',
    ],
  ])('POST /proxies replies 400 to the body %s: %s', async (body, error) => {
    const { ask } = await control()
    const answer = await ask('POST', '/proxies', body)
    expect(answer).toMatchObject({ status: 400, json: { error, status: 400 } })
    expect((await ask('GET', '/proxies')).json).toEqual({})
  })

  test('POST /proxies reads only the first JSON value, accepts keys in any letter case, and ignores unknown keys', async () => {
    const { ask } = await control()
    const body = '{"NAME":"db","Listen":"127.0.0.1:0","uPSTREAM":"127.0.0.1:1","enabled":null,"color":1} and more'
    expect(await ask('POST', '/proxies', body)).toMatchObject({ status: 201, json: { name: 'db', enabled: true } })
  })

  test('POST /proxies replies 409 to a name in use', async () => {
    const { ask } = await withProxy()
    const answer = await ask('POST', '/proxies', proxy('db'))
    expect(answer).toMatchObject({ status: 409, json: { error: 'proxy already exists', status: 409 } })
  })

  test('POST /proxies replies 500 and "address already in use" for a port in use, and creates no proxy', async () => {
    const { ask, created } = await withProxy()
    const answer = await ask('POST', '/proxies', proxy('other', { listen: created.listen }))
    const error = `listen tcp ${created.listen}: bind: address already in use`
    expect(answer).toMatchObject({ status: 500, json: { error, status: 500 } })
    expect((await ask('GET', '/proxies/other')).status).toBe(404)
  })

  test('POST /proxies creates a proxy with its toxics, or creates nothing if a toxic is invalid', async () => {
    const { ask } = await control()
    const toxics = [{ type: 'latency', attributes: { latency: 5 } }]
    expect((await ask('POST', '/proxies', proxy('db', { toxics }))).json.toxics).toMatchObject([
      { name: 'latency_downstream' },
    ])
    const bad = await ask('POST', '/proxies', proxy('other', { toxics: [...toxics, { type: 'nonsense' }] }))
    expect(bad).toMatchObject({ status: 400, json: { error: 'invalid toxic type' } })
    expect(Object.keys((await ask('GET', '/proxies')).json)).toEqual(['db'])
  })

  test('POST /proxies creates only one proxy for simultaneous requests with one name', async () => {
    const { ask } = await control()
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask('POST', '/proxies', proxy('db'))))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)])
  })
})

describe('POST /populate', () => {
  test('POST /populate creates missing proxies, enabled by default', async () => {
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

  test('POST /populate creates nothing from an empty list', async () => {
    const { ask } = await control()
    expect(await ask('POST', '/populate', [])).toMatchObject({ status: 201, text: '{"proxies":[]}' })
  })

  test('POST /populate keeps a matching proxy with its toxics, and replaces a different proxy', async () => {
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

  test('POST /populate checks every name before it creates a proxy', async () => {
    const { ask } = await control()
    const answer = await ask('POST', '/populate', [proxy('one'), proxy('')])
    const error = 'missing required field: name at proxy 2'
    expect(answer).toMatchObject({ status: 400, json: { error, status: 400, proxies: null } })
    expect(answer.headers['content-type']).toBe('application/json')
    expect((await ask('GET', '/proxies')).json).toEqual({})
  })

  test('POST /populate keeps the proxies that it created before a failure', async () => {
    const { ask } = await control()
    const answer = await ask('POST', '/populate', [proxy('one'), proxy('two', { listen: 'local373' }), proxy('three')])
    expect(answer).toMatchObject({
      status: 500,
      json: { status: 500, error: expect.stringContaining('missing port in address'), proxies: [{ name: 'one' }] },
    })
    expect(Object.keys((await ask('GET', '/proxies')).json)).toEqual(['one'])
  })

  test('POST /populate keeps the toxics of an existing proxy if one of the given toxics is invalid', async () => {
    const { ask, created } = await withProxy()
    await ask('POST', '/proxies/db/toxics', { type: 'latency', name: 'a', attributes: { latency: 1 } })
    const { json: before } = await ask('GET', '/proxies/db/toxics')
    const toxics = [{ type: 'latency', name: 'a', attributes: { latency: 2 } }, { type: 'noop' }, { type: 'none' }]
    const { listen, upstream } = created
    expect((await ask('POST', '/populate', [{ name: 'db', listen, upstream, toxics }])).status).toBe(400)
    expect((await ask('GET', '/proxies/db/toxics')).json).toEqual(before)
  })

  test('POST /populate accepts toxics for new and existing proxies', async () => {
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
  test.each(['POST', 'PATCH'])(
    '%s /proxies/{proxy} changes only the given members, and keeps the toxics',
    async (method) => {
      const { ask, created } = await withProxy()
      await ask('POST', '/proxies/db/toxics', { type: 'noop' })
      const changed = await ask(method, '/proxies/db', { name: 'ignored', upstream: '127.0.0.1:2' })
      expect(changed).toMatchObject({
        status: 200,
        json: { name: 'db', listen: created.listen, upstream: '127.0.0.1:2', toxics: [{ type: 'noop' }] },
      })
    },
  )

  test('an update of a proxy keeps open connections if the addresses stay the same, and ends them otherwise', async () => {
    const server = await echo()
    const { ask, created } = await withProxy({ upstream: `127.0.0.1:${server.port}` })
    const [host, port] = created.listen.split(':')
    const client = new Received(await dial({ host, port: Number(port) }))
    client.socket.write('a')
    await client.until(({ text }) => text === 'a')
    const { listen, upstream } = created
    expect(await ask('POST', '/proxies/db', { listen, upstream })).toMatchObject({ status: 200, json: created })
    client.socket.write('b')
    await client.until(({ text }) => text === 'ab')
    await ask('POST', '/proxies/db', { listen, upstream: '127.0.0.1:1' })
    await client.until(({ closed }) => closed)
  })

  test('an update does not change a proxy if its new host name resolves to the same address', async () => {
    const { port } = await echo()
    const { ask, created, plane } = await withProxy({ upstream: `localhost:${port}` })
    const before = plane.proxies.get('db')
    const answer = await ask('POST', '/proxies/db', { listen: created.listen.replace('127.0.0.1', 'localhost') })
    expect(answer.json).toEqual(created)
    expect(plane.proxies.get('db')).toEqual(before)
  })

  test('an update replies 404 for an unknown proxy, 400 for an invalid body, and 500 for a malformed address', async () => {
    const { ask } = await withProxy()
    expect(await ask('POST', '/proxies/none', {})).toMatchObject({ status: 404, json: { error: 'proxy not found' } })
    expect((await ask('POST', '/proxies/db', '{"enabled":1}')).status).toBe(400)
    const malformed = await ask('POST', '/proxies/db', { listen: 'bad' })
    expect(malformed).toMatchObject({ status: 500, json: { error: 'address bad: missing port in address' } })
  })

  test('an update restarts a proxy that failed to start', async () => {
    const { ask, created } = await withProxy()
    const other = await ask('POST', '/proxies', proxy('other'))
    expect((await ask('POST', '/proxies/other', { listen: created.listen })).status).toBe(500)
    expect((await ask('GET', '/proxies/other')).json).toMatchObject({ enabled: false })
    const again = await ask('POST', '/proxies/other', { listen: other.json.listen, enabled: true })
    expect(again).toMatchObject({ status: 200, json: { enabled: true, listen: other.json.listen } })
  })

  test('an update can disable a proxy repeatedly', async () => {
    const { ask } = await withProxy()
    const answers = await Promise.all([1, 2, 3].map(() => ask('POST', '/proxies/db', { enabled: false })))
    for (const answer of answers) expect(answer).toMatchObject({ status: 200, json: { enabled: false } })
  })
})

describe('DELETE /proxies/{proxy}', () => {
  test('DELETE /proxies/{proxy} frees the port of the proxy', async () => {
    const { ask, created } = await withProxy()
    expect(await ask('DELETE', '/proxies/db')).toMatchObject({ status: 204, text: '' })
    expect((await ask('DELETE', '/proxies/db')).status).toBe(404)
    expect((await ask('POST', '/proxies', proxy('other', { listen: created.listen }))).status).toBe(201)
  })

  test('DELETE /proxies/{proxy} deletes the toxics of the proxy', async () => {
    const { ask, plane } = await withProxy()
    await ask('POST', '/proxies/db/toxics', { type: 'latency', attributes: { latency: 1 } })
    await ask('DELETE', '/proxies/db')
    expect(plane.faults.list()).toEqual([])
    expect((await ask('POST', '/proxies', proxy('db'))).json.toxics).toEqual([])
  })
})
