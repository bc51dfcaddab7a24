import { stories } from '@chaosproxy/scenarios'
import { expect, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'

// Tests the stories of `chaos scenario` on real processes. On a busy machine, an event of a story may come too late, so
// each story is played up to four times. CHAOS_SOAK=short plays only five stories, and not their fixed versions.
const short = process.env['CHAOS_SOAK'] === 'short'
const MOST_PLAYS = 4
const few = ['stale-history', 'double-transfer', 'burrito-and-taco', 'split-brain', 'failover-data-loss']
/**
 * Stories with a fault that real processes cannot suffer. `clock`: all processes of a machine share a clock. `crash`:
 * chaos cannot see when a process is about to write, send or reply.
 */
const onlyVirtual = stories
  .filter(({ told, fix }) =>
    [...told, fix].some(({ beats }) =>
      beats.some((beat) => beat.type === 'mishap' && ['clock', 'crash'].includes(beat.fault.kind)),
    ),
  )
  .map(({ name }) => name)

const played = stories
  .map(({ name }) => name)
  .filter((name) => (short ? few : stories.map((each) => each.name)).includes(name) && !onlyVirtual.includes(name))
const cases = played.flatMap((name) => (short ? [{ args: [name] }] : [{ args: [name] }, { args: [name, '--fix'] }]))

test.each(cases)(
  'the scenario $args matches its description in one of several plays on real processes',
  async ({ args }) => {
    const seen: string[] = []
    for (let play = 0; play < MOST_PLAYS; play++) {
      const { stdout, stderr, exitCode } = await chaos(['scenario', ...args, '--real', '--json'])
      if (exitCode === 0) return
      seen.push(
        stdout === ''
          ? stderr
          : JSON.stringify(JSON.parse(stdout).tellings.map(({ differences }: { differences: unknown }) => differences)),
      )
    }
    expect(seen).toEqual([])
  },
)
