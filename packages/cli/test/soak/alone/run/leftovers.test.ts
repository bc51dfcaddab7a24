import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { startChaos, temporaryDirectory } from '../../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../../testing/src/servers.ts'
import { processesMentioning, until } from '../../../processes.ts'

// Tests that embedded nodes, databases and the servers of `chaos record` end when chaos ends, even if chaos is killed.
// Other tests check users' commands and containers. CHAOS_SOAK=short tests only SIGKILL.
const isShort = process.env['CHAOS_SOAK'] === 'short'
const signals = isShort ? (['SIGKILL'] as const) : (['SIGKILL', 'SIGINT'] as const)

const database =
  (target: string, ...more: readonly string[]) =>
  (out: string) => [
    ...['run', '--target', target, '--time', '60s', '--seed', '1', '--rate', '200', '--faults', 'kill', '--out', out],
    ...more,
  ]

const SERVER = `require('node:http').createServer((request, response) => response.end('1')).listen(Number(process.argv[2]))`
const CLIENT = `setInterval(() => fetch('http://' + process.argv[2] + '/kv/x').then((reply) => reply.text()), 20)`
const ROUTES = { routes: [{ request: 'GET /kv/{key}', f: 'read', result: 'body' }] }

function served(out: string): readonly string[] {
  const table = join(out, 'routes.json')
  mkdirSync(out, { recursive: true })
  writeFileSync(table, JSON.stringify(ROUTES))
  const script = (name: string, text: string): string => {
    writeFileSync(join(out, name), text)
    return join(out, name)
  }
  const server = `node ${script('server.cjs', SERVER)} {port}`
  const client = ['node', script('client.cjs', CLIENT), '{n1}']
  return ['record', '--serve', server, '--as', table, '--out', out, '--time', '60s', '--', ...client]
}

const kinds = [
  { what: 'raft', program: 'node', least: 5, args: database('raft') },
  { what: 'redis', program: 'redis-server', least: 6, args: database('redis') },
  { what: 'etcd', program: 'etcd', least: 3, args: database('etcd') },
  { what: 'nats', program: 'nats-server', least: 3, args: database('nats') },
  { what: 'postgres', program: 'psql', least: 3, args: database('postgres') },
  { what: 'mariadb', program: 'mariadbd', least: 3, args: database('mariadb') },
  { what: 'zookeeper', program: 'zooinspector', least: 3, args: database('zookeeper') },
  // Galera and RabbitMQ take long to start, so CHAOS_SOAK=short leaves them out.
  ...(isShort
    ? []
    : [
        { what: 'galera', program: 'rsync', least: 3, args: database('galera') },
        { what: 'rabbitmq', program: 'rabbitmq-server', least: 3, args: database('rabbitmq', '--workload', 'queue') },
      ]),
  { what: 'chaos record --serve', program: 'node', least: 2, args: served },
] as const

describe.each(kinds)('a run of $what', ({ program, least, args }) => {
  test.for(signals)('a run leaves no processes and files behind when chaos receives %s', async (signal, context) => {
    if (installed(program) === undefined) context.skip(whySkipped(program))
    const before = ours()
    const out = temporaryDirectory()
    const { child, finished } = startChaos(args(out))
    const history = () => readdirSync(out).some((name) => existsSync(join(out, name, 'history.jsonl')))
    await until(async () => history() && (await processesMentioning(out)).length > least)
    child.kill(signal)
    await finished
    await until(async () => (await processesMentioning(out)).length === 0)
    await until(() => ours().every((name) => before.includes(name) || out.endsWith(name)))
    const data = readdirSync(out).map((name) => join(out, name, 'data'))
    await until(() => !data.some((path) => existsSync(path)))
  })
})

test('a database whose creation was interrupted leaves no process or file behind', async (context) => {
  if (installed('psql') === undefined) context.skip(whySkipped('psql'))
  const before = ours()
  const isNew = (name: string) => !before.includes(name)
  const out = temporaryDirectory()
  const { child, finished } = startChaos(database('postgres')(out))
  // While initdb runs, it briefly starts servers, which have shared memory.
  await until(() => ours().some((name) => name.startsWith('PostgreSQL.') && isNew(name)))
  child.kill('SIGKILL')
  await finished
  await until(async () => (await processesMentioning(out)).length === 0)
  await until(() => !ours().some(isNew))
})

/**
 * Returns the names of all objects in shared memory, and of the data directories in the system's temporary directory.
 * Chaos creates such a directory if it runs as root and the database runs as another user.
 */
const ours = (): readonly string[] => [
  ...readdirSync(tmpdir()).filter((name) => name.startsWith('chaos-data-')),
  ...readdirSync('/dev/shm'),
]
