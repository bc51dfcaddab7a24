// Runs a few programs in the simulator, each with many seeds, and then again with the seeds in reverse order. Prints
// one line of JSON: for each program, a hash of everything that happened in its runs, and the seeds whose two runs
// differed. All major versions of Node must print the same line. Needs a build. Usage: node simulated-hashes.mjs SEEDS
// [PROGRAM …]
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServiceCluster, loadService, outsidePromises } from '../packages/node-simulator/dist/index.js'

const root = join(import.meta.dirname, '..')
const [count, ...chosen] = process.argv.slice(2)
const SEEDS = Array.from({ length: Number(count ?? 100) }, (_, i) => i + 1)

const ROUTES = {
  routes: [
    { request: 'GET /kv/{key}', f: 'read', result: 'json.value' },
    { request: 'PUT /kv/{key}', f: 'write', value: 'json.value' },
  ],
}

/** Each write uses peers, a disk, randomness and clocks, so that a difference in any of them is found. */
const STATE = `
  import { appendFile } from 'node:fs/promises'
  import { randomUUID } from 'node:crypto'
  const values = new Map()
  const kept = async (key, value) => {
    values.set(key, value)
    await appendFile('log', JSON.stringify([key, value, randomUUID(), Date.now()]) + '\\n')
    const told = process.env.PEERS.split(',').map((peer) =>
      fetch(peer + '/kv/told', { method: 'POST', body: JSON.stringify({ value }), signal: AbortSignal.timeout(40) })
        .then((answer) => answer.text()))
    console.log((await Promise.allSettled(told)).map(({ status, reason }) => reason?.name ?? status).join())
  }
`

const PROGRAMS = {
  plain: {
    nodes: 3,
    text: `${STATE}
      import { createServer } from 'node:http'
      createServer(async (request, response) => {
        let body = ''
        for await (const chunk of request) body += chunk
        const key = request.url.split('/')[2]
        if (request.method === 'PUT') await kept(key, JSON.parse(body).value)
        response.end(JSON.stringify({ value: values.get(key) ?? null }))
      }).listen(process.env.PORT)`,
  },
  express: {
    nodes: 3,
    text: `${STATE}
      import express from 'express'
      const app = express()
      app.use(express.json({ type: () => true }))
      app.get('/kv/:key', (request, response) => response.json({ value: values.get(request.params.key) ?? null }))
      app.post('/kv/:key', (request, response) => response.json({}))
      app.put('/kv/:key', async (request, response) => {
        await kept(request.params.key, request.body.value)
        response.json({})
      })
      app.listen(process.env.PORT)`,
  },
  fastify: {
    nodes: 3,
    text: `${STATE}
      import Fastify from 'fastify'
      const app = Fastify({ logger: true })
      app.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => done(null, JSON.parse(body)))
      app.get('/kv/:key', async ({ params }) => ({ value: values.get(params.key) ?? null }))
      app.post('/kv/:key', async () => ({}))
      app.put('/kv/:key', async ({ params, body }) => {
        await kept(params.key, body.value)
        return {}
      })
      await app.listen({ port: Number(process.env.PORT) })`,
  },
  bullmq: {
    nodes: 2,
    redis: 'simulated',
    text: `
      import { createServer } from 'node:http'
      import { Queue, Worker } from 'bullmq'
      const connection = { host: 'redis', port: 6379, maxRetriesPerRequest: null, retryStrategy: () => 50 }
      const quiet = (each) => each.on('error', () => {})
      const queue = quiet(new Queue('mail', { connection }))
      quiet(new Worker('mail', async (job) => console.log(job.name, job.data.value), { connection, lockDuration: 500, stalledInterval: 300 }))
      createServer(async (request, response) => {
        let body = ''
        for await (const chunk of request) body += chunk
        if (request.method === 'PUT') await queue.add('job', JSON.parse(body), { attempts: 3, backoff: 10 })
        response.end('{"value":null}')
      }).listen(process.env.PORT)`,
  },
}

/** The folder of the services that use PostgreSQL. */
const SERVICES = join(root, 'packages', 'simulated-postgresql', 'test', 'services', 'programs')
/** By service: the `f` of the operations that change the service's data. For services not listed here, it is `add`. */
const CHANGED_BY = { duty: 'write' }
const MOVES = [
  ...['lost update', 'locked update', 'read and write', 'one step', 'cursor', 'locked cursor', 'double spend'],
  ...['locked spend', 'look then insert', 'unique', 'read-only', 'two halves', 'two writes', 'outbox', 'standby'],
]
/** By service that does the same in several ways: the environment variable that chooses the way, and its values. */
const WAYS = { accounts: ['MOVES', MOVES], seats: ['ASKS', ['count', 'sum', 'exists']] }
for (const file of readdirSync(SERVICES).filter((file) => /^(?!load)[a-z-]+\.mjs$/.test(file))) {
  const [name] = file.split(/[-.]/)
  const [routes, client] = [`${name}.routes.json`, `${name}.client.mjs`].map((each) => join(SERVICES, each))
  const [variable, ways] = WAYS[name] ?? ['', ['']]
  for (const way of ways)
    PROGRAMS[[file.replace('.mjs', ''), way].filter(Boolean).join(': ')] = {
      nodes: 2,
      change: CHANGED_BY[name] ?? 'add',
      declared: {
        program: join(SERVICES, file),
        ...(existsSync(client) ? { client } : { routes }),
        ...(way === '' ? {} : { environment: { [variable]: way } }),
        postgres: { pg: { sql: join(SERVICES, `${name}.sql`), standby: way === 'standby' } },
      },
    }
}

/** Returns the requests of clients, each with its time and its node. */
const asked = (seed, nodes, change) =>
  Array.from({ length: 12 }, (_, i) => ({
    atMs: 40 * i + (seed % 7),
    node: nodes[(seed + i) % nodes.length],
    input:
      i % 3 === 0
        ? { f: 'read', key: 'xy'[i % 2], value: null }
        : { f: change, key: 'xy'[i % 2], value: change === 'add' ? 1 : 100 * seed + i },
  }))

const FAULTS = (nodes) => [
  { kind: 'kill', nodes: [nodes[0]] },
  { kind: 'partition', links: [`${nodes[0]}>${nodes[1]}`, `${nodes[1]}>${nodes[0]}`], mode: 'hold' },
  { kind: 'pause', nodes: [nodes[1]] },
]

function runHash(service, { nodes, change = 'write' }, seed) {
  const hash = createHash('md5')
  const cluster = createServiceCluster(service, {
    ...{ nodes, seed, initial: change === 'add' ? 0 : null, functions: ['read', change] },
    trace: (text) => hash.update(`${text}\n`),
  })
  try {
    cluster.run(() => cluster.isReady(), { events: 100_000, durationMs: 5_000 })
    const { clock, nodes: names } = cluster
    const from = clock.now()
    const at = (ms, what) => clock.at(from + ms * 1e6, what)
    for (const { atMs, node, input } of asked(seed, names, change))
      at(atMs, () =>
        cluster
          .connect(node)
          .invoke({ input, harmless: input.f === 'read' }, 300, (completion) =>
            hash.update(JSON.stringify(completion)),
          ),
      )
    for (const [i, fault] of FAULTS(names).entries())
      at(60 + 130 * i, () =>
        cluster.inject(fault, (outcome) => {
          if (outcome.type === 'injected') at(130 + 130 * i, () => outcome.heal(() => {}))
        }),
      )
    cluster.run(() => false, { events: 200_000, durationMs: 1_000 })
  } finally {
    cluster.close()
  }
  return hash.digest('hex')
}

/** Waits for a turn of the event loop. Without it, Node does not free the memory of finished runs. */
const breath = () => new Promise((resolve) => setTimeout(resolve, 0))

async function hashed(service, program, seeds) {
  const hashes = new Map()
  for (const seed of seeds) {
    hashes.set(seed, await outsidePromises(() => runHash(service, program, seed)))
    await breath()
  }
  return hashes
}

function written(name, { redis, text }) {
  const [program, routes] = [join(directory, `${name}.mjs`), join(directory, 'routes.json')]
  writeFileSync(program, text)
  writeFileSync(routes, JSON.stringify(ROUTES))
  return { program, routes, redis }
}

const directory = mkdtempSync(join(tmpdir(), 'chaos-hashes-'))
try {
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  // Stack traces contain the path of the program. Relative to this directory, the path is the same everywhere.
  process.chdir(directory)
  const results = {}
  for (const [name, program] of Object.entries(PROGRAMS)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue
    const service = await loadService(program.declared ?? written(name, program))
    const [one, again] = [await hashed(service, program, SEEDS), await hashed(service, program, SEEDS.toReversed())]
    const differ = SEEDS.filter((seed) => one.get(seed) !== again.get(seed))
    const hash = createHash('md5')
      .update(SEEDS.map((seed) => one.get(seed)).join('\n'))
      .digest('hex')
    results[name] = { hash, seeds: SEEDS.length, distinct: new Set(one.values()).size, differ }
  }
  console.log(JSON.stringify(results))
} finally {
  rmSync(directory, { recursive: true, force: true })
}
