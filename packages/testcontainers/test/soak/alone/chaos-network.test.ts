import { AssertionError } from 'node:assert'
import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ChaosNetwork, type StartedContainer } from '@chaosproxy/testcontainers'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { kvServices, onMachine, startPodman } from '../../../../testing/src/containers/podman.ts'

// Real containers that know nothing of chaos: a primary, and replicas that answer reads before they have heard of writes.

const { directory, isPossible, programs, say, project, end } = startPodman()

const as = {
  routes: [
    { request: 'GET /items/{key}', f: 'read', result: 'json.item' },
    { request: 'PUT /items/{key}', f: 'write', value: 'json.item' },
  ],
}

/** Requests need a time limit, because the connection to a removed container is not always closed. */
const LONGEST_MS = 5_000

const clientAt = (address: string) => ({
  async put(key: string, item: number): Promise<number> {
    const options = { method: 'PUT', body: JSON.stringify({ item }), signal: AbortSignal.timeout(LONGEST_MS) }
    return (await fetch(`http://${address}/items/${key}`, options)).status
  },
  async get(key: string): Promise<unknown> {
    return (await fetch(`http://${address}/items/${key}`, { signal: AbortSignal.timeout(LONGEST_MS) })).json()
  },
})

describe.runIf(isPossible)('containers of a test', () => {
  const path = process.env['PATH']
  const containers: { [name: string]: StartedContainer } = {}
  const open: ChaosNetwork[] = []
  const between = async (): Promise<ChaosNetwork> => {
    const network = await ChaosNetwork.between(containers)
    open.push(network)
    return network
  }
  const asked = (port = 7000) => ({ port, as, out: join(directory, 'results') })
  const addressOf = (name: string) =>
    say(`podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' shop_${name}_1`)

  beforeAll(() => {
    process.env['PATH'] = [programs, path].join(delimiter)
    say('podman-compose -f compose.yaml up -d', project('shop', kvServices('--async --local')))
    for (const name of ['n1', 'n2', 'n3']) {
      const id = say(`podman inspect --format '{{.Id}}' shop_${name}_1`)
      containers[name] = { getId: () => id }
    }
  }, 120_000)
  afterEach(async () => {
    await Promise.all(open.splice(0).map((network) => network.close()))
  })
  afterAll(async () => {
    process.env['PATH'] = path
    await end()
  }, 120_000)

  test('ChaosNetwork reports a stale read of an isolated container with the partition, and restores the containers', async () => {
    const started = () => say(`podman ps --format '{{.Names}} {{.StartedAt}}' | sort`)
    const before = started()
    const network = await between()
    const [first, third] = (await network.clients(['n1', 'n3'], asked())).map(clientAt)
    await first?.put('cut', 1)
    await vi.waitFor(async () => expect(await third?.get('cut')).toEqual({ item: 1 }), { timeout: 30_000 })
    expect(onMachine('containers', process.pid)).not.toEqual([])
    await network.cut('n1', 'n3')
    expect(await first?.put('cut', 2)).toBe(200)
    expect(await third?.get('cut')).toEqual({ item: 1 })
    await expect(network.check('linearizable')).rejects.toThrow(AssertionError)
    // A report names a fault only once it has hit something. Here this takes an unknown time, until n1 sends the write
    // to n3.
    await vi.waitFor(
      () =>
        expect(network.check('linearizable')).rejects.toThrow(
          /\(not linearizable\)\n(Likely w|W)hy: .*In force then: partition \{n1>n3\}/,
        ),
      { timeout: 30_000, interval: 200 },
    )
    const run = await network.check('eventual')
    expect(readFileSync(join(run.directory, 'history.jsonl'), 'utf8')).toMatch(/partition.*n1.*n3/)
    await network.close()
    expect(onMachine('containers', process.pid)).toEqual([])
    expect(started()).toBe(before)
  })

  test('a service in containers is linearizable under cuts and delays if only the primary answers', async () => {
    const network = await between()
    const heal = await network.delay('n1', 'n2', 5)
    await network.partition(['n1'], ['n3'])
    const client = clientAt(await network.clients('n1', asked()))
    for (const item of [1, 2, 3]) expect(await client.put('kept', item)).toBe(200)
    expect(await client.get('kept')).toEqual({ item: 3 })
    const direct = clientAt(`${addressOf('n2')}:7000`)
    // n2 may hold any of the three values, because writes that are replicated at the same time arrive in any order.
    await vi.waitFor(async () => expect(await direct.get('kept')).not.toEqual({ item: null }), { timeout: 30_000 })
    expect(await heal()).toBeGreaterThan(0)
    expect((await network.check('linearizable')).exitCode).toBe(0)
  })

  test('containers keep their clients and cuts when they restart with a new address', async () => {
    const network = await between()
    const [first, third] = (await network.clients(['n1', 'n3'], asked())).map(clientAt)
    const before = addressOf('n3')
    say('podman restart --time 0 shop_n3_1')
    expect(addressOf('n3')).not.toBe(before)
    await vi.waitFor(async () => expect(await third?.get('moved')).toEqual({ item: null }), { timeout: 30_000 })
    await network.cut('n1', 'n3')
    expect(await first?.put('moved', 1)).toBe(200)
    expect(await third?.get('moved')).toEqual({ item: null })
    await expect(network.check('linearizable')).rejects.toThrow(AssertionError)
  })

  test('containers lose replies to their clients under the fault lose-reply', async () => {
    const network = await between()
    await expect(network.hurt({ kind: 'lose-reply', match: { method: 'PUT' } })).rejects.toThrow(
      /call clients\(\) first/,
    )
    const client = clientAt(await network.clients('n1', asked()))
    expect(await client.put('lost', 1)).toBe(200)
    const heal = await network.hurt({ kind: 'lose-reply', match: { method: 'PUT' } })
    await expect(client.put('lost', 2)).rejects.toThrow()
    expect(await heal()).toBe(1)
    expect(await client.get('lost')).toEqual({ item: 2 })
    await network.check('linearizable')
  })

  test('ChaosNetwork refuses unknown containers, containers in use, and a check before any client is recorded', async () => {
    const network = await between()
    await expect(ChaosNetwork.between(containers)).rejects.toThrow(/another chaos stands between the containers/)
    await expect(ChaosNetwork.between({ n1: { getId: () => 'f00d' } })).rejects.toThrow(
      /no engine here has all of these containers: .*podman does not have n1 \(f00d\)/,
    )
    await expect(network.clients('n1', asked(7001))).rejects.toThrow(/n1 \(shop_n1_1\) does not listen on port 7001/)
    await expect(network.cut('n1', 'n4')).rejects.toThrow(
      'no container n4 in this network. The containers are n1, n2, n3.',
    )
    await expect(network.check('linearizable')).rejects.toThrow(/nothing is recorded/)
    await network.clients('n1', asked())
    await expect(network.clients('n2', asked())).rejects.toThrow(/those of n1 are recorded already/)
  })
})
