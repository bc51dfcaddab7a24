import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom } from '@chaosproxy/faults'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { bin } from '../../../../testing/src/chaos.ts'
import { kvNodes, kvServices } from '../../../../testing/src/containers/podman.ts'
import { startRootlessPodman } from '../../../../testing/src/containers/rootless-podman.ts'

// chaos runs as a user without root privileges, and is killed at random moments while it cuts links and stops, kills
// and restarts nodes. Limits and pauses are left out, because a rootless podman cannot always set them.

const MOMENTS = process.env['CHAOS_SOAK'] === 'short' ? 3 : 10
const NODES = kvNodes.nodes
const FAULTS = [
  { kind: 'stop' },
  { kind: 'signal', signal: 'SIGSTOP' },
  { kind: 'restart' },
  { kind: 'signal', signal: 'SIGTERM' },
  { kind: 'kill' },
] as const
const STEP_MS = 400
const faults = Array.from({ length: 100 }, (_, i) => {
  const fromMs = 100 + i * STEP_MS
  const span = { fromMs, toMs: fromMs + 3 * STEP_MS }
  const [a, b] = [NODES[i % 3], NODES[(i + 1) % 3]]
  return i % 2 === 0
    ? { ...span, kind: 'partition', links: [`${a}>${b}`, `${b}>${a}`], mode: 'hold' }
    : { ...span, ...FAULTS[i % FAULTS.length], nodes: [a] }
})

const { obstacle, say, directory, project, end } = startRootlessPodman()
const because = obstacle === undefined ? '' : ` (not possible here: ${obstacle})`

describe('a rootless Compose project', () => {
  const cwd = join(directory, 'killed')
  beforeAll(() => {
    if (obstacle !== undefined) return
    project('killed', kvServices())
    say('podman-compose -f compose.yaml up -d', cwd)
    writeFileSync(join(cwd, 'shop.json'), JSON.stringify({ compose: { project: 'killed' }, ...kvNodes }))
    writeFileSync(join(cwd, 'faults.json'), JSON.stringify(faults))
  }, 300_000)
  afterAll(async () => {
    if (obstacle === undefined) await end()
  }, 120_000)

  const inNetwork = (command: string) => say(`podman unshare --rootless-netns bash -c '${command}'`, cwd)
  const rules = () => inNetwork('nft list tables | grep chaos || true')
  const left = () => ({
    network: inNetwork('nft list tables | grep chaos; ip address | grep 198.19; true'),
    containers: say(`podman ps --all --format '{{.Names}}' | sort`),
    directories: say('find . -name "chaos-holds-*"', cwd),
    mounts: say('podman unshare grep chaos-holds /proc/self/mounts || true'),
  })
  const served = () =>
    say(`podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' $(podman ps --quiet)`)
      .split('\n')
      .map((host) =>
        inNetwork(
          `curl --silent --max-time 2 --output /dev/null --write-out "%{http_code}" --request PUT --data "{\\"item\\":1}" http://${host}:7000/items/x || true`,
        ),
      )
  /** Starts chaos as a separate process, and returns its process id. */
  const startChaos = (): number => {
    rmSync(join(cwd, 'pid'), { force: true })
    const line = `run --target ./shop.json --time 60s --faults ./faults.json --seed 1`
    say(
      `setsid podman unshare --rootless-netns bash -c 'echo $$ >pid.new; mv pid.new pid; exec ${process.execPath} ${bin} ${line}' >run.log 2>&1 </dev/null & until [ -e pid ]; do sleep 0.1; done`,
      cwd,
    )
    return Number(readFileSync(join(cwd, 'pid'), 'utf8'))
  }

  test.skipIf(obstacle)(
    `a rootless Compose project serves again, without leftovers, after chaos is killed${because}`,
    async () => {
      const random = createRandom(inject('seed'))
      const before = left()
      for (let moment = 0; moment < MOMENTS; moment++) {
        const pid = startChaos()
        await expect.poll(rules, { timeout: 90_000 }).toContain('chaos_killed')
        // The kill comes at a random moment.
        await new Promise((resolve) => setTimeout(resolve, random.integer(8_000)))
        process.kill(pid, 'SIGKILL')
        await expect.poll(served, { timeout: 60_000 }).toEqual(['200', '200', '200'])
        await expect.poll(left, { timeout: 60_000 }).toEqual(before)
      }
    },
  )

  test.skipIf(obstacle)(
    `the next chaos process cleans up a rootless project if chaos was killed together with its keeper${because}`,
    async () => {
      const before = left()
      const holders = () => say(`podman ps --all --filter label=chaosproxy.owner --format '{{.Names}}'`)
      const first = startChaos()
      await expect.poll(holders, { timeout: 90_000 }).toBe(`chaos-holds-${first}`)
      const children = spawnSync('pgrep', ['--parent', String(first)], { encoding: 'utf8' })
        .stdout.trim()
        .split('\n')
      // Kills chaos and its child processes at once, so that none of them can clean up. A child may have ended already.
      spawnSync('kill', ['-STOP', ...children])
      spawnSync('kill', ['-KILL', String(first), ...children])
      expect(holders()).toBe(`chaos-holds-${first}`)
      const second = startChaos()
      await expect.poll(holders, { timeout: 90_000 }).toBe(`chaos-holds-${second}`)
      await expect.poll(rules, { timeout: 90_000 }).toContain('chaos_killed')
      process.kill(second, 'SIGKILL')
      await expect.poll(left, { timeout: 60_000 }).toEqual(before)
    },
  )
})
