import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { expectGone, mountedService, startPodman, writeProject } from '../../../../testing/src/containers/podman.ts'
import { openPodmanSocket, type PodmanSocket } from '../../../../testing/src/containers/podman-socket.ts'

// An unmodified Redis with two replicas, and a scaled service of three Sentinels. None of them announces an address:
// they exchange the addresses that the engine assigned.

const podman = startPodman()
const { directory, isPossible, programs, say, end } = podman
const env = { PATH: [programs, process.env['PATH']].join(delimiter) }
const isHere = ['docker-compose', 'redis-server', 'redis-cli'].every(
  (program) => spawnSync('which', [program]).status === 0,
)

const redis = 'redis-server --bind 0.0.0.0 --protected-mode no --save "" --dir /data --repl-timeout 5'
const sentinel = [
  'port 26379',
  'protected-mode no',
  'sentinel resolve-hostnames yes',
  'sentinel monitor main redis 6379 2',
  'sentinel down-after-milliseconds main 1000',
  'sentinel failover-timeout main 4000',
].join('\\n')

/** The primary is cut off from all other nodes in both directions. */
const others = ['n2', 'n3', 'sentinel-1', 'sentinel-2', 'sentinel-3']
const links = others.flatMap((other) => [`n1>${other}`, `${other}>n1`])
const schedule = [{ fromMs: 2_000, toMs: 10_000, kind: 'partition', links, mode: 'drop' }]

const declaration = {
  compose: 'compose.yaml',
  nodes: ['redis', 'replica'],
  port: 6379,
  client: { kind: 'resp', commands: 'set', keys: '{key}-{run}' },
}

describe.runIf(isPossible && isHere)('a Redis with replicas and scaled Sentinels', () => {
  const cwd = join(directory, 'sentinels')
  let socket: PodmanSocket | undefined
  const compose = (command: string) => say(`DOCKER_HOST=${socket?.host} docker-compose ${command} 2>&1`, cwd)

  beforeAll(async () => {
    socket = await openPodmanSocket(podman)
    writeProject(directory, 'sentinels', [
      mountedService('redis', redis),
      mountedService('replica', `${redis} --replicaof redis 6379`),
      mountedService(
        'sentinel',
        JSON.stringify(['sh', '-c', `printf '${sentinel}' >/data/s.conf && exec redis-server /data/s.conf --sentinel`]),
      ),
    ])
    writeFileSync(join(cwd, 'cache.json'), JSON.stringify(declaration))
    writeFileSync(join(cwd, 'isolated.json'), JSON.stringify(schedule))
    compose('up -d --scale replica=2 --scale sentinel=3')
  }, 120_000)
  afterAll(async () => {
    compose('down -t 0')
    await socket?.end()
    await end()
  }, 120_000)

  const ask = (container: string, command: string) => say(`podman exec ${container} redis-cli ${command}`)
  const roles = () =>
    ['sentinels_redis_1', 'sentinels_replica_1', 'sentinels_replica_2'].map((name) => ask(name, 'ROLE').split('\n')[0])
  /** Returns the numbers of replicas and other Sentinels that a Sentinel has discovered. */
  const known = () => {
    const said = ask('sentinels_sentinel_1', '-p 26379 SENTINEL MASTER main').split('\n')
    const member = (name: string) => Number(said[said.indexOf(name) + 1])
    return [member('num-slaves'), member('num-other-sentinels')]
  }

  test('a Redis with Sentinels fails over when the primary is cut off, and the run names a lost acknowledged addition', async () => {
    await expect.poll(known, { timeout: 60_000 }).toEqual([2, 2])
    expect(roles()).toEqual(['master', 'slave', 'slave'])
    const args = ['--target', './cache.json', '--workload', 'set', '--faults', './isolated.json', '--time', '24s']
    const { stdout, stderr } = await chaos(['run', ...args, '--rate', '100', '--seed', '1', '--json'], { cwd, env })
    if (stdout === '') expect.fail(stderr)
    const { title, levels, trouble } = JSON.parse(stdout)
    expect(title).toMatch(/^[1-9]\d* acknowledged elements? (was|were) lost$/)
    // The reason names the lost element, and the final read that lacks it.
    expect(levels.eventual).toMatchObject({
      result: 'violated',
      reason: expect.stringMatching(
        /^A final read of \S+(?: at \S+)? does not contain "\d+", acknowledged at [\d.]+ s and never removed/,
      ),
    })
    expect(trouble).toEqual([])
    // One of the replicas is the new primary, and the node that was cut off is now its replica.
    expect(roles().toSorted()).toEqual(['master', 'slave', 'slave'])
    expect(roles()[0]).toBe('slave')
    await expectGone('sentinels')
  })
})
