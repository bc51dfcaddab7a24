import { describe, expect, test } from 'vitest'
import { dial, Received } from '../../../../testing/src/sockets.ts'
import { latency, withProxies } from '../../control/two-proxies.ts'

describe('a fault at the control interface', () => {
  test('a fault acts on live connections, counts its hits, and heals', async () => {
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

  test('a fault created without a name is named by its kind and the next free number', async () => {
    const { ask } = await withProxies()
    const add = async (more: object = {}) => ask('POST', '/v1/faults', { ...latency, proxies: ['n1'], ...more })
    await add({ name: 'latency-2' })
    const names = []
    for (let i = 0; i < 3; i++) names.push((await add()).json.name)
    expect(names).toEqual(['latency-1', 'latency-3', 'latency-4'])
    expect(await add({ name: 'latency-1' })).toMatchObject({
      status: 409,
      json: { error: expect.stringContaining('already') },
    })
  })

  test('a PUT to the name of a fault replaces the fault, even if the new fault is of another kind', async () => {
    const { ask } = await withProxies()
    const put = (body: object) => ask('PUT', '/v1/faults/f', { links: ['clients>n1'], ...body })
    expect(await put(latency)).toMatchObject({ status: 201, json: { latencyMs: 5 } })
    expect(await put({ ...latency, latencyMs: 9 })).toMatchObject({ status: 200, json: { latencyMs: 9 } })
    expect(await put({ kind: 'refuse' })).toMatchObject({ status: 200, json: { kind: 'refuse' } })
    expect((await ask('GET', '/v1/links/clients%3En1')).json.faults).toEqual(['f'])
  })

  test('a replaced fault keeps its lease, and cannot move to another lease', async () => {
    const { ask } = await withProxies()
    const grant = async () => (await ask('POST', '/v1/leases', { owner: 'test' })).json.id as string
    const [lease, other] = [await grant(), await grant()]
    const put = (name: string, more: object = {}) =>
      ask('PUT', `/v1/faults/${name}`, { ...latency, links: ['clients>n1'], ...more })
    expect(await put('f', { lease })).toMatchObject({ status: 201, json: { lease } })
    expect(await put('f')).toMatchObject({ status: 200, json: { lease } })
    expect(await put('f', { lease })).toMatchObject({ status: 200, json: { lease } })
    const refused = { status: 409, json: { error: expect.stringContaining('depends on another lease') } }
    expect(await put('f', { lease: other })).toMatchObject(refused)
    await put('unleased')
    expect(await put('unleased', { lease })).toMatchObject(refused)
  })

  test('DELETE /v1/faults/NAME is refused if the fault belongs to a toxic, a partition or the rule set', async () => {
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

  test('a fault is refused on a link that no proxy carries', async () => {
    const { ask } = await withProxies()
    const answer = await ask('POST', '/v1/faults', { ...latency, links: ['clients>n9'] })
    expect(answer).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('Known: clients>n1, n1>clients') },
    })
    expect((await ask('POST', '/v1/faults', { ...latency, proxies: ['n9'] })).status).toBe(404)
  })

  test('a fault of the kind "reset" is removed once it has reset the live connections', async () => {
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

describe('a partition', () => {
  test('a partition cuts the proxied links between its groups, and can be changed by its name', async () => {
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

  test('a partition is refused if its endpoints are unknown', async () => {
    const { ask } = await withProxies()
    for (const groups of [[['a'], ['z']], [['a']], 'a|b', [['a'], []], [['a'], ['clients']], [['a'], [5]]])
      expect((await ask('PUT', '/v1/partitions/p', { groups })).status, JSON.stringify(groups)).toBe(400)
  })
})

describe('a rule set', () => {
  test('a PUT replaces a rule set as a whole, and increases its epoch', async () => {
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
    // A fault that stays the same is not replaced.
    expect(plane.events.since(before).map((event) => `${event.type} ${'fault' in event ? event.fault : ''}`)).toEqual([
      'fault-removed gone',
      'fault-added rule-2',
      'rules-swapped ',
    ])
  })

  test('a rule set may change its own fault by name, but is refused if a name belongs to a fault outside the set', async () => {
    const { ask } = await withProxies()
    const rule = (name: string, latencyMs: number) => ({ ...latency, links: ['a>b'], name, latencyMs })
    const put = (...faults: object[]) => ask('PUT', '/v1/rules', { faults })
    expect((await ask('POST', '/v1/faults', rule('taken', 1))).status).toBe(201)
    expect((await put(rule('one', 1), rule('two', 1))).status).toBe(200)
    expect((await put(rule('one', 2), rule('two', 1))).status).toBe(200)
    expect(await put(rule('one', 3), rule('taken', 2))).toMatchObject({
      status: 409,
      json: { error: 'there is a fault "taken" already (api)' },
    })
    const { faults } = (await ask('GET', '/v1/rules')).json as { faults: { name: string; latencyMs: number }[] }
    expect(faults.map(({ name, latencyMs }) => [name, latencyMs])).toEqual([
      ['two', 1],
      ['one', 2],
    ])
  })

  test('a rule set is refused as a whole if one of its faults is invalid', async () => {
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

  test('a rule set is replaced if If-Match names the current epoch, and the request gets 412 otherwise', async () => {
    const { ask } = await withProxies()
    const swap = (epoch: string) => ask('PUT', '/v1/rules', { faults: [] }, { 'If-Match': epoch })
    expect((await swap('"0"')).status).toBe(200)
    expect(await swap('"0"')).toMatchObject({
      status: 412,
      json: { error: 'the faults have epoch 1, not "0"; read the rule set again' },
    })
    expect((await swap('"1"')).json.epoch).toBe(2)
  })
})
