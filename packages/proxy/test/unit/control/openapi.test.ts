import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FaultFamily, parametersOf, trafficFamilies, trafficFaultKinds } from '@chaosproxy/faults'
import { describe, expect, test } from 'vitest'
import { createRecorder } from '../../../../recorder/src/record/recorder.ts'
import { cleanUp } from '../../../../testing/src/sockets.ts'
import { type DescribedRoute, schemaOfParameter } from '../../../src/control/v1/described-route.ts'
import { describeApi } from '../../../src/control/v1/openapi.ts'
import { v1Routes } from '../../../src/control/v1/routes.ts'
import { componentSchemas } from '../../../src/control/v1/schemas.ts'
import { openRecordFile } from '../../../src/record-file/record-file.ts'
import { startRunClock } from '../../../src/record-file/run-clock.ts'
import { anywhere, control } from '../../control/control-plane.ts'
import { violations } from '../../control/schema-check.ts'
import { latency, withProxies } from '../../control/two-proxies.ts'

interface Description {
  readonly paths: {
    readonly [path: string]: {
      readonly [method: string]: {
        readonly responses: { readonly [status: string]: { readonly content?: object } }
        readonly requestBody?: { readonly required: boolean }
        readonly parameters: readonly object[]
      }
    }
  }
}

describe('the description at /v1/openapi.json', () => {
  test('the OpenAPI description lists exactly the routes that the control interface serves', async () => {
    const { ask, plane } = await control()
    const { json } = await ask('GET', '/v1/openapi.json')
    const described = Object.entries(json.paths as object).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.sort()).toEqual(
      v1Routes(plane, 'x', anywhere)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    )
    const ids = v1Routes(plane, 'x', anywhere).map(({ operation }) => operation)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('the description at /v1/openapi.json lists the statuses 400, 401, 403, 413 and 503 for every request', async () => {
    const { ask } = await control()
    const { paths } = (await ask('GET', '/v1/openapi.json')).json
    const statuses = Object.values<object>(paths)
      .flatMap((operations) => Object.values<{ responses: object }>(operations as never))
      .map(({ responses }) => Object.keys(responses))
    expect(statuses.length).toBeGreaterThan(10)
    for (const each of statuses) expect(each).toEqual(expect.arrayContaining(['400', '401', '403', '413', '503']))
  })

  test.each<readonly [route: string, success: number, others: readonly number[]]>([
    ['get /v1/proxies', 200, []],
    ['post /v1/proxies', 201, [409, 500]],
    ['get /v1/proxies/{proxy}', 200, [404]],
    ['patch /v1/proxies/{proxy}', 200, [404, 500]],
    ['delete /v1/proxies/{proxy}', 204, [404]],
    ['get /v1/links', 200, []],
    ['get /v1/links/{link}', 200, [404]],
    ['get /v1/faults', 200, []],
    ['post /v1/faults', 201, [404, 409]],
    ['get /v1/faults/{fault}', 200, [404]],
    ['put /v1/faults/{fault}', 200, [201, 404, 409]],
    ['delete /v1/faults/{fault}', 204, [404, 409]],
    ['get /v1/partitions', 200, []],
    ['put /v1/partitions/{partition}', 200, [409]],
    ['delete /v1/partitions/{partition}', 204, [404, 409]],
    ['get /v1/rules', 200, []],
    ['put /v1/rules', 200, [404, 409, 412]],
    ['get /v1/leases', 200, []],
    ['post /v1/leases', 201, []],
    ['get /v1/leases/{lease}', 200, [404]],
    ['delete /v1/leases/{lease}', 204, [404]],
    ['post /v1/leases/{lease}/renew', 200, [404]],
    ['post /v1/reset', 204, [500]],
    ['get /v1/events', 200, []],
    ['get /v1/recording', 200, [404]],
    ['get /v1/metrics', 200, []],
    ['get /v1/openapi.json', 200, []],
  ])(
    'the OpenAPI description lists for %s the status %i on success and, besides the common statuses, %j',
    async (route, success, others) => {
      const { plane } = await control()
      const { paths } = describeApi(v1Routes(plane, 'x', anywhere), '7') as Description
      const [method = '', path = ''] = route.split(' ')
      const { responses, requestBody, parameters } = paths[path]?.[method] ?? {}
      expect(Object.keys(responses ?? {}).map(Number)).toEqual([success, 400, 401, 403, ...others, 413, 503].toSorted())
      expect(requestBody?.required).toBe(/^(post .*s|patch .*|put .*)$/.test(route) ? true : undefined)
      expect(Object.keys(responses?.[success]?.content ?? {})).toEqual(
        success === 204
          ? []
          : [
              route.endsWith('events')
                ? 'text/event-stream'
                : route.endsWith('metrics')
                  ? 'text/plain'
                  : 'application/json',
            ],
      )
      const inPath = [...path.matchAll(/\{(.+?)\}/g)].map(([, name]) => ({ name, in: 'path', required: true }))
      expect(parameters).toMatchObject(route.endsWith('events') ? [{ name: 'since', in: 'query' }] : inPath)
    },
  )

  test.each<readonly [object, object]>([
    [{ unit: 'json' }, {}],
    [
      { unit: 'flag', default: false },
      { type: 'boolean', default: false },
    ],
    [{ unit: 'text' }, { type: 'string' }],
    [
      { unit: 'text', values: ['a'] },
      { type: 'string', enum: ['a'] },
    ],
    [{ unit: 'text', orNumber: true }, { oneOf: [{ type: 'string' }, { type: 'number' }] }],
    [{ unit: 'probability' }, { type: 'number', minimum: 0, maximum: 1 }],
    [{ unit: 'ms' }, { type: 'number', minimum: 0, description: 'it (ms)' }],
    [
      { unit: 'ms', least: 1, most: 2 },
      { type: 'number', minimum: 1, maximum: 2, description: 'it (ms)' },
    ],
    [{ unit: 'bytes/s' }, { type: 'number', minimum: 0, description: 'it (bytes/s)' }],
    [{ unit: 'per second' }, { type: 'number', minimum: 0 }],
    [{ unit: 'bytes' }, { type: 'integer', minimum: 0, description: 'it (bytes)' }],
    [
      { unit: 'count', least: 1, most: 2 },
      { type: 'integer', minimum: 1, maximum: 2 },
    ],
  ])('the OpenAPI description gives a parameter %j the schema %j', (parameter, schema) => {
    expect(schemaOfParameter({ name: 'x', summary: 'it', optional: false, ...parameter } as never)).toEqual({
      description: 'it',
      ...schema,
    })
  })

  test('the OpenAPI description gives the limits and the required members of requests and responses', () => {
    expect(componentSchemas['LeaseRequest']).toMatchObject({
      properties: { ttlMs: { default: 30_000, minimum: 100, maximum: 86_400_000 } },
      required: ['owner'],
      additionalProperties: false,
    })
    expect(componentSchemas['ProxyRequest']).toMatchObject({
      properties: { enabled: { default: true }, keepHost: { default: false }, protocol: { default: 'tcp' } },
      required: ['name', 'upstream'],
    })
    expect(componentSchemas['ProxyChange']?.required).toEqual([])
    expect(componentSchemas['PartitionRequest']?.properties?.['groups']?.minItems).toBe(2)
    expect(componentSchemas['RuleSetRequest']).toMatchObject({ required: ['faults'], additionalProperties: false })
    expect(componentSchemas['Fault']?.required).toEqual(['name', 'kind', 'links', 'origin', 'hits'])
    expect(componentSchemas['Proxy']?.required).not.toContain('authority')
    expect(componentSchemas['Recording']?.required).not.toContain('judged')
    expect(componentSchemas['Lease']?.properties?.['remainingMs']).toEqual({ type: 'integer', minimum: 0 })
    const faults = componentSchemas['FaultRequest']?.oneOf ?? []
    const withMatch = faults.filter(({ properties }) => properties?.['match'] !== undefined)
    expect(withMatch.map(({ properties }) => properties?.['kind']?.const)).toContain('error-status')
    expect(withMatch.map(({ properties }) => properties?.['kind']?.const)).not.toContain('latency')
  })

  test('the OpenAPI description refers only to its own schemas, and names every kind of fault', async () => {
    const { ask } = await control()
    const { text, json } = await ask('GET', '/v1/openapi.json')
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
      expect(json.components.schemas).toHaveProperty(name!)
    const kinds = json.components.schemas.FaultRequest.oneOf.map(
      (fault: { properties: { kind: { const: string } } }) => fault.properties.kind.const,
    )
    expect(kinds).toEqual(trafficFaultKinds)
  })

  test('the OpenAPI description gives the default of each fault parameter, or requires a parameter without a default', async () => {
    const { ask } = await control()
    const { schemas } = (await ask('GET', '/v1/openapi.json')).json.components
    const all = trafficFamilies.flatMap((family: FaultFamily) => family.kinds)
    const parameters = all.map(({ kind, parameters }) => ({ kind, parameters: parametersOf(parameters) }))
    expect(parameters.flatMap((each) => each.parameters.filter((one) => one.default !== undefined))).not.toEqual([])
    for (const { kind, parameters: own } of parameters) {
      const isIt = (fault: { properties: { kind: { const: string } } }) => fault.properties.kind.const === kind
      const { properties, required } = schemas.FaultRequest.oneOf.find(isIt)
      for (const { name, default: value, optional } of own) {
        expect([kind, name, properties[name].default]).toEqual([kind, name, value])
        expect([kind, name, required.includes(name)]).toEqual([kind, name, value === undefined && optional !== true])
      }
    }
  })

  test('the OpenAPI description matches the actual responses of each route', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'chaos-proxy-'))
    const file = openRecordFile(join(directory, 'history.jsonl'))
    cleanUp(async () => {
      await file.close()
      rmSync(directory, { recursive: true })
    })
    const recording = { recorder: createRecorder({ now: startRunClock(), client: file }), files: [file] }
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
    const routes = v1Routes(plane, 'x', anywhere).filter(
      ({ operation }) => operation !== 'watchEvents' && operation !== 'reset',
    )
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
