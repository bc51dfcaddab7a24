import { expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// A failure that the simulator found, shrank and wrote to a file also occurs on real processes. Their delays vary, so a
// single replay may not show it. CHAOS_SOAK=short tests only two bugs.
const short = process.env['CHAOS_SOAK'] === 'short'

/**
 * The maximum number of replays of one file. If none fails, another seed's file is replayed, up to `MOST_FILES` files.
 */
const MOST_PLAYS = 5
const MOST_FILES = 3

const MAJORITY = ['--target', 'primary-replica', '--set', 'sync=majority', '--set', 'reads=primary']

const mistakes: readonly (readonly [bug: string, options: readonly string[]])[] = [
  ['ack-before-majority', []],
  ['promote-stale', MAJORITY],
  ['overlapping-changes', []],
  ['quorum-off-by-one', []],
  ['stale-append', []],
  ['forget-gossip', ['--target', 'master-master']],
  // The shrunk failure of no-fencing depends on when the final reads end. Processes answer later than the simulator.
  ['no-fencing', MAJORITY],
  ['clock-ignorant', ['--target', 'master-master']],
]

/**
 * Returns the replay file of a failure that the history shows. A broken invariant does not suffice, because invariants
 * cannot be observed from outside a process.
 */
async function fileOf(bug: string, options: readonly string[], first: number): Promise<string> {
  const search = ['--bug', bug, ...options, '--no-invariants', '--seed', String(first), '--out', temporaryDirectory()]
  const { stdout } = await chaos(['fuzz', '--json', ...search])
  return JSON.parse(stdout).failures[0].replay
}

test.each(short ? mistakes.slice(0, 2) : mistakes)(
  `real processes reproduce the bug of %s if each of ${MOST_FILES} replay files is played up to ${MOST_PLAYS} times`,
  async (bug, options) => {
    const played: string[] = []
    for (let file = 0; file < MOST_FILES; file++) {
      const replay = await fileOf(bug, options, 1 + file * 1_000_000)
      for (let play = 0; play < MOST_PLAYS; play++) {
        const { exitCode, stdout, stderr } = await chaos(['replay', replay, '--real', '--json'])
        played.push(`file ${file + 1}: exit code ${exitCode} ${stderr}`)
        if (exitCode !== 1) continue
        expect(JSON.parse(stdout)).toMatchObject({ found: true, kind: 'violation' })
        return
      }
    }
    expect.fail(played.join('\n'))
  },
)
