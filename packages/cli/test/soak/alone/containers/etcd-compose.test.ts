import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos } from '../../../../../testing/src/chaos.ts'
import { service, startPodman } from '../../../../../testing/src/containers/podman.ts'

// Three members of etcd in a Compose file, which reach each other by name. The tests cut the leader off.

const { directory, isPossible, programs, say, project, end } = startPodman()
const env = { PATH: [programs, process.env['PATH']].join(delimiter) }
const hasEtcd = spawnSync('which', ['etcd', 'curl']).status === 0
const MEMBERS = ['e1', 'e2', 'e3'] as const

const member = (name: string): string => {
  const cluster = MEMBERS.map((each) => `${each}=http://${each}:2380`).join(',')
  return service(
    name,
    `etcd --name ${name} --data-dir /data/${name} --listen-peer-urls http://0.0.0.0:2380 --initial-advertise-peer-urls http://${name}:2380 --listen-client-urls http://0.0.0.0:2379 --advertise-client-urls http://${name}:2379 --initial-cluster ${cluster}`,
  )
}

describe.runIf(isPossible && hasEtcd)('the leader of an etcd in containers', () => {
  const cwd = join(directory, 'etcd')
  beforeAll(() => {
    say('podman-compose -f compose.yaml up -d', project('etcd', MEMBERS.map(member)))
  }, 120_000)
  afterAll(end, 120_000)

  /** Returns the leader according to the members; empty if there is none. */
  function leader(): string {
    const said = MEMBERS.map((name) => {
      const host = say(
        `podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' etcd_${name}_1`,
      )
      return say(`curl --silent --max-time 2 --data '{}' http://${host}:2379/v3/maintenance/status || true`)
    })
    const found = said.findIndex((text) => {
      const { header, leader: id } = JSON.parse(text || '{}')
      return id !== undefined && id === header.member_id
    })
    return found < 0 ? '' : `n${found + 1}`
  }

  async function found(
    reads: 'linearizable' | 'serializable',
    cut: (leads: string, other: string) => readonly string[],
  ) {
    let leads = ''
    await expect.poll(() => (leads = leader()), { timeout: 60_000 }).not.toBe('')
    const links = ['n1', 'n2', 'n3'].filter((each) => each !== leads).flatMap((other) => cut(leads, other))
    const schedule = [{ fromMs: 1_000, toMs: 7_000, kind: 'partition', links, mode: 'hold' }]
    const client = { kind: 'etcd', reads, keys: '{key}-{run}' }
    writeFileSync(join(cwd, 'cut.json'), JSON.stringify(schedule))
    writeFileSync(
      join(cwd, 'etcd.json'),
      JSON.stringify({ compose: 'compose.yaml', nodes: MEMBERS, port: 2379, client }),
    )
    const args = ['--target', './etcd.json', '--faults', './cut.json', '--time', '9s', '--rate', '200', '--seed', '1']
    const { stdout, stderr } = await chaos(['run', ...args, '--json'], { cwd, env })
    return stdout === '' ? expect.fail(stderr) : JSON.parse(stdout).levels.linearizable.result
  }
  const bothWays = (leads: string, other: string) => [`${leads}>${other}`, `${other}>${leads}`]

  test('etcd with linearizable reads stays linearizable while its leader is cut off in one or both directions', async () => {
    expect(await found('linearizable', bothWays)).toBe('met')
    expect(await found('linearizable', (leads, other) => [`${leads}>${other}`])).toBe('met')
    expect(await found('linearizable', (leads, other) => [`${other}>${leads}`])).toBe('met')
  })

  test('serializable reads of etcd return stale values while the leader is cut off from the other members', async () => {
    expect(await found('serializable', bothWays)).toBe('violated')
  })
})
