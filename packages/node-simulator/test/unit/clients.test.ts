import { type Completion, type Json, millis } from '@chaosproxy/history'
import { createServiceCluster, loadService, outsidePromises } from '@chaosproxy/node-simulator'
import type { SimulatedCluster } from '@chaosproxy/simulator'
import { describe, expect, test } from 'vitest'
import { injectedFor, ran, written } from '../../../testing/src/simulated.ts'

/** A register with a line protocol over TCP, which no route table can express. */
const SERVER = `
import { createServer } from 'node:net'
const values = new Map()
createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', (data) => {
    const [what, key, value] = data.toString().trim().split(' ')
    if (what === 'set') values.set(key, value)
    if (what !== 'quiet') socket.write((values.get(key) ?? 'null') + '\\n')
  })
}).listen(process.env['PORT'])
`

const CLIENT = `
import { connect } from 'node:net'
import { once } from 'node:events'
import { defineClient, Refused } from 'chaosproxy'
export default defineClient({
  functions: ['read', 'write'],
  async open({ host, port }) {
    const socket = connect(port, host)
    socket.on('error', () => {})
    await once(socket, 'connect')
    return {
      async invoke({ f, key, value }, signal) {
        if (value === 13) throw new Refused('13 brings bad luck')
        socket.write((f === 'write' ? (value === 99 ? 'quiet ' : 'set ') : 'get ') + key + ' ' + value + '\\n')
        const [data] = await once(socket, 'data', { signal })
        console.log(f, key, String(data).trim())
        return JSON.parse(String(data))
      },
      close: () => socket.end(),
    }
  },
})
`

/** Invokes one operation after another through one client, and collects the results. */
const asking =
  (completions: Completion[], ...asked: readonly (readonly [f: 'read' | 'write', value: Json])[]) =>
  (cluster: SimulatedCluster): void => {
    const client = cluster.connect('n1')
    const ask = ([first, ...rest]: typeof asked): void => {
      if (first === undefined) {
        client.close()
        return
      }
      const [f, value] = first
      client.invoke({ input: { f, key: 'x', value }, harmless: f === 'read' }, millis(100), (completion) => {
        completions.push(completion)
        ask(rest)
      })
    }
    ask(asked)
  }

const withClient = (client: string) => ({ beside: { 'client.ts': client }, client: 'client.ts' })

describe('simulated clients from a file', () => {
  test('simulated clients from a file give the same results as clients in a thread', async () => {
    const completions: Completion[] = []
    const { lines } = await ran(SERVER, {
      ...withClient(CLIENT),
      meanwhile: asking(completions, ['read', null], ['write', 7], ['read', null], ['write', 13], ['write', 99]),
    })
    expect(completions).toEqual([
      { type: 'ok', value: null },
      { type: 'ok', value: 7 },
      { type: 'ok', value: 7 },
      { type: 'fail', error: '13 brings bad luck' },
      { type: 'info', error: 'timeout after 100 ms' },
    ])
    expect(lines).toContain('clients: write x 7')
  })

  test('simulated clients from a file have the same trace for the same seed', async () => {
    const run = (seed: number) =>
      ran(SERVER, { ...withClient(CLIENT), seed, meanwhile: asking([], ['write', 1], ['read', null]) })
    const [one, same, other] = [await run(1), await run(1), await run(2)]
    expect(same.trace).toEqual(one.trace)
    expect(other.trace).not.toEqual(one.trace)
  })

  test('faults on the links between clients and nodes affect simulated clients from a file', async () => {
    const completions: Completion[] = []
    await ran(SERVER, {
      ...withClient(CLIENT),
      meanwhile(cluster) {
        injectedFor({ kind: 'partition', links: [{ from: 'n1', to: 'clients' }], mode: 'drop' }, 5_000)(cluster)
        asking(completions, ['write', 1], ['read', null])(cluster)
      },
    })
    expect(completions.map(({ type }) => type)).not.toContain('ok')
  })

  test.each([
    ['exports nothing', 'console.log(1)', /client\.ts exports no client: its default export must be defineClient/],
    [
      'lacks a function that the run needs',
      "export default { functions: ['read'], open: () => ({ invoke() {} }) }",
      /client\.ts does not support write: its "functions" are read\./,
    ],
    ['ends itself', 'process.exit(1)', /client\.ts called process\.exit\(1\): clients must not end\./],
    ['throws as it is loaded', "throw new Error('no!')", /client\.ts threw: Error: no!: clients must not end\./],
    ['never gets loaded', 'await new Promise(() => {})', /client\.ts was not loaded within 5 s/],
    [
      'opens no client',
      'export default { open: () => 7 }',
      /client\.ts: the object that "open" returns has no function "invoke"\. Add one\./,
    ],
    [
      'answers a read with nothing',
      'export default { open: () => ({ invoke() {} }) }',
      /client\.ts: the client answered a read with nothing\. Return the result, or null if there is no value\./,
    ],
    [
      'uses what cannot be simulated',
      "import { Worker } from 'node:worker_threads'\nexport default { open: () => ({ invoke: () => new Worker('x') }) }",
      /client\.ts cannot be simulated: on clients, /,
    ],
  ])('simulated clients are refused if the file %s', async (_, client, message) => {
    await expect(ran(SERVER, { ...withClient(client), meanwhile: asking([], ['read', null]) })).rejects.toThrow(message)
  })
})

test('a repeated run of a service has the same results even if the route table reads the result from a wrong member', async () => {
  const program = `
import { createServer } from 'node:http'
let value = null
createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  if (request.method === 'PUT') value = JSON.parse(body).value
  response.end(JSON.stringify({ value }))
}).listen(process.env['PORT'])
`
  const routes = [
    { request: 'GET /kv/{key}', f: 'read', result: 'json.valeu', missing: 'absent' },
    { request: 'PUT /kv/{key}', f: 'write', value: 'json.value' },
  ]
  const beside = { 'routes.json': JSON.stringify({ routes }) }
  const service = await loadService(written(program, 'server.ts', beside))
  const answersOf = (): Promise<readonly Completion[]> =>
    outsidePromises(() => {
      const answers: Completion[] = []
      const cluster = createServiceCluster(service, { nodes: 1, seed: 1 })
      try {
        cluster.run(() => cluster.isReady(), { events: 100_000, durationMs: millis(5_000) })
        asking(answers, ['read', null], ['write', 7], ['read', null])(cluster)
        cluster.run(() => false, { events: 100_000, durationMs: millis(1_000) })
        return answers
      } finally {
        cluster.close?.()
      }
    })
  const first = await answersOf()
  expect(first[0]).toEqual({ type: 'ok', value: null })
  const error = expect.stringContaining('json.value has the written value')
  expect(first[2]).toMatchObject({ type: 'fail', error, misread: true })
  expect(await answersOf()).toEqual(first)
})
