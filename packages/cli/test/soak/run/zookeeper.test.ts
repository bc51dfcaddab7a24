import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// Reads of ZooKeeper can be stale without `sync`, and never with it. Locks can be held twice when sessions expire.

const isShort = process.env['CHAOS_SOAK'] === 'short'
const seeds = isShort ? [1] : [1, 2, 3]
const isInstalled = installed('java') !== undefined && existsSync('/usr/share/java/zookeeper.jar')
const why = isInstalled ? '' : `: ${whySkipped('zookeeper')}`

interface RunResult {
  readonly levels: { readonly [level: string]: { readonly result: string } }
}

async function run(seed: number, ...args: readonly string[]): Promise<RunResult> {
  const typed = ['run', '--target', 'zookeeper', '--seed', String(seed), '--expect', 'none', '--json']
  const { stdout, stderr } = await chaosHere([...typed, '--out', temporaryDirectory(), ...args])
  expect(stdout, stderr).not.toBe('')
  return JSON.parse(stdout) as RunResult
}

/** Cuts off each server in turn from the other two. Messages to it are held until the partition ends. */
function eachCutOff(): string {
  const links = [
    ['n1>n2', 'n1>n3', 'n2>n1', 'n3>n1'],
    ['n2>n1', 'n2>n3', 'n1>n2', 'n3>n2'],
    ['n3>n1', 'n3>n2', 'n1>n3', 'n2>n3'],
  ]
  const faults = links.map((cut, index) => ({
    ...{ id: `fault-${index}`, kind: 'partition', mode: 'hold', links: cut },
    // A follower serves reads for a second after the last message of its leader.
    ...{ fromMs: 500 + index * 1_700, toMs: 1_300 + index * 1_700 },
  }))
  const file = join(temporaryDirectory(), 'faults.json')
  writeFileSync(file, JSON.stringify(faults))
  return file
}

// A client that writes through an isolated server waits until the partition ends. The load has many clients and few
// writes, so that some clients keep reading from the isolated server.
const readers = ['--clients', '60', '--workload-set', 'reads=0.9']
const load = ['--rate', '400', '--keys', '4', '--time', '6s', ...readers]

describe.skipIf(!isInstalled)(`a live ZooKeeper${why}`, () => {
  test.each(seeds)(
    'ZooKeeper returns stale reads from an isolated follower, but is sequentially consistent (seed %i)',
    async (seed) => {
      const { levels } = await run(seed, '--faults', eachCutOff(), ...load)
      expect(levels).toMatchObject({ linearizable: { result: 'violated' }, sequential: { result: 'met' } })
    },
  )

  test.each(seeds)('ZooKeeper is linearizable if a sync precedes each read (seed %i)', async (seed) => {
    const { levels } = await run(seed, '--set', 'sync=true', '--faults', eachCutOff(), ...load)
    expect(levels).toMatchObject({ linearizable: { result: 'met' } })
  })

  test.skipIf(isShort).each(seeds)(
    'ZooKeeper is linearizable with sync while leaders are killed and isolated (seed %i)',
    async (seed) => {
      const faults = ['--faults', 'isolate-leader,kill', '--rate', '200', '--time', '15s']
      const { levels } = await run(seed, '--set', 'sync=true', ...faults)
      expect(levels).toMatchObject({ linearizable: { result: 'met' } })
    },
  )

  describe.skipIf(isShort)('a ZooKeeper lock that ends with the session of its holder', () => {
    /** Cuts off the clients of two servers for longer than a session lasts. */
    function clientsCutOff(): string {
      const faults = [
        [2_000, 5_000, 'clients>n1', 'clients>n2'] as const,
        [6_500, 9_500, 'clients>n2', 'clients>n3'] as const,
      ].map(([fromMs, toMs, ...links]) => ({ kind: 'partition', mode: 'hold', links, fromMs, toMs }))
      const file = join(temporaryDirectory(), 'clients.json')
      writeFileSync(file, JSON.stringify(faults))
      return file
    }
    const busy = ['--clients', '40', '--rate', '400', '--timeout', '8s', '--time', '11s', '--set', 'ttl=2']
    const counters = ['--workload', 'counter', '--workload-set', 'reads=0.1', '--keys', '10']
    const locked = ['--set', 'update=lock', '--set', 'sync=true', ...counters, ...busy]

    test.each(seeds)('a ZooKeeper lock has two holders while clients are cut off (seed %i)', async (seed) => {
      const { levels } = await run(seed, '--workload', 'lock', '--faults', clientsCutOff(), ...busy)
      expect(levels).toMatchObject({ linearizable: { result: 'violated' } })
    })

    test.each(seeds)('a ZooKeeper lock has one holder at a time if no fault is injected (seed %i)', async (seed) => {
      const { levels } = await run(seed, '--workload', 'lock', '--faults', 'none', '--time', '6s')
      expect(levels).toMatchObject({ linearizable: { result: 'met' } })
    })

    test.each(seeds)(
      'a ZooKeeper lock does not prevent lost additions if clients are cut off (seed %i)',
      async (seed) => {
        const { levels } = await run(seed, ...locked, '--faults', clientsCutOff())
        expect(levels).toMatchObject({ linearizable: { result: 'violated' } })
      },
    )

    test.each(seeds)(
      'a ZooKeeper lock prevents lost additions if each addition checks that the znode of the lock exists (seed %i)',
      async (seed) => {
        const { levels } = await run(seed, ...locked, '--set', 'fencing=true', '--faults', clientsCutOff())
        expect(levels).toMatchObject({ linearizable: { result: 'met' } })
      },
    )
  })
})
