import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeEach, describe, expect, onTestFinished } from 'vitest'
import { chaosHere, startProcess, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'
import { startProxy } from '../../proxy-process.ts'

// A Python service with its own URLs is recorded by a route table and judged by chaos check. Each verdict must be
// correct.

const SERVICE = join(import.meta.dirname, '../../record/document-service.py')
const SAVE = '/api/v2/documents/save'

const read = {
  request: 'GET /api/v2/documents',
  f: 'read',
  key: 'query.id',
  result: 'json.document.text',
  missing: 'absent',
}
const save = { request: `POST ${SAVE}`, f: 'write', key: 'json.id', value: 'json.text' }
const sync = { request: 'POST /sync', ignore: true }
const named = { client: 'header.X-Client', routes: [read, save, sync] }
const unnamed = { routes: [read, save, sync] }

async function startService(primary?: string): Promise<string> {
  const { child } = startProcess(installed('python3') ?? 'python3', [
    SERVICE,
    ...(primary === undefined ? [] : [primary]),
  ])
  if (child.stdout === null) throw new Error('its output is piped')
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return `127.0.0.1:${port}`
}

/** Sends requests one after another, on one persistent connection per agent. */
function clientOf(addresses: readonly string[], agent = new Agent({ keepAlive: true, maxSockets: 1 })) {
  onTestFinished(() => agent.destroy())
  const ask = (node: number, method: string, path: string, body: unknown, headers: { [name: string]: string }) =>
    new Promise<{ status: number; text: string; etag: string | undefined }>((resolve, reject) => {
      const [host, port] = (addresses[node] ?? '').split(':')
      const content = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
      const length = content === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(content)) }
      const asked = request({ host, port, method, path, agent, headers: { ...headers, ...length } }, async (reply) => {
        let text = ''
        for await (const chunk of reply) text += chunk
        resolve({ status: reply.statusCode ?? 0, text, etag: reply.headers.etag })
      })
      asked.on('error', reject)
      asked.end(content)
    })
  return (name: string | undefined) => {
    const headers = name === undefined ? {} : { 'X-Client': name }
    return {
      ask: (method: string, path: string, body?: unknown, more: { [name: string]: string } = {}, node = 0) =>
        ask(node, method, path, body, { ...headers, ...more }),
      save: (id: string, text: string, node = 0) => ask(node, 'POST', SAVE, { id, text }, headers),
      read: (id: string, node = 0) => ask(node, 'GET', `/api/v2/documents?id=${id}`, undefined, headers),
    }
  }
}

type Clients = ReturnType<typeof clientOf>

interface Judged {
  readonly levels: { readonly [level: string]: { readonly result: string; readonly reason?: string } }
  readonly header: { readonly [member: string]: unknown }
  readonly summary: string
  readonly exitCode: number | null
}

/** Records the clients' requests by the route table, and checks the record. */
async function judge(
  table: object,
  services: readonly string[],
  drive: (clients: Clients, addresses: readonly string[]) => Promise<void>,
): Promise<Judged> {
  const directory = temporaryDirectory()
  const [routes, history] = [join(directory, 'routes.json'), join(directory, 'history.jsonl')]
  writeFileSync(routes, JSON.stringify(table))
  const upstreams = services.flatMap((service) => ['--upstream', service])
  const proxy = await startProxy([...upstreams, '--record', routes, '--out', history])
  const proxies = (await (await fetch(`${proxy.url}/v1/proxies`)).json()) as readonly { readonly listen: string }[]
  const addresses = proxies.map(({ listen }) => listen)
  await drive(clientOf(addresses), addresses)
  proxy.child.kill('SIGINT')
  const { stdout: summary } = await proxy.finished
  const checked = await chaosHere(['check', history, '--json', '--expect', 'linearizable'])
  const { levels } = JSON.parse(checked.stdout)
  const [header = ''] = readFileSync(history, 'utf8').split('\n')
  return { levels, header: JSON.parse(header), summary, exitCode: checked.exitCode }
}

const resultOf = ({ levels }: Judged, level: string) => levels[level]?.result
const reasonOf = ({ levels }: Judged, level: string) => levels[level]?.reason ?? ''

describe('a service in Python', () => {
  beforeEach((context) => {
    if (installed('python3') === undefined) context.skip(whySkipped('python3'))
  })

  test('chaos record finds a Python service linearizable whose route table names unusual URLs and ids in bodies', async () => {
    const judged = await judge(named, [await startService()], async (clients) => {
      const [alice, bob] = [clients('alice'), clients('bob')]
      for (let i = 0; i < 5; i++) {
        await alice.save('d1', `a${i}`)
        await Promise.all([bob.read('d1'), bob.save('d2', `b${i}`), alice.read('d2')])
      }
    })
    expect(judged.header).toMatchObject({ initial: 'unknown', sessions: { by: 'header.X-Client', named: true } })
    expect(resultOf(judged, 'linearizable')).toBe('met')
    expect(judged.summary).toContain('recorded 20 operations (20 ok')
  })

  patientTest(
    'a Python service is linearizable in a second recording that begins with the data of the first recording',
    async () => {
      const service = await startService()
      for (const text of ['first', 'second']) {
        const judged = await judge(named, [service], async (clients) => {
          const alice = clients('alice')
          await alice.read('d1')
          await alice.save('d1', text)
          await alice.read('d1')
        })
        expect(resultOf(judged, 'linearizable')).toBe('met')
      }
    },
  )

  patientTest('a Python service is judged from its initial values if its keys are read at the start', async () => {
    const service = await startService()
    await clientOf([service])(undefined).save('d1', 'old')
    const judged = await judge({ ...named, initial: 'read', keys: ['d1', 'd2'] }, [service], async (clients) => {
      await clients('alice').read('d1')
    })
    expect(judged.summary).toContain('recorded 3 operations (3 ok')
    expect(resultOf(judged, 'linearizable')).toBe('met')
  })

  patientTest(
    'shared connections meet read-your-writes if their clients have names, and are unknown without names',
    async () => {
      const primary = await startService()
      const replica = await startService(`http://${primary}`)
      // Alice writes to the primary, and Bob reads an old copy from the replica. Both use the same connections.
      const drive = async (clients: Clients) => {
        await clients('alice').save('d1', 'new')
        await clients('bob').read('d1', 1)
      }
      const old = clientOf([primary, replica])(undefined)
      await old.save('d1', 'old')
      await old.ask('POST', '/sync', '', {}, 1)
      const judged = await judge(named, [primary, replica], drive)
      expect(resultOf(judged, 'read-your-writes')).toBe('met')
      const blind = await judge(unnamed, [primary, replica], drive)
      expect(blind.header['sessions']).toEqual({ by: 'connection', named: false })
      expect(resultOf(blind, 'read-your-writes')).toBe('unknown')
      expect(blind.summary).toContain('Name the clients in the route table: "client": "header.X-Client"')
    },
  )

  patientTest('a Python service is not sequential if a named client misses its own writes over two nodes', async () => {
    const primary = await startService()
    const replica = await startService(`http://${primary}`)
    const drive = async (clients: Clients) => {
      const alice = clients('alice')
      for (let i = 0; i < 5; i++) {
        await alice.save('d1', `v${i}`)
        if (i === 0) await alice.ask('POST', '/sync', '', {}, 1)
        await alice.read('d1', 1)
      }
    }
    const judged = await judge(named, [primary, replica], drive)
    for (const level of ['linearizable', 'sequential', 'read-your-writes'])
      expect([level, resultOf(judged, level)]).toEqual([level, 'violated'])
    expect(judged.exitCode).toBe(1)
    const blind = await judge(unnamed, [primary, replica], drive)
    expect(resultOf(blind, 'linearizable')).toBe('violated')
    expect(resultOf(blind, 'sequential')).toBe('unknown')
    expect(reasonOf(blind, 'sequential')).toContain('"client": "header.X-Client"')
  })

  patientTest(
    'the verdict is unknown if a response lacks the value and the route table gives this no meaning',
    async () => {
      const { missing: _, ...strict } = read
      const drive = async (clients: Clients) => {
        await clients('alice').read('d1')
        await clients('alice').save('d1', 'x')
        await clients('alice').read('d1')
      }
      const judged = await judge({ ...named, routes: [strict, save] }, [await startService()], drive)
      expect(resultOf(judged, 'linearizable')).toBe('unknown')
      expect(reasonOf(judged, 'linearizable')).toContain('nothing at json.document.text')
      expect(judged.summary).toContain('GET /api/v2/documents: status 200, and nothing at json.document.text')
      expect(resultOf(await judge(named, [await startService()], drive), 'linearizable')).toBe('met')
    },
  )

  patientTest('a Python service is reported as losing a value if a response lacks the value', async () => {
    const judged = await judge(named, [await startService(`http://${await startService()}`)], async (clients) => {
      await clients('alice').save('d1', 'x')
      await clients('alice').read('d1')
      await clients('alice').ask('POST', '/sync', '')
      await clients('alice').read('d1')
      await clients('alice').save('d1', 'y')
    })
    expect(resultOf(judged, 'linearizable')).toBe('violated')
  })

  patientTest('a Python service leaves the outcome of an operation unknown by answering 202', async () => {
    const later = { ...save, request: 'POST /api/v2/documents/later' }
    const drive = async (clients: Clients) => {
      const alice = clients('alice')
      await alice.save('d1', 'old')
      await alice.ask('POST', '/api/v2/documents/later', { id: 'd1', text: 'new' })
      await alice.read('d1')
      await alice.ask('POST', '/sync', '')
      await alice.read('d1')
    }
    const routes = [read, save, sync, later]
    expect(resultOf(await judge({ ...named, routes }, [await startService()], drive), 'linearizable')).toBe('met')
    const done = [read, save, sync, { ...later, outcomes: { '202': 'ok' } }]
    expect(resultOf(await judge({ ...named, routes: done }, [await startService()], drive), 'linearizable')).toBe(
      'violated',
    )
  })

  patientTest('the verdict is unknown after a request without a route, and the reason names the request', async () => {
    const drive = async (clients: Clients) => {
      await clients('alice').save('d1', 'x')
      await clients('alice').ask('POST', '/login', '')
      await clients('alice').read('d1')
    }
    const judged = await judge(named, [await startService()], drive)
    expect(resultOf(judged, 'linearizable')).toBe('unknown')
    expect(reasonOf(judged, 'linearizable')).toContain('POST /login')
    expect(judged.summary).toContain('{"request": "…", "ignore": true}')
    const ignoring = { ...named, routes: [...named.routes, { request: 'POST /login', ignore: true }] }
    const trusted = await judge(ignoring, [await startService()], drive)
    expect(resultOf(trusted, 'linearizable')).toBe('met')
  })

  patientTest('a Python service is judged by its ETags as versions, and by its generated ids', async () => {
    const pages = [
      { request: 'GET /pages/{key}', f: 'read', result: 'header.ETag', outcomes: { '404': 'absent' } },
      {
        request: 'PUT /pages/{key}',
        when: { 'header.If-Match': { there: true } },
        f: 'cas',
        value: ['header.If-Match', 'answer.header.ETag'],
      },
      { request: 'PUT /pages/{key}', f: 'write', value: 'answer.header.ETag' },
    ]
    const judged = await judge(
      { client: 'header.X-Client', routes: pages },
      [await startService()],
      async (clients) => {
        const [alice, bob] = [clients('alice'), clients('bob')]
        await bob.ask('GET', '/pages/p')
        await alice.ask('PUT', '/pages/p', 'one')
        const { etag = '' } = await bob.ask('GET', '/pages/p')
        const statuses = await Promise.all(
          [alice, bob].map(async (who) => (await who.ask('PUT', '/pages/p', 'two', { 'If-Match': etag })).status),
        )
        expect(statuses.sort()).toEqual([200, 412])
        await alice.ask('GET', '/pages/p')
      },
    )
    expect(resultOf(judged, 'linearizable')).toBe('met')
    const made = [
      { request: 'POST /api/v2/documents', f: 'write', key: 'answer.json.id', value: 'json.text' },
      { ...read, request: 'GET /api/v2/documents' },
      {
        request: 'GET /api/v2/documents/all',
        f: 'read',
        each: 'answer.json.documents',
        key: 'item.id',
        result: 'item.text',
      },
    ]
    const listed = await judge({ client: 'header.X-Client', routes: made }, [await startService()], async (clients) => {
      const alice = clients('alice')
      const { text } = await alice.ask('POST', '/api/v2/documents', { text: 'lamp' })
      await alice.ask('POST', '/api/v2/documents', { text: 'desk' })
      await alice.read(JSON.parse(text).id)
      await alice.ask('GET', '/api/v2/documents/all')
    })
    expect(listed.summary).toContain('recorded 5 operations (5 ok')
    expect(resultOf(listed, 'linearizable')).toBe('met')
  })
})
