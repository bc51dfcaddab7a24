import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadProxyConfig } from '../../../src/control/config.ts'
import { control } from '../../control/control-plane.ts'
import { latency, withProxies } from '../../control/two-proxies.ts'

describe('POST /v1/reset', () => {
  test('POST /v1/reset removes every fault and lease, and enables every proxy', async () => {
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
  test('the config file examples/proxies.json opens each of its proxies', async () => {
    const { plane } = await control()
    const path = join(import.meta.dirname, '../../../../../examples/proxies.json')
    await loadProxyConfig(plane, JSON.parse(readFileSync(path, 'utf8')), {
      where: path,
      readPem: (name) => name,
      readBytes: readFileSync,
    })
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
    [5, 'proxies.json: 5 is not an object'],
    [{ proxy: [] }, 'proxies.json has no section "proxy". It has: proxies, faults, partitions, rules'],
    [{ proxies: {} }, 'proxies.json: "proxies" must be a list'],
    [{ proxies: [{ name: 'db' }] }, 'proxies.json: proxies.db needs "upstream"'],
    [{ proxies: [{ upstream: 'x:1' }] }, 'proxies.json: proxies[0] needs "name"'],
    [{ proxies: [{ name: 'db', upstream: 'x' }] }, 'proxies.json: proxies.db.upstream: address x: missing port'],
    [
      { proxies: [{ name: 'db', upstream: 'x:1', listen: '1' }] },
      'proxies.json: proxies.db.listen: address 1: missing',
    ],
    [
      { proxies: [{ name: 'db', upstream: 'x:1', carries: 'smoke' }] },
      '"carries" is "smoke". Known: http, http2, json-lines',
    ],
    [
      { proxies: [{ name: 'db', upstream: 'x:1', carries: { kind: 'http', routes: [] } }] },
      '"routes" must be a non-empty list',
    ],
    [
      { proxies: [{ name: 'db', upstream: 'x:1', toxics: [{ type: 'latency' }, { type: 'slicer' }] }] },
      'proxies.json: proxies.db.toxics[1]: invalid attribute: slicer needs average_size',
    ],
    [{ faults: [{ kind: 'reset', links: ['a>b'] }] }, 'proxies.json: faults[0]: no proxy carries the link a>b'],
    [{ partitions: { split: {} } }, 'proxies.json: partitions.split: "groups" must be'],
    [{ rules: [] }, 'proxies.json: rules: [] is not an object'],
    [{ rules: { faults: [{ kind: 'reset', links: ['a>b'] }] } }, 'proxies.json: rules: no proxy carries the link a>b'],
    [[{ name: 'db', upstream: 'x' }], 'proxies.json: proxies.db.upstream: address x: missing port'],
    [[{ name: 'db' }], 'proxies.json: missing required field: upstream at proxy 1'],
  ])('a config file is refused if its content is %j: %s', async (config, message) => {
    const { plane } = await control()
    await expect(
      loadProxyConfig(plane, config, { where: 'proxies.json', readPem: (path) => path, readBytes: readFileSync }),
    ).rejects.toThrow(message)
  })
})
