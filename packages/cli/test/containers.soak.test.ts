import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos, root, startChaos } from './chaos.ts'

// The recipe of the README for containers that somebody else has started, with real ones: what is said to podman is what
// one says to docker. Images cannot be fetched here, so theirs is empty, and the programs are those of this machine.

const ids = ['n1', 'n2', 'n3'] as const
const directory = mkdtempSync(join(tmpdir(), 'chaos-podman-'))
const podman = [
  ...['podman', '--runtime', 'runc', '--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs'],
  ...['--root', join(directory, 'images'), '--runroot', join(directory, 'run')],
]
const fixture = join(root, 'packages', 'targets', 'test', 'cluster')
const name = (id: string) => `chaos-${process.pid}-${id}`

function say(...words: readonly string[]): string {
  const [program = '', ...rest] = [...podman, ...words]
  const { status, stdout, stderr, error } = spawnSync(program, rest, { encoding: 'utf8', timeout: 60_000 })
  if (status !== 0) throw new Error(`podman ${words.join(' ')}: ${error?.message ?? stderr}`)
  return stdout.trim()
}

/** Containers need a runtime, rights and control groups; where one of them lacks, podman says so. */
function isPossible(): boolean {
  if (process.getuid?.() !== 0 || spawnSync('runc', ['--version']).status !== 0) return false
  try {
    mkdirSync(join(directory, 'empty'), { recursive: true })
    const tar = join(directory, 'empty.tar')
    spawnSync('tar', ['-cf', tar, '-C', join(directory, 'empty'), '.'])
    say('import', tar, 'chaos-empty')
    say(
      'run',
      '--rm',
      '--network',
      'host',
      ...limits,
      '-v',
      '/usr:/usr:ro',
      '-v',
      '/lib:/lib:ro',
      '-v',
      '/lib64:/lib64:ro',
      'chaos-empty',
      '/usr/bin/env',
      'true',
    )
    return true
  } catch {
    rmSync(directory, { recursive: true, force: true })
    return false
  }
}

const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000']

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen({ port: 0, host: '127.0.0.1' }, () => resolve((server.address() as { port: number }).port))
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

describe.runIf(isPossible())('containers that somebody else has started', () => {
  beforeAll(async () => {
    const pairs = ids.flatMap((from) => ids.filter((to) => to !== from).map((to) => `${from}>${to}`))
    const names = [...ids.flatMap((id) => [`${id} client`, `${id} peer`]), ...pairs]
    const ports = await freePorts(names.length)
    const at = (what: string) => `127.0.0.1:${ports[names.indexOf(what)]}`
    const node = realpathSync(process.execPath)
    const folders = new Set(['/usr', '/lib', '/lib64', fixture, ...(node.startsWith('/usr/') ? [] : [dirname(node)])])
    const mounts = [...folders].flatMap((path) => ['-v', `${path}:${path}:ro`])
    for (const id of ids) {
      const peers = ids.filter((other) => other !== id).map((other) => `${other}=${at(`${id}>${other}`)}`)
      const server = [node, join(fixture, 'kv-server.mjs'), '--name', id, '--data', '/', '--listen', at(`${id} client`)]
      const rest = ['--peer', at(`${id} peer`), '--peers', peers.join(',')]
      say('run', '-d', '--name', name(id), '--network', 'host', ...limits, ...mounts, 'chaos-empty', ...server, ...rest)
    }
    const command = (verb: string) => [...podman, verb, '{value.container}']
    const declaration = {
      nodes: ids.map((id) => ({ addresses: { client: at(`${id} client`) }, values: { container: name(id) } })),
      links: ids.flatMap((from) =>
        ids
          .filter((to) => to !== from)
          .map((to) => ({ from, to, listen: at(`${from}>${to}`), reach: at(`${to} peer`) })),
      ),
      faults: {
        kill: { do: command('kill'), undo: command('start'), withinMs: 20_000 },
        pause: { do: command('pause'), undo: command('unpause'), withinMs: 20_000 },
      },
      ready: { by: 'http', path: '/health' },
      role: { by: 'http', path: '/role', leads: 'primary' },
      client: {
        kind: 'http',
        keys: '{key}-{run}',
        routes: {
          routes: [
            { request: 'GET /items/{key}', f: 'read', result: 'json.item' },
            { request: 'PUT /items/{key}', f: 'write', value: 'json.item' },
          ],
        },
      },
    }
    writeFileSync(join(directory, 'kv.json'), JSON.stringify(declaration))
  }, 120_000)

  afterAll(() => {
    say('rm', '-f', '-t', '0', ...ids.map(name))
    rmSync(directory, { recursive: true, force: true })
  }, 120_000)

  const states = () => ids.map((id) => say('inspect', '--format', '{{.State.Status}}', name(id)))
  const run = (...rest: string[]) => [
    'run',
    '--target',
    './kv.json',
    '--rate',
    '150',
    '--clients',
    '12',
    '--keys',
    '3',
    ...rest,
  ]

  test('are killed, started, paused and cut apart, and judged', async () => {
    const schedule = [
      { fromMs: 500, toMs: 1_500, kind: 'kill', nodes: ['n2'] },
      { fromMs: 4_000, toMs: 5_000, kind: 'pause', nodes: ['n3'] },
      { fromMs: 7_000, toMs: 8_000, kind: 'partition', links: 'isolate-leader', mode: 'hold' },
    ]
    writeFileSync(join(directory, 'faults.json'), JSON.stringify(schedule))
    const { exitCode, stdout, stderr } = await chaos(
      run('--time', '9s', '--faults', './faults.json', '--seed', '1', '--expect', 'linearizable'),
      { cwd: directory },
    )
    expect(stdout, stderr).toContain('expected linearizable, found linearizable')
    expect(stdout).toContain('1 of 1 kill')
    // A machine that is busy enough makes it prove less than it seems to, and then it says so.
    expect(exitCode, stdout).toBe(stdout.includes('proves less') ? 2 : 0)
    expect(states()).toEqual(['running', 'running', 'running'])
  })

  test('are as they were before when chaos is killed in the middle of it', async () => {
    const schedule = [
      { fromMs: 100, toMs: 50_000, kind: 'kill', nodes: ['n2'] },
      { fromMs: 100, toMs: 50_000, kind: 'pause', nodes: ['n3'] },
    ]
    writeFileSync(join(directory, 'faults.json'), JSON.stringify(schedule))
    const { child, finished } = startChaos(run('--time', '60s', '--faults', './faults.json', '--seed', '1'), {
      cwd: directory,
    })
    await expect.poll(states, { timeout: 30_000 }).toEqual(['running', 'exited', 'paused'])
    child.kill('SIGKILL')
    await finished
    await expect.poll(states, { timeout: 30_000 }).toEqual(['running', 'running', 'running'])
  })
})
