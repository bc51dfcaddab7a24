import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trafficFaultKinds } from '@chaos/faults'
import { createRecorder, loadConfig, openRecordFile } from '@chaos/proxy'
import { describe, expect, test } from 'vitest'
import type { DescribedRoute } from '../src/control/v1/described-route.ts'
import { v1Routes } from '../src/control/v1/routes.ts'
import { componentSchemas } from '../src/control/v1/schemas.ts'
import { control } from './control-plane.ts'
import { RecordedLines } from './http/live.ts'
import { violations } from './schema-check.ts'
import { cleanUp, closeEverythingAfterEach, dial, echo, Received } from './sockets.ts'

closeEverythingAfterEach()

const latency = { kind: 'latency', latencyMs: 5 }

/** Two proxies before one echo server: n1, and n2 with the ends a and b. */
async function withProxies(options: Parameters<typeof control>[0] = {}) {
  const { port } = await echo()
  const asked = await control(options)
  const upstream = `127.0.0.1:${port}`
  for (const proxy of [
    { name: 'n1', upstream },
    { name: 'n2', upstream, from: 'a', to: 'b' },
  ])
    expect(await asked.ask('POST', '/v1/proxies', proxy)).toMatchObject({ status: 201 })
  return asked
}

describe('the description at /v1/openapi.json', () => {
  test('has every route of the router, and no other', async () => {
    const { ask, plane } = await control()
    const { json } = await ask('GET', '/v1/openapi.json')
    const described = Object.entries(json.paths as object).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.sort()).toEqual(
      v1Routes(plane, 'x')
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    )
    const ids = v1Routes(plane, 'x').map(({ operation }) => operation)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('refers only to schemas that it has, and names every kind of fault', async () => {
    const { ask } = await control()
    const { text, json } = await ask('GET', '/v1/openapi.json')
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
      expect(json.components.schemas).toHaveProperty(name!)
    const kinds = json.components.schemas.FaultRequest.oneOf.map(
      (fault: { properties: { kind: { const: string } } }) => fault.properties.kind.const,
    )
    expect(kinds).toEqual(trafficFaultKinds)
  })

  test('tells the truth: what each route answers is what its schema says', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'chaos-proxy-'))
    const file = openRecordFile(join(directory, 'history.jsonl'))
    cleanUp(async () => {
      await file.close()
      rmSync(directory, { recursive: true })
    })
    const recording = { recorder: createRecorder({ client: file }), files: [file] }
    const { ask, plane } = await withProxies({ recording })
    const lease = (await ask('POST', '/v1/leases', { owner: 'me', ttlMs: 60_000 })).json.id
    const bodies: { readonly [operation: string]: unknown } = {
      addProxy: { name: 'n3', upstream: '127.0.0.1:1' },
      changeProxy: { enabled: true },
      addFault: { ...latency, name: 'f', proxies: ['n1'], when: { probability: 0.5 }, lease },
      putFault: { ...latency, links: ['a>b'], name: 'g' },
      putPartition: { groups: [['a'], ['b']] },
      swapRules: { faults: [{ ...latency, proxies: ['n1'] }] },
      grantLease: { owner: 'you' },
    }
    const params: { readonly [name: string]: string } = {
      proxy: 'n1',
      link: 'clients>n1',
      fault: 'g',
      partition: 'p',
      lease,
    }
    const removing = ({ method }: DescribedRoute) => Number(method === 'DELETE')
    const reading = ({ method, path }: DescribedRoute) => Number(method === 'GET' && path.includes('{'))
    const routes = v1Routes(plane, 'x').filter(({ operation }) => operation !== 'watchEvents' && operation !== 'reset')
    for (const route of [...routes].sort((a, b) => removing(a) - removing(b) || reading(a) - reading(b))) {
      const body = bodies[route.operation]
      if (route.body !== undefined && body !== undefined && route.operation !== 'renewLease')
        expect(violations(body, route.body, componentSchemas), route.operation).toEqual([])
      const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name]!))
      const answer = await ask(route.method, path, body)
      const statuses = route.operation.startsWith('put') ? [200, 201] : [route.success.status]
      expect(statuses, `${route.operation}: ${answer.text}`).toContain(answer.status)
      if (route.success.schema !== undefined && route.success.contentType === undefined)
        expect(violations(answer.json, route.success.schema, componentSchemas), route.operation).toEqual([])
    }
    expect(violations((await ask('GET', '/v1/nowhere')).json, componentSchemas['Error']!, componentSchemas)).toEqual([])
  })
})

describe('faults', () => {
  test('hurt live connections, count what they hit, and heal', async () => {
    const { ask, plane } = await withProxies()
    const [host, port] = plane.proxies.get('n1').listen.split(':')
    const client = await dial({ host: host!, port: Number(port) })
    const received = new Received(client)
    client.write('a')
    await received.until(({ length }) => length === 1)
    const added = await ask('POST', '/v1/faults', {
      kind: 'partition',
      proxies: ['n1'],
      direction: 'downstream',
      name: 'cut',
    })
    expect(added).toMatchObject({ status: 201, json: { name: 'cut', links: ['n1>clients'], mode: 'hold', hits: 0 } })
    expect(added.headers['location']).toBe('/v1/faults/cut')
    client.write('b')
    while ((await ask('GET', '/v1/faults/cut')).json.hits === 0);
    expect(received.length).toBe(1)
    expect((await ask('DELETE', '/v1/faults/cut')).status).toBe(204)
    await received.until(({ length }) => length === 2)
    expect((await ask('GET', '/v1/faults')).json).toEqual([])
  })

  test('get a name where none is given, and keep the one they have', async () => {
    const { ask } = await withProxies()
    const names = []
    for (let i = 0; i < 3; i++) names.push((await ask('POST', '/v1/faults', { ...latency, proxies: ['n1'] })).json.name)
    expect(new Set(names).size).toBe(3)
    expect(await ask('POST', '/v1/faults', { ...latency, proxies: ['n1'], name: names[0] })).toMatchObject({
      status: 409,
      json: { error: expect.stringContaining('already') },
    })
  })

  test('are changed in place, or to another kind, under their name', async () => {
    const { ask } = await withProxies()
    const put = (body: object) => ask('PUT', '/v1/faults/f', { links: ['clients>n1'], ...body })
    expect(await put(latency)).toMatchObject({ status: 201, json: { latencyMs: 5 } })
    expect(await put({ ...latency, latencyMs: 9 })).toMatchObject({ status: 200, json: { latencyMs: 9 } })
    expect(await put({ kind: 'refuse' })).toMatchObject({ status: 200, json: { kind: 'refuse' } })
    expect((await ask('GET', '/v1/links/clients%3En1')).json.faults).toEqual(['f'])
  })

  test('of toxics, partitions and rule sets are seen, and changed only where they belong', async () => {
    const { ask } = await withProxies()
    await ask('POST', '/proxies/n1/toxics', { type: 'latency' })
    await ask('PUT', '/v1/partitions/split', { groups: [['a'], ['b']] })
    await ask('PUT', '/v1/rules', { faults: [{ ...latency, links: ['a>b'], name: 'r' }] })
    const faults = (await ask('GET', '/v1/faults')).json as { name: string; origin: string }[]
    expect(faults.map(({ origin }) => origin)).toEqual(['toxic', 'partition', 'rules'])
    for (const { name } of faults)
      expect(await ask('DELETE', `/v1/faults/${encodeURIComponent(name)}`)).toMatchObject({ status: 409 })
    expect((await ask('DELETE', '/v1/partitions/split')).status).toBe(204)
  })

  test('of a link that nobody carries are refused, since they would hurt nobody', async () => {
    const { ask } = await withProxies()
    const answer = await ask('POST', '/v1/faults', { ...latency, links: ['clients>n9'] })
    expect(answer).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('Known: clients>n1, n1>clients') },
    })
    expect((await ask('POST', '/v1/faults', { ...latency, proxies: ['n9'] })).status).toBe(404)
  })

  test('that reset do so once, and are not there afterwards', async () => {
    const { ask, plane } = await withProxies()
    const [host, port] = plane.proxies.get('n1').listen.split(':')
    const client = await dial({ host: host!, port: Number(port) })
    const received = new Received(client)
    client.write('a')
    await received.until(({ length }) => length === 1)
    expect(await ask('POST', '/v1/faults', { kind: 'reset', proxies: ['n1'] })).toMatchObject({
      status: 201,
      json: { hits: 1 },
    })
    await received.until(({ closed }) => closed)
    expect(received.error).toBe('ECONNRESET')
    expect((await ask('GET', '/v1/faults')).json).toEqual([])
  })
})

describe('partitions', () => {
  test('cut what a proxy carries between the groups, and are moved by name', async () => {
    const { ask } = await withProxies()
    const put = (body: object) => ask('PUT', '/v1/partitions/split', body)
    expect((await put({ groups: [['a'], ['b']] })).json.links).toEqual(['a>b', 'b>a'])
    expect(
      (
        await put({
          groups: [
            ['a', 'clients'],
            ['b', 'n1'],
          ],
          mode: 'drop',
        })
      ).json,
    ).toMatchObject({
      mode: 'drop',
      links: ['a>b', 'clients>n1', 'b>a', 'n1>clients'],
    })
    expect((await ask('GET', '/v1/partitions')).json).toHaveLength(1)
  })

  test('of ends that nobody knows are refused', async () => {
    const { ask } = await withProxies()
    for (const groups of [[['a'], ['z']], [['a']], 'a|b', [['a'], []], [['a'], ['clients']], [['a'], [5]]])
      expect((await ask('PUT', '/v1/partitions/p', { groups })).status, JSON.stringify(groups)).toBe(400)
  })
})

describe('rule sets', () => {
  test('are swapped as a whole, and count their epochs', async () => {
    const { ask, plane } = await withProxies()
    const rules = (...faults: object[]) => ask('PUT', '/v1/rules', { faults })
    const first = await rules(
      { ...latency, links: ['a>b'], name: 'kept' },
      { ...latency, links: ['b>a'], name: 'gone' },
    )
    expect(first).toMatchObject({ status: 200, headers: { etag: '"1"' }, json: { epoch: 1 } })
    const before = plane.events.lastSequence
    const second = await rules({ ...latency, links: ['a>b'], name: 'kept' }, { kind: 'refuse', links: ['clients>n1'] })
    expect(second.json).toMatchObject({ epoch: 2, faults: [{ name: 'kept' }, { name: 'rule-2' }] })
    // What is just as before is not touched.
    expect(plane.events.since(before).map((event) => `${event.type} ${'fault' in event ? event.fault : ''}`)).toEqual([
      'fault-removed gone',
      'fault-added rule-2',
      'rules-swapped ',
    ])
  })

  test('of which one fault is wrong are not in force at all', async () => {
    const { ask } = await withProxies()
    await ask('PUT', '/v1/rules', { faults: [{ ...latency, links: ['a>b'], name: 'old' }] })
    const good = { ...latency, links: ['a>b'], name: 'new' }
    for (const bad of [
      { kind: 'nonsense' },
      { ...latency, links: ['x>y'] },
      good,
      { ...latency, latencyMs: -1, links: ['a>b'] },
    ])
      expect((await ask('PUT', '/v1/rules', { faults: [good, bad] })).status).toBe(400)
    expect((await ask('GET', '/v1/rules')).json).toMatchObject({ epoch: 1, faults: [{ name: 'old' }] })
  })

  test('are swapped with If-Match only where nobody else did meanwhile', async () => {
    const { ask } = await withProxies()
    const swap = (epoch: string) => ask('PUT', '/v1/rules', { faults: [] }, { 'If-Match': epoch })
    expect((await swap('"0"')).status).toBe(200)
    expect(await swap('"0"')).toMatchObject({ status: 412, json: { error: 'epoch 1 is in force, not "0"' } })
    expect((await swap('"1"')).json.epoch).toBe(2)
  })
})

describe('leases', () => {
  test('heal their faults when they run out, and not while they are renewed', async () => {
    const { ask, plane } = await withProxies()
    const lease = (await ask('POST', '/v1/leases', { owner: 'test', ttlMs: 500 })).json.id
    await ask('POST', '/v1/faults', { ...latency, proxies: ['n1'], name: 'leased', lease })
    await ask('POST', '/v1/faults', { ...latency, proxies: ['n1'], name: 'own' })
    const expired = new Promise<number>((resolve) => {
      cleanUp(plane.events.subscribe(({ type }) => void (type === 'lease-expired' && resolve(performance.now()))))
    })
    for (let i = 0; i < 2; i++) {
      expect((await ask('POST', `/v1/leases/${lease}/renew`)).json).toMatchObject({ faults: ['leased'] })
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    const renewedAt = performance.now()
    await ask('POST', `/v1/leases/${lease}/renew`)
    expect((await expired) - renewedAt).toBeGreaterThan(490)
    expect((await ask('GET', '/v1/faults')).json.map(({ name }: { name: string }) => name)).toEqual(['own'])
    expect((await ask('POST', `/v1/leases/${lease}/renew`)).status).toBe(404)
    expect((await ask('POST', '/v1/faults', { ...latency, proxies: ['n1'], lease })).status).toBe(404)
  })

  test('end when they are ended', async () => {
    const { ask } = await withProxies()
    const lease = (await ask('POST', '/v1/leases', { owner: 'test' })).json.id
    await ask('POST', '/v1/faults', { ...latency, proxies: ['n1'], lease })
    expect((await ask('DELETE', `/v1/leases/${lease}`)).status).toBe(204)
    expect((await ask('GET', '/v1/faults')).json).toEqual([])
  })
})

describe('what is recorded of faults', () => {
  test('is one epoch for those of every family, and the heal of each, be it by the end of the proxy', async () => {
    const lines = new RecordedLines()
    const recorder = createRecorder({ client: lines })
    const { ask, plane } = await withProxies({ recording: { recorder, files: [] } })
    await ask('POST', '/v1/proxies', { name: 'web', upstream: '127.0.0.1:1', carries: 'http' })
    const epochs: unknown[] = []
    for (const [method, path, body] of [
      ['PUT', '/v1/faults/slow', { ...latency, proxies: ['n1'] }],
      ['PUT', '/v1/faults/slow', { ...latency, latencyMs: 6, proxies: ['n1'] }],
      ['POST', '/proxies/n1/toxics', { type: 'latency', name: 'toxic' }],
      ['PUT', '/v1/faults/lost', { kind: 'lose-reply', proxies: ['web'] }],
      ['PUT', '/v1/rules', { faults: ['web', 'n1'].map((name) => ({ ...latency, name, proxies: [name] })) }],
      ['DELETE', '/v1/faults/slow', undefined],
      ['POST', '/v1/faults', { kind: 'reset', proxies: ['n1'], name: 'reset' }],
    ] as const) {
      expect((await ask(method, path, body)).status, `${method} ${path}`).toBeLessThan(300)
      expect((await ask('GET', '/v1/rules')).json.epoch).toBe(recorder.epoch)
      epochs.push(recorder.epoch)
    }
    expect(epochs).toEqual([1, 2, 3, 4, 5, 6, 7])
    plane.close()
    const seen = lines.events.map(({ f, value, extra }) => [f, (value as { id: string }).id, extra?.['epoch']])
    expect(seen).toEqual([
      ['latency', 'slow', 1],
      ['latency', 'n1/toxic', 3],
      ['lose-reply', 'lost', 4],
      ['latency', 'web', 5],
      ['latency', 'n1', 5],
      ['heal', 'slow', 6],
      ['reset', 'reset', 7],
      ['heal', 'reset', 7],
      ['heal', 'n1/toxic', 7],
      ['heal', 'lost', 7],
      ['heal', 'web', 7],
      ['heal', 'n1', 7],
    ])
  })
})

describe('the event stream', () => {
  test('tells what happens and what bites, and goes on where it was left', async () => {
    const { ask, server, plane } = await withProxies()
    const { text, response } = await openEvents(server.port, {})
    expect(response.headers['content-type']).toBe('text/event-stream')
    await ask('POST', '/v1/faults', { kind: 'latency', latencyMs: 1, proxies: ['n1'], name: 'f' })
    await text.until((so) => so.includes('event: fault-added'))
    const [host, port] = plane.proxies.get('n1').listen.split(':')
    const client = await dial({ host: host!, port: Number(port) })
    client.write('x')
    await text.until((so) => so.includes('event: fault-hit'))
    response.destroy()
    const seen = Number(/id: (\d+)\nevent: fault-added/.exec(text.now())?.[1])
    await ask('DELETE', '/v1/faults/f')
    const again = await openEvents(server.port, { 'Last-Event-ID': String(seen) })
    await again.text.until((so) => so.includes('event: fault-removed'))
    expect(again.text.now()).not.toContain('fault-added')
    again.response.destroy()
  })

  test('takes only a number to go on from', async () => {
    const { ask } = await control()
    for (const since of ['-1', 'x', '1.5', '1e99'])
      expect((await ask('GET', `/v1/events?since=${since}`)).status).toBe(400)
  })
})

async function openEvents(port: number, headers: { [name: string]: string }) {
  const asked = request({ host: '127.0.0.1', port, path: '/v1/events', headers, agent: false })
  asked.on('error', () => undefined)
  asked.end()
  const [response] = await once(asked, 'response')
  cleanUp(() => void response.destroy())
  let text = ''
  let wake = () => {}
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    wake()
  })
  response.on('error', () => undefined)
  const until = async (condition: (so: string) => boolean) => {
    while (!condition(text))
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
  return { response, text: { now: () => text, until } }
}

describe('a proxy that knows what it carries', () => {
  test.each([
    ['http', { kind: 'lose-reply' }, ['clients>p']],
    [{ kind: 'http', routes: [{ request: 'GET /{key}', f: 'read' }] }, { kind: 'stale-reply' }, ['clients>p']],
    [{ kind: 'http', websocket: true }, { kind: 'drop-message' }, ['clients>p', 'p>clients']],
    ['websocket', { kind: 'drop-message' }, ['clients>p', 'p>clients']],
    ['http2', { kind: 'reset-stream' }, ['clients>p', 'p>clients']],
    ['json-lines', { kind: 'drop-message', match: { member: 'a' } }, ['clients>p', 'p>clients']],
    [{ kind: 'resp', commands: 'counter' }, { kind: 'delay-message', delayMs: 5 }, ['clients>p', 'p>clients']],
    [{ kind: 'length-prefixed', lengthFieldLength: 4 }, { kind: 'drop-message' }, ['clients>p', 'p>clients']],
  ])('%j can suffer %j', async (carries, fault, links) => {
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

  test('can be told of its faults before it is enabled', async () => {
    const { ask } = await control()
    const body = { name: 'p', upstream: '127.0.0.1:1', carries: 'http', enabled: false }
    expect(await ask('POST', '/v1/proxies', body)).toMatchObject({ status: 201 })
    expect(await ask('POST', '/v1/faults', { kind: 'lose-reply', proxies: ['p'] })).toMatchObject({ status: 201 })
  })

  test('loses just the messages that it is told to', async () => {
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

  test('ends TLS with a certificate of its own, and reads no file for a request', async () => {
    const { ask } = await control()
    const proxy = { name: 'p', upstream: '127.0.0.1:1', tls: { terminate: true } }
    const made = await ask('POST', '/v1/proxies', proxy)
    expect(made).toMatchObject({ status: 201, json: { authority: expect.stringContaining('BEGIN CERTIFICATE') } })
    const tls = { terminate: { certificate: '/etc/passwd', key: '/etc/passwd' } }
    const refused = await ask('POST', '/v1/proxies', { ...proxy, name: 'q', tls })
    expect(refused).toMatchObject({ status: 400, json: { error: expect.stringContaining('"/etc/passwd" is no PEM') } })
  })
})

describe.runIf(process.platform === 'linux')('a proxy whose address several nodes share', () => {
  test('has links for each of them, to be hurt one by one', async () => {
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

describe('a proxy of UDP', () => {
  test('passes datagrams on, and loses them when told to', async () => {
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

  test('takes no fault that could not hurt datagrams, nor TCP one that could not hurt streams', async () => {
    const { ask } = await withProxies()
    await ask('POST', '/v1/proxies', { name: 'dns', upstream: '127.0.0.1:1', protocol: 'udp', enabled: false })
    const error = expect.stringContaining('hurt by partition, blackhole and the faults of UDP only')
    const refused = { status: 400, json: { error } }
    for (const fault of [latency, { kind: 'reset' }, { kind: 'corrupt', probability: 1 }])
      expect(await ask('POST', '/v1/faults', { ...fault, proxies: ['dns'] })).toMatchObject(refused)
    expect(await ask('POST', '/v1/faults', { ...latency, proxies: ['n1', 'dns'] })).toMatchObject(refused)
    expect(await ask('PUT', '/v1/rules', { faults: [{ ...latency, proxies: ['dns'] }] })).toMatchObject(refused)
    expect(await ask('POST', '/proxies/dns/toxics', { type: 'latency' })).toMatchObject({ status: 400 })
    expect(await ask('POST', '/v1/faults', { kind: 'drop-datagram', proxies: ['n1'] })).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('clients>n1: the link carries streams of TCP') },
    })
    expect((await ask('GET', '/v1/faults')).json).toEqual([])
    const cuts = await ask('POST', '/v1/faults', { kind: 'blackhole', proxies: ['n1', 'dns'] })
    expect(cuts).toMatchObject({ status: 201 })
  })

  test('does not come to links whose faults could not hurt it', async () => {
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
  ])('has no %s, which needs streams', async (member, value) => {
    const { ask } = await control()
    const asked = { name: 'dns', upstream: '127.0.0.1:1', protocol: 'udp', [member]: value }
    const refused = { status: 400, json: { error: expect.stringContaining(`${member}: `) } }
    expect(await ask('POST', '/v1/proxies', asked)).toMatchObject(refused)
  })
})

describe('POST /v1/reset', () => {
  test('heals everything and enables every proxy', async () => {
    const { ask } = await withProxies()
    const lease = (await ask('POST', '/v1/leases', { owner: 'test' })).json.id
    await ask('POST', '/v1/faults', { ...latency, proxies: ['n1'], lease })
    await ask('PUT', '/v1/partitions/split', { groups: [['a'], ['b']] })
    await ask('PUT', '/v1/rules', { faults: [{ ...latency, links: ['a>b'] }] })
    await ask('POST', '/proxies/n1/toxics', { type: 'latency' })
    await ask('PATCH', '/v1/proxies/n1', { enabled: false })
    expect((await ask('POST', '/v1/reset')).status).toBe(204)
    expect((await ask('GET', '/v1/faults')).json).toEqual([])
    expect((await ask('GET', '/v1/leases')).json).toEqual([])
    expect((await ask('GET', '/proxies/n1')).json).toMatchObject({ enabled: true, toxics: [] })
  })
})

describe('a config file', () => {
  test('as the one among the examples opens everything it says', async () => {
    const { plane } = await control()
    const path = join(import.meta.dirname, '..', '..', '..', 'examples', 'proxies.json')
    await loadConfig(plane, JSON.parse(readFileSync(path, 'utf8')), { where: path, readPem: (name) => name })
    expect(plane.proxies.list().map(({ name, enabled }) => `${name} ${enabled}`)).toEqual([
      'db true',
      'n1-n2 true',
      'web true',
    ])
    expect(plane.faults.list().map(({ name, origin, fault }) => `${origin} ${name} ${fault.kind}`)).toEqual([
      'toxic db/latency_downstream latency',
      'api slow-dials slow-connect',
      'api drop-message-2 drop-message',
      'partition split partition',
      'rules rule-1 lose-reply',
    ])
  })

  test.each([
    [5, 'proxies.json: 5 is no object'],
    [{ proxy: [] }, 'proxies.json has no section "proxy". It has: proxies, faults, partitions, rules'],
    [{ proxies: {} }, 'proxies.json: "proxies" must be a list'],
    [{ proxies: [{ name: 'db' }] }, 'proxies.json: proxies[0] needs "upstream"'],
    [{ proxies: [{ name: 'db', upstream: 'x' }] }, 'proxies.json: address x: missing port'],
    [
      { proxies: [{ name: 'db', upstream: 'x:1', carries: 'smoke' }] },
      '"carries" is "smoke". Known: http, http2, json-lines',
    ],
    [{ proxies: [{ name: 'db', upstream: 'x:1', carries: { kind: 'http', routes: [] } }] }, '"routes" must be a list'],
    [{ proxies: [{ name: 'db', upstream: 'x:1', toxics: [{ type: 'slicer' }] }] }, 'slicer needs average_size'],
    [{ faults: [{ kind: 'reset', links: ['a>b'] }] }, 'proxies.json: no proxy carries the link a>b'],
    [{ partitions: { split: {} } }, 'proxies.json: partitions: split: "groups" must be'],
    [{ rules: [] }, 'proxies.json: "rules": [] is no object'],
    [[{ name: 'db' }], 'proxies.json: missing required field: upstream at proxy 1'],
  ])('that says %j is told: %s', async (config, message) => {
    const { plane } = await control()
    await expect(loadConfig(plane, config, { where: 'proxies.json', readPem: (path) => path })).rejects.toThrow(message)
  })
})
