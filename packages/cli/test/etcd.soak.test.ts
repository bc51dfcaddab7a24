import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { installed, whySkipped } from '../../proxy/test/real-servers.ts'
import { chaosHere, temporaryDirectory } from './chaos.ts'

// What a live etcd keeps and does not keep, as its documents and its issues say.

const seeds = process.env['CHAOS_SOAK'] === 'short' ? [1] : [1, 2, 3]
const isInstalled = installed('etcd') !== undefined
const why = isInstalled ? '' : `: ${whySkipped('etcd')}`

interface Shown {
  readonly levels: {
    readonly [level: string]: { readonly result: string; readonly counterexample?: { readonly sentence: string } }
  }
}

async function run(seed: number, ...args: readonly string[]): Promise<Shown> {
  const typed = ['run', '--target', 'etcd', '--seed', String(seed), '--expect', 'none', '--json']
  const { stdout, stderr } = await chaosHere([...typed, '--out', temporaryDirectory(), ...args])
  expect(stdout, stderr).not.toBe('')
  return JSON.parse(stdout) as Shown
}

interface Cut {
  readonly links: readonly string[]
  readonly fromMs: number
  readonly toMs: number
}

/** A schedule file of cuts, which hold what is sent until they end. */
function cuts(...all: readonly Cut[]): string {
  const file = join(temporaryDirectory(), 'cuts.json')
  const faults = all.map((cut, index) => ({ id: `cut-${index}`, kind: 'partition', mode: 'hold', ...cut }))
  writeFileSync(file, JSON.stringify(faults))
  return file
}

describe.skipIf(!isInstalled)(`a live etcd${why}`, () => {
  test.each(seeds)('serves stale serializable reads from a member that is cut off (seed %i)', async (seed) => {
    const alone = cuts({ links: ['n3>n1', 'n3>n2', 'n1>n3', 'n2>n3'], fromMs: 2_000, toMs: 9_000 })
    const { levels } = await run(
      seed,
      ...['--set', 'reads=serializable', '--faults', alone, '--rate', '200', '--time', '12s'],
    )
    expect(levels['linearizable']).toMatchObject({ result: 'violated' })
    expect(levels['eventual']).toMatchObject({ result: 'met' })
  })

  test.each(seeds)('forgets a deletion at which it is compacted, issue 18089 (seed %i)', async (seed) => {
    const asked = ['--workload', 'watch', '--workload-set', 'compact=at-deletes', '--faults', 'none', '--rate', '100']
    const { levels } = await run(seed, ...asked, '--time', '10s')
    expect(levels['resumable']).toMatchObject({
      result: 'violated',
      counterexample: { sentence: expect.stringContaining('never the deletion of') },
    })
    expect(levels['ordered']).toMatchObject({ result: 'met' })
  })

  test.each(seeds)(
    'gives a lock away whose holder it does not hear of for longer than its lease (seed %i)',
    async (seed) => {
      const fromHolders = cuts(
        { links: ['clients>n1'], fromMs: 2_000, toMs: 7_000 },
        { links: ['clients>n2'], fromMs: 8_000, toMs: 13_000 },
      )
      const asked = ['--workload', 'lock', '--workload-set', 'keys=8', '--set', 'ttl=2', '--timeout', '10s']
      const { levels } = await run(seed, ...asked, '--rate', '100', '--time', '15s', '--faults', fromHolders)
      expect(levels['linearizable']).toMatchObject({
        result: 'violated',
        counterexample: { sentence: expect.stringContaining('acquired the lock') },
      })
    },
  )
})
