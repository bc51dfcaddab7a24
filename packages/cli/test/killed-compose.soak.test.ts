import { writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createRandom } from '@chaosproxy/faults'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { kvServices, leftOnMachine, startPodman } from '../../targets/test/containers/podman.ts'
import { startChaos } from './chaos.ts'

// chaos is killed at moments that nobody chose, with every fault of nodes in force, on its way in or on its way out.

const { directory, isPossible, programs, say, project, end } = startPodman()
const env = { PATH: [programs, process.env['PATH']].join(delimiter) }
const NODES = ['n1', 'n2', 'n3'] as const
const MOMENTS = process.env['CHAOS_SOAK'] === 'short' ? 3 : 10

const declaration = {
  compose: 'compose.yaml',
  nodes: NODES,
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
const MIB = 1024 * 1024
/** Each node suffers each of these in turn, and all of them at once over and over. */
const FAULTS = [
  { kind: 'stop' },
  { kind: 'limit-cpu', share: 0.2 },
  { kind: 'signal', signal: 'SIGSTOP' },
  { kind: 'restart' },
  { kind: 'limit-memory', limitBytes: 256 * MIB },
  { kind: 'signal', signal: 'SIGTERM' },
  { kind: 'pause' },
  { kind: 'kill' },
] as const
const STEP_MS = 400
const schedule = Array.from({ length: 100 }, (_, i) => {
  const fromMs = 100 + i * STEP_MS
  return { fromMs, toMs: fromMs + 3 * STEP_MS, ...FAULTS[i % FAULTS.length], nodes: [NODES[(i * 2) % 3]] }
})

describe.runIf(isPossible)('a Compose project whose chaos is killed', () => {
  const cwd = project('killed', kvServices())
  beforeAll(() => {
    writeFileSync(join(cwd, 'shop.json'), JSON.stringify(declaration))
    writeFileSync(join(cwd, 'faults.json'), JSON.stringify(schedule))
    say('podman-compose -f compose.yaml up -d', cwd)
  }, 120_000)
  afterAll(end, 120_000)

  const container = (node: string) => `killed_${node}_1`
  const inspected = (node: string, format: string) => say(`podman inspect --format '${format}' ${container(node)}`)
  /** What the kernel lets a node have, and whether its process goes on. */
  const held = (node: string) => {
    const pid = inspected(node, '{{.State.Pid}}')
    const group = (name: string) =>
      say(`sed -n 's/^[0-9]*:${name}:/\\/sys\\/fs\\/cgroup\\/${name}/p' /proc/${pid}/cgroup`)
    const unified = say(`sed -n 's/^0::/\\/sys\\/fs\\/cgroup/p' /proc/${pid}/cgroup`)
    return say(
      `cat ${group('cpu')}/cpu.cfs_quota_us ${group('memory')}/memory.limit_in_bytes 2>/dev/null || cat ${unified}/cpu.max ${unified}/memory.max`,
    )
  }
  const served = () =>
    NODES.map((node) => {
      const host = inspected(node, '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}')
      return say(
        `curl --silent --max-time 1 --output /dev/null --write-out '%{http_code}' http://${host}:7000/health || true`,
      )
    })
  const mounts = () => say(`grep -c ${directory} /proc/mounts || true`)

  test('serves again, with nothing left behind and nothing limited', async () => {
    const random = createRandom(inject('seed'))
    const before = { held: NODES.map(held), mounts: mounts() }
    for (let moment = 0; moment < MOMENTS; moment++) {
      const args = ['run', '--target', './shop.json', '--time', '60s', '--faults', './faults.json', '--seed', '1']
      const { child, finished } = startChaos(args, { cwd, env })
      await expect.poll(() => leftOnMachine('killed').length, { timeout: 60_000, interval: 50 }).toBeGreaterThan(1)
      const during = leftOnMachine('killed')
      // Any moment will do: nothing is waited for.
      await new Promise((resolve) => setTimeout(resolve, random.integer(6_000)))
      child.kill('SIGKILL')
      await finished
      await expect.poll(served, { timeout: 30_000, interval: 50 }).toEqual(['200', '200', '200'])
      const left = () => leftOnMachine('killed').filter((each) => during.includes(each))
      await expect.poll(left, { timeout: 30_000 }).toEqual([])
      await expect.poll(() => ({ held: NODES.map(held), mounts: mounts() }), { timeout: 30_000 }).toEqual(before)
    }
  })
})
