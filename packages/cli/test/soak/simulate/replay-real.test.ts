import { expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// What the simulator found, cut down, and wrote into a file goes wrong on real processes too. These have delays of their
// own, so that no single play is sure to show it. CHAOS_SOAK=short takes two mistakes.
const short = process.env['CHAOS_SOAK'] === 'short'

/** Plays of one file; and files, each of another seed on, where none of the plays of one shows anything. */
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
  // Cut down, it rests on the reads at the end, which processes answer later than the simulator does.
  ['no-fencing', MAJORITY],
  ['clock-ignorant', ['--target', 'master-master']],
]

/** The file of a failure that its history shows; invariants are not seen from outside a process. */
async function fileOf(bug: string, options: readonly string[], first: number): Promise<string> {
  const search = ['--bug', bug, ...options, '--no-invariants', '--seed', String(first), '--out', temporaryDirectory()]
  const { stdout } = await chaos(['fuzz', '--json', ...search])
  return JSON.parse(stdout).failures[0].replay
}

test.each(short ? mistakes.slice(0, 2) : mistakes)(
  `the bug of %s is reproduced by real processes within ${MOST_PLAYS} plays of one of ${MOST_FILES} replay files`,
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
