import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bin, root, startProcess } from './chaos.ts'

// Containers of a real Docker daemon, in a network namespace of its own: it changes the rules of the network it starts in.

const directory = mkdtempSync(join(tmpdir(), 'chaos-docker-'))
const space = basename(directory)
const inside = ['nsenter', `--net=/run/netns/${space}`] as const
const env = { DOCKER_HOST: `unix://${join(directory, 'docker.sock')}` }
const server = join(root, 'packages', 'targets', 'test', 'cluster', 'kv-server.mjs')
const nodes = ['n1', 'n2', 'n3'] as const

function say(command: string): string {
  const options = { cwd: directory, env: { ...process.env, ...env }, encoding: 'utf8', timeout: 60_000 } as const
  const { status, stdout, stderr, error } = spawnSync('bash', ['-c', command], options)
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`)
  return stdout.trim()
}

const isPossible = (): boolean =>
  process.getuid?.() === 0 &&
  process.execPath.startsWith('/usr/') &&
  ['dockerd', 'docker', 'nft', 'ip', 'nsenter'].every((program) => spawnSync('which', [program]).status === 0) &&
  startDaemon()

/** Whether a daemon can run here: it needs control groups and rights that not every machine gives. */
function startDaemon(): boolean {
  try {
    say(`ip netns add ${space} && ${inside.join(' ')} ip link set lo up`)
    const places = ['--data-root', 'data', '--exec-root', 'exec', '--pidfile', 'docker.pid', '-H', env.DOCKER_HOST]
    const words = places.map((word) => (word.startsWith('-') || word.includes(':') ? word : join(directory, word)))
    spawn(inside[0], [inside[1], 'dockerd', ...words], { stdio: 'ignore', detached: true }).unref()
    say('timeout 20 bash -c "until docker version >/dev/null 2>&1; do sleep 0.2; done"')
    return true
  } catch {
    end()
    return false
  }
}

function end(): void {
  // Its processes end with it, and the interfaces with the namespace.
  spawnSync('bash', ['-c', 'pid=$(cat docker.pid) && kill $pid && tail --pid=$pid -f /dev/null'], {
    ...{ cwd: directory, timeout: 30_000 },
  })
  spawnSync('ip', ['netns', 'delete', space])
  rmSync(directory, { recursive: true, force: true })
}

const declaration = {
  compose: { project: 'shop' },
  nodes,
  port: 7000,
  ready: { by: 'http', path: '/health' },
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

describe.runIf(isPossible())('containers of a Docker daemon', () => {
  beforeAll(() => {
    mkdirSync(join(directory, 'empty', 'data'), { recursive: true })
    say('tar -cf empty.tar -C empty . && docker import empty.tar kv && docker network create shop')
    const mounts = ['/usr', '/lib', '/lib64'].map((path) => `-v ${path}:${path}:ro`).join(' ')
    const label = 'com.docker.compose'
    for (const node of nodes) {
      const peers = nodes.filter((other) => other !== node).map((other) => `${other}=${other}:8000`)
      say(
        `docker run -d --name shop_${node}_1 --network shop --network-alias ${node} --label ${label}.project=shop --label ${label}.service=${node} ${mounts} -v ${server}:/server.mjs:ro -e PATH=/usr/bin kv node /server.mjs --name ${node} --data /data --listen 0.0.0.0:7000 --peer 0.0.0.0:8000 --peers ${peers.join(',')}`,
      )
    }
    writeFileSync(join(directory, 'shop.json'), JSON.stringify(declaration))
  }, 120_000)
  afterAll(() => {
    say('docker rm --force $(docker ps --all --quiet)')
    end()
  }, 120_000)

  const states = () => say("docker inspect --format '{{.State.Status}}' shop_n1_1 shop_n2_1 shop_n3_1").split('\n')
  const left = () =>
    say(`${inside.join(' ')} bash -c "nft list tables | grep chaos_; ip -br address | grep 198.19; true"`)
  const start = (faults: string, time: string) => {
    const args = ['run', '--target', './shop.json', '--time', time, '--rate', '100', '--faults', faults, '--seed', '1']
    return startProcess(inside[0], [inside[1], process.execPath, bin, ...args], { cwd: directory, env })
  }

  test('suffer partitions, kills and pauses, and are restored afterwards', async () => {
    const { exitCode, stdout, stderr } = await start('partition,kill,pause', '8s').finished
    expect(stdout, stderr).toContain('what clients saw is linearizable')
    expect(stdout).toMatch(/faults that took effect: .*kill/)
    // On a machine with much else to do, too little may be answered to call it tested.
    expect(exitCode, stdout).toBe(stdout.includes('proves less') ? 2 : 0)
    expect(states()).toEqual(['running', 'running', 'running'])
    expect(left()).toBe('')
  })

  test('serve again, with nothing of chaos left behind, after chaos is killed during a run', async () => {
    const schedule = [
      { fromMs: 100, toMs: 50_000, kind: 'kill', nodes: ['n2'] },
      { fromMs: 100, toMs: 50_000, kind: 'pause', nodes: ['n3'] },
    ]
    writeFileSync(join(directory, 'faults.json'), JSON.stringify(schedule))
    const { child, finished } = start('./faults.json', '60s')
    await expect.poll(states, { timeout: 60_000 }).toEqual(['running', 'exited', 'paused'])
    expect(left()).toContain('chaos_shop')
    child.kill('SIGKILL')
    await finished
    await expect.poll(states, { timeout: 60_000 }).toEqual(['running', 'running', 'running'])
    await expect.poll(left, { timeout: 10_000 }).toBe('')
  })
})
