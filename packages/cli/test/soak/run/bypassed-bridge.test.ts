import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bin, startProcess } from '../../../../testing/src/chaos.ts'
import { kvNodes, kvServices, startPodman } from '../../../../testing/src/containers/podman.ts'

// A bridge whose internal traffic bypasses the firewall rules of the engine's network, as on kernels without
// br_netfilter. It is in its own network namespace, because the kernel's setting applies to a namespace.

const space = `chaos-bypass-${process.pid}`
const inside = ['nsenter', `--net=/run/netns/${space}`] as const
const isBypassed =
  process.getuid?.() === 0 &&
  spawnSync('ip', ['netns', 'add', space]).status === 0 &&
  spawnSync(inside[0], [
    inside[1],
    'sh',
    '-c',
    'ip link set lo up; cd /proc/sys/net/bridge || exit 0; for each in bridge-nf-call-*; do echo 0 >$each; done',
  ]).status === 0
const { directory, isPossible, programs, say, project, end } = startPodman({ inside: space })
if (!isPossible) spawnSync('ip', ['netns', 'delete', space])

const env = { PATH: [programs, process.env['PATH']].join(delimiter) }
const declaration = {
  compose: 'compose.yaml',
  ...kvNodes,
}

describe.runIf(isBypassed && isPossible)('containers on a bridge that bypasses the firewall', () => {
  const cwd = join(directory, 'bypass')
  beforeAll(() => {
    project('bypass', kvServices('--async --local'))
    writeFileSync(join(cwd, 'shop.json'), JSON.stringify(declaration))
    say('podman-compose -f compose.yaml up -d', cwd)
  }, 120_000)
  afterAll(async () => {
    await end()
    spawnSync('ip', ['netns', 'delete', space])
  }, 120_000)

  const run = (faults: string, time: string) => {
    const args = ['run', '--target', './shop.json', '--time', time, '--rate', '100', '--faults', faults, '--seed', '1']
    return startProcess(inside[0], [inside[1], process.execPath, bin, ...args, '--json'], { cwd, env })
  }
  /** Returns the firewall tables in the network namespaces of the containers. */
  const tables = () =>
    say(
      `for pid in $(podman inspect --format '{{.State.Pid}}' $(podman ps --quiet)); do nsenter --target $pid --net nft list tables | grep chaos_ || true; done`,
    )
      .split('\n')
      .filter((line) => line !== '')
  const left = () =>
    say(`${inside.join(' ')} bash -c "nft list tables | grep chaos_; ip -br address | grep 198.19; true"`)

  test('partitions affect containers on a bridge that bypasses the firewall, even after kills of the containers', async () => {
    const { stdout, stderr } = await run('partition,kill', '8s').finished
    expect(JSON.parse(stdout || stderr).levels.linearizable.result).toBe('violated')
    expect([...tables(), left()]).toEqual([''])
  })

  test('chaos run refuses containers on an internal network that bypasses the firewall, and leaves nothing behind', async () => {
    const internal = project('internal', [...kvServices(), 'networks:', '  default:', '    internal: true'])
    writeFileSync(join(internal, 'shop.json'), JSON.stringify(declaration))
    say('podman-compose -f compose.yaml up -d', internal)
    const args = ['run', '--target', './shop.json', '--time', '1s', '--faults', 'partition']
    const { stderr, exitCode } = await startProcess(inside[0], [inside[1], process.execPath, bin, ...args], {
      ...{ cwd: internal, env },
    }).finished
    expect(exitCode, stderr).toBe(4)
    expect(stderr).toMatch(/nothing passed from n1 to n2.*"internal: true".*modprobe br_netfilter/)
    expect([...tables(), left()]).toEqual([''])
    say('podman-compose -f compose.yaml down', internal)
  })

  test('after chaos is killed, containers serve again, and no firewall rules of chaos remain in their networks', async () => {
    const schedule = [{ fromMs: 100, toMs: 50_000, kind: 'partition', links: ['n1>n2', 'n2>n1'], mode: 'hold' }]
    writeFileSync(join(cwd, 'faults.json'), JSON.stringify(schedule))
    const { child, finished } = run('./faults.json', '60s')
    await expect.poll(() => tables().length, { timeout: 60_000 }).toBe(3)
    child.kill('SIGKILL')
    await finished
    await expect.poll(() => [...tables(), left()], { timeout: 30_000 }).toEqual([''])
    const address = say(
      `podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' bypass_n2_1`,
    )
    const status = `podman exec bypass_n1_1 curl --silent --max-time 2 --output /dev/null --write-out '%{http_code}' http://${address}:7000/health`
    await expect.poll(() => say(`${status} || true`), { timeout: 30_000 }).toBe('200')
  })
})
