import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed } from '../../../../testing/src/servers.ts'

// run.json contains enough to repeat the run a year later: versions, settings, and the start command of each node.

const short = process.env['CHAOS_SOAK'] === 'short'

/** A key-value service with one process, whose clients follow a route table. */
const SERVICE = `
  const data = new Map()
  require('node:http').createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.method === 'PUT') data.set(request.url, body)
    response.end(data.get(request.url) ?? '')
  }).listen(Number(process.argv[2]), '127.0.0.1')
`
const own = {
  nodes: 1,
  command: 'node service.cjs {port} --password hunter2',
  environment: { LEVEL: '3' },
  client: {
    kind: 'http',
    routes: {
      routes: [
        { request: 'GET /{key}', f: 'read', result: 'body' },
        { request: 'PUT /{key}', f: 'write', value: 'body' },
      ],
    },
  },
}

function declared(): string {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'service.cjs'), SERVICE)
  writeFileSync(join(directory, 'own.json'), JSON.stringify(own))
  return directory
}

interface Row {
  readonly target: string
  readonly needs?: string
  readonly flags?: readonly string[]
  readonly settings?: object
  /** A pattern that the start command of n1 must match. */
  readonly command: RegExp
  readonly versions?: object
}

const rows: readonly Row[] = [
  { target: './own.json', command: /^node service\.cjs \d+ --password \(removed\)$/ },
  {
    target: 'redis',
    needs: 'redis-server',
    flags: ['--set', 'reads=replicas'],
    settings: { reads: 'replicas' },
    command: /redis-server/,
    versions: { 'redis-server': expect.stringMatching(/v=\d+\.\d+/) },
  },
  { target: 'raft', flags: ['--set', 'batch=8'], settings: { batch: 8 }, command: /node.* n1$/ },
  {
    target: 'etcd',
    needs: 'etcd',
    command: /^\S*etcd --name n1 .*--heartbeat-interval 100/,
    versions: { etcd: expect.stringMatching(/\d+\.\d+/) },
  },
  {
    target: 'nats',
    needs: 'nats-server',
    flags: ['--set', 'direct=off'],
    settings: { direct: 'off' },
    command: /nats-server --config/,
    versions: { 'nats-server': expect.stringMatching(/v2\.\d+/) },
  },
  {
    target: 'postgres',
    needs: 'psql',
    flags: ['--set', 'commit=on'],
    settings: { commit: 'on' },
    command: /postgres\b.*-D/,
    versions: { postgres: expect.stringMatching(/PostgreSQL\) \d+/) },
  },
]

describe.each(short ? rows.slice(0, 2) : rows)('the run.json of $target', (row) => {
  test.skipIf(row.needs !== undefined && installed(row.needs) === undefined)(
    'run.json contains the versions, machine, environment, command and nodes of the run, but no secrets',
    async () => {
      const cwd = declared()
      const typed = ['run', '--target', row.target, ...(row.flags ?? []), '--time', '1s', '--rate', '50', '--seed', '1']
      const { stdout, stderr } = await chaos([...typed, '--faults', 'none', '--expect', 'none', '--json'], {
        cwd,
        env: { CHAOS_TOKEN: 'hunter2', TZ: 'UTC' },
      })
      const { run } = JSON.parse(stdout || stderr)
      const text = readFileSync(join(cwd, run, 'run.json'), 'utf8')
      const { spec, circumstances } = JSON.parse(text)
      expect(spec).toMatchObject({ target: { settings: row.settings ?? {} }, seed: 1, timeMs: 1_000 })
      expect(circumstances).toMatchObject({
        versions: { chaos: expect.any(String), node: process.versions.node, ...row.versions },
        machine: { system: expect.any(String), cores: expect.any(Number) },
        environment: { CHAOS_TOKEN: '(removed)', TZ: 'UTC' },
        directory: cwd,
      })
      expect(circumstances.command.slice(1)).toEqual([...typed, '--faults', 'none', '--expect', 'none', '--json'])
      expect(Object.keys(circumstances.nodes).length).toBe(spec.nodes)
      expect(circumstances.nodes.n1.words.join(' ')).toMatch(row.command)
      expect(text).not.toContain('hunter2')
      if (row.target === './own.json') {
        expect(circumstances.declared).toMatchObject({ nodes: 1, environment: { LEVEL: '(removed)' } })
        expect(circumstances.nodes.n1.environment).toMatchObject({ LEVEL: '(removed)' })
      }
    },
  )
})
