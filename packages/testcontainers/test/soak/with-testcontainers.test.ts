import { AssertionError } from 'node:assert'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { ChaosNetwork } from '@chaosproxy/testcontainers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  installTestcontainers,
  type Started,
  type StartedNetwork,
  type Testcontainers,
  withPrograms,
} from '../../../targets/test/containers/testcontainers.ts'
import { startDocker } from '../../../testing/src/containers/docker-daemon.ts'
import { rulesOnMachine, startPodman } from '../../../testing/src/containers/podman.ts'
import { openPodmanSocket, type PodmanSocket } from '../../../testing/src/containers/podman-socket.ts'

// Tests with containers started by the published package `testcontainers`: a primary with replicas. In one test,
// replicas answer reads, which may be stale. In the other, the primary answers all reads, and all replicas confirm each
// write.

const podman = startPodman()
const docker = startDocker()
const directory = mkdtempSync(join(tmpdir(), 'chaos-testcontainers-'))
const path = process.env['PATH'] ?? ''

/** An engine with an image `kv`. */
interface Engine {
  readonly name: string
  /** Why the engine cannot run on this machine; undefined if it can. */
  readonly obstacle: string | undefined
  /** Makes the engine available. Resolves to the address of its socket, for `DOCKER_HOST`. */
  begin(): Promise<string>
  end(): Promise<void>
}

let socket: PodmanSocket | undefined
const engines: readonly Engine[] = [
  {
    name: 'Podman',
    obstacle: podman.isPossible ? undefined : 'podman cannot start a container with a network',
    async begin() {
      process.env['PATH'] = [podman.programs, path].join(delimiter)
      socket = await openPodmanSocket(podman)
      return socket.host
    },
    async end() {
      await socket?.end()
      process.env['PATH'] = path
    },
  },
  {
    name: 'Docker',
    obstacle: docker.obstacle,
    begin: () => Promise.resolve(docker.host),
    end: () => Promise.resolve(),
  },
]

const as = {
  routes: [
    { request: 'GET /items/{key}', f: 'read', result: 'json.item' },
    { request: 'PUT /items/{key}', f: 'write', value: 'json.item' },
  ],
}

const LONGEST_MS = 2_000

const clientAt = (address: string) => {
  const ask = (options: RequestInit) =>
    fetch(`http://${address}/items/x`, { ...options, signal: AbortSignal.timeout(LONGEST_MS) })
  return {
    put: async (item: number) => (await ask({ method: 'PUT', body: JSON.stringify({ item }) })).status,
    get: async (): Promise<unknown> => (await ask({})).json(),
  }
}

describe.each(engines)('containers of testcontainers on the socket of $name', ({ name, obstacle, begin, end }) => {
  const because = obstacle === undefined ? '' : ` (not possible here: ${obstacle})`
  let testcontainers: Testcontainers | undefined
  const before = { host: process.env['DOCKER_HOST'], ryuk: process.env['TESTCONTAINERS_RYUK_DISABLED'] }

  beforeAll(async () => {
    if (obstacle !== undefined) return
    process.env['DOCKER_HOST'] = await begin()
    // Ryuk, which removes containers, would need an image that cannot be fetched here.
    process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true'
    // Each engine gets its own installation, because an installation keeps using the first socket that it has found.
    testcontainers = installTestcontainers(join(directory, name))('testcontainers') as Testcontainers
  }, 300_000)
  afterAll(async () => {
    if (obstacle !== undefined) return
    await end()
    process.env['DOCKER_HOST'] = before.host
    process.env['TESTCONTAINERS_RYUK_DISABLED'] = before.ryuk
    if (before.host === undefined) delete process.env['DOCKER_HOST']
    if (before.ryuk === undefined) delete process.env['TESTCONTAINERS_RYUK_DISABLED']
  }, 120_000)

  /** Starts three containers with proxies between them, does the work, and then removes them. */
  async function among(flags: readonly string[], work: (network: ChaosNetwork) => Promise<void>): Promise<void> {
    if (testcontainers === undefined) throw new Error('there is no engine')
    const { GenericContainer, Network, Wait } = testcontainers
    const started: Started[] = []
    const joined: StartedNetwork = await new Network().start()
    try {
      const names = ['n1', 'n2', 'n3']
      const peersOf = (name: string) => names.filter((each) => each !== name).map((each) => `${each}=${each}:8000`)
      const start = async (name: string) => {
        const listen = ['--listen', '0.0.0.0:7000', '--peer', '0.0.0.0:8000', '--peers', peersOf(name).join()]
        const container = await withPrograms(new GenericContainer('localhost/kv:latest'))
          .withNetwork(joined)
          .withNetworkAliases(name)
          .withCommand(['node', '/server.mjs', '--name', name, '--data', '/data', ...listen, ...flags])
          .withWaitStrategy(Wait.forLogMessage(/serves/))
          .start()
        started.push(container)
        return container
      }
      const [n1, n2, n3] = [await start('n1'), await start('n2'), await start('n3')]
      const network = await ChaosNetwork.between({ n1, n2, n3 })
      try {
        await work(network)
      } finally {
        await network.close()
      }
      expect(rulesOnMachine(`containers_${n1.getId().slice(0, 12)}`)).toEqual([])
    } finally {
      await Promise.all(started.map((container) => container.stop({ timeout: 0 })))
      await joined.stop()
    }
  }
  const clientsOf = async (network: ChaosNetwork) =>
    (await network.clients(['n1', 'n3'], { port: 7000, as, out: join(directory, 'results') })).map(clientAt)

  test.skipIf(obstacle)(
    `a service in containers returns a stale read from a replica that is cut off${because}`,
    async () => {
      await among(['--async', '--local'], async (network) => {
        const [first, third] = await clientsOf(network)
        expect(await first?.put(1)).toBe(200)
        // There is no read before the cut, because on slow replicas it could be stale, too.
        await network.partition(['n1'], ['n2', 'n3'])
        expect(await first?.put(2)).toBe(200)
        expect(await third?.get()).not.toEqual({ item: 2 })
        const judged = network.check('linearizable')
        await expect(judged).rejects.toThrow(AssertionError)
        await expect(judged).rejects.toThrow(/\(not linearizable\)\n(Likely w|W)hy: .*In force then: partition/)
        await network.check('eventual')
      })
    },
  )

  test.skipIf(obstacle)(
    `a service in containers is linearizable if a replica does not reply to unconfirmed reads${because}`,
    async () => {
      await among([], async (network) => {
        const [first, third] = await clientsOf(network)
        expect(await first?.put(1)).toBe(200)
        const heal = await network.partition(['n1'], ['n2', 'n3'])
        await expect(first?.put(2)).rejects.toThrow()
        await expect(third?.get()).rejects.toThrow()
        expect(await heal()).toBeGreaterThan(0)
        await vi.waitFor(async () => expect(await third?.get()).toEqual({ item: 2 }), { timeout: 30_000 })
        expect((await network.check('linearizable')).exitCode).toBe(0)
      })
    },
  )
})

afterAll(async () => {
  if (docker.obstacle === undefined) docker.end()
  if (podman.isPossible) await podman.end()
  rmSync(directory, { recursive: true, force: true })
}, 120_000)
