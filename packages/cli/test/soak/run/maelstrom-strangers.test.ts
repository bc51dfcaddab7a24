import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// Programs as in courses on Maelstrom, run with the default values of Maelstrom's options. CHAOS_SOAK=short runs some
// of them, with one seed.

const programs = join(root, 'packages', 'targets', 'test', 'stdio', 'maelstrom', 'strangers')
const short = process.env['CHAOS_SOAK'] === 'short'
const SEEDS = short ? [1] : [1, 2, 3]

const all: readonly (readonly [workload: string, program: string, ...options: string[]])[] = [
  ['echo', './echo.sh'],
  ['broadcast', './gossip.cjs'],
  ['g-counter', './seq-counter.cjs'],
  ['pn-counter', './crdt.py'],
  ['lin-kv', './raft.py'],
  ['txn-list-append', './root.cjs'],
  ['txn-rw-register', './hat.cjs', '--consistency-models', 'read-committed'],
  ['kafka', './log-lists.cjs'],
]
type Given = readonly [workload: string, program: string, more: readonly string[]]
const chosen: readonly Given[] = all
  .map(([workload, program, ...more]): Given => [workload, program, more])
  .filter(([workload]) => !short || workload === 'g-counter')

const run = (program: string, workload: string, seed: number, more: readonly string[]) => {
  const options = ['--seed', String(seed), '--out', temporaryDirectory(), ...more]
  return chaos(['run', '--target', 'maelstrom', '--bin', program, '-w', workload, ...options], { cwd: programs })
}

describe.each(chosen)('the Maelstrom workload %s with the program %s', (workload, program, more) => {
  test.each(SEEDS)('chaos run finds no violation in a correct Maelstrom program (seed %i)', async (seed) => {
    const { exitCode, stdout, stderr } = await run(program, workload, seed, more)
    expect(exitCode, stdout + stderr).toBe(0)
  })
})

// A leader that is not cut off replies correctly, so the faulty Raft violates its level only in some runs.
describe.each(chosen.filter(([workload]) => workload !== 'lin-kv'))(
  'the Maelstrom workload %s with the faulty variant of the program %s',
  (workload, program, more) => {
    test.each(SEEDS)('chaos run reports the faulty variant of a Maelstrom program (seed %i)', async (seed) => {
      const { exitCode, stdout, stderr } = await run(`${program} wrong`, workload, seed, more)
      expect([1, 3], stdout + stderr).toContain(exitCode)
    })
  },
)

test.skipIf(short)('a Raft leader that reads without a majority is reported in at least one of six runs', async () => {
  const { exitCode, stdout, stderr } = await run('./raft.py wrong', 'lin-kv', 1, ['--times', '6'])
  expect(exitCode, stdout + stderr).toBe(1)
})

test.skipIf(short)(
  'a broadcast program that acknowledges messages but drops them on every node is reported',
  async () => {
    const { exitCode, stdout, stderr } = await run('./gossip.cjs forgets', 'broadcast', 1, [])
    expect(exitCode, stdout + stderr).toBe(1)
  },
)
