import { writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createRandom } from '@chaosproxy/faults'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startChaos } from '../../../../testing/src/chaos.ts'
import { expectGone, kvNodes, kvServices, onMachine, startPodman } from '../../../../testing/src/containers/podman.ts'

// chaos is killed at random moments while it injects, holds or heals faults of links or of nodes. All kinds of these
// faults occur.

const { directory, isPossible, programs, say, project, end } = startPodman()
const env = { PATH: [programs, process.env['PATH']].join(delimiter) }
const NODES = kvNodes.nodes
const MOMENTS = process.env['CHAOS_SOAK'] === 'short' ? 3 : 10

const declaration = {
  compose: 'compose.yaml',
  ...kvNodes,
}
const MIB = 1024 * 1024
/** The kinds of faults that nodes suffer. Each node suffers all of them, more than once. */
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
const cuts = [
  ['n1>n2', 'n2>n1'],
  ['n2>n3', 'n3>n2'],
  ['n1>n3', 'n3>n1'],
]
const span = (i: number) => ({ fromMs: 100 + i * STEP_MS, toMs: 100 + (i + 3) * STEP_MS })
const ofLinks = Array.from({ length: 100 }, (_, i) => ({
  ...span(i),
  ...{ kind: 'partition', links: cuts[i % 3], mode: i % 2 === 0 ? 'hold' : 'drop' },
}))
const ofNodes = Array.from({ length: 100 }, (_, i) => ({
  ...span(i),
  ...FAULTS[i % FAULTS.length],
  nodes: [NODES[(i * 2) % 3]],
}))

describe.runIf(isPossible)('a Compose project after a kill of chaos', () => {
  const cwd = project('killed', kvServices())
  beforeAll(() => {
    writeFileSync(join(cwd, 'shop.json'), JSON.stringify(declaration))
    writeFileSync(join(cwd, 'links.json'), JSON.stringify(ofLinks))
    writeFileSync(join(cwd, 'nodes.json'), JSON.stringify(ofNodes))
    say('podman-compose -f compose.yaml up -d', cwd)
  }, 120_000)
  afterAll(end, 120_000)

  const container = (node: string) => `killed_${node}_1`
  const inspected = (node: string, format: string) => say(`podman inspect --format '${format}' ${container(node)}`)
  /** Returns the resource limits of a node, and whether its process is running. */
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
      // A write needs every node and every link between the nodes.
      return say(
        `curl --silent --max-time 2 --output /dev/null --write-out '%{http_code}' --request PUT --data '{"item":1}' http://${host}:7000/items/x || true`,
      )
    })
  const mounts = () => say(`grep -c ${directory} /proc/mounts || true`)

  test.each(['links', 'nodes'])(
    'a Compose project serves again, without leftovers or limits, after chaos is killed during faults of %s',
    async (faults) => {
      const random = createRandom(inject('seed'))
      const before = { held: NODES.map(held), mounts: mounts() }
      for (let moment = 0; moment < MOMENTS; moment++) {
        const args = ['run', '--target', './shop.json', '--time', '60s', '--faults', `./${faults}.json`, '--seed', '1']
        const { child, finished } = startChaos(args, { cwd, env })
        await expect
          .poll(() => onMachine('killed', child.pid).length, { timeout: 60_000, interval: 50 })
          .toBeGreaterThan(1)
        // The kill comes at a random moment.
        await new Promise((resolve) => setTimeout(resolve, random.integer(6_000)))
        child.kill('SIGKILL')
        await finished
        // For up to a minute, chaos's watchdog tries to start a node again.
        await expect.poll(served, { timeout: 90_000, interval: 50 }).toEqual(['200', '200', '200'])
        await expectGone('killed', child.pid)
        await expect.poll(() => ({ held: NODES.map(held), mounts: mounts() }), { timeout: 30_000 }).toEqual(before)
      }
    },
  )
})
