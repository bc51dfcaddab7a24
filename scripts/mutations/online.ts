import { inFile, type Mutation } from './mutation.ts'

/** Deliberate mistakes in what judges objects other than registers while they are recorded. */
export const onlineMutations: readonly Mutation[] = [
  ...inFile(
    'counter/online.ts',
    ['online-objects'],
    [
      {
        name: 'online-counter-forgets-what-returned',
        before: 'return steps !== undefined && steps >= leastOf(read, tally) && tally.raise(steps, position, open)',
        after: 'return steps !== undefined && tally.raise(steps, position, open)',
        breaks: 'a read that misses an acknowledged addition is called linearizable while a run goes on',
      },
      {
        name: 'online-counter-tries-one-start',
        before: 'counting.tallies = fits',
        after: 'counting.tallies = fits.slice(0, 1)',
        breaks: 'a counter whose initial value is unknown is condemned, since only one value was tried',
      },
      {
        name: 'online-counter-sure-of-amounts',
        before: 'if (!isQuiet) counting.doubt ??= AMOUNTS',
        after: 'if (!isQuiet && called < 0) counting.doubt ??= AMOUNTS',
        breaks: 'a read that no choice of amounts explains is called linearizable',
      },
    ],
  ),
  ...inFile(
    'counter/tally.ts',
    ['online-objects'],
    [
      {
        name: 'online-counter-counts-twice',
        before: 'if (owed + used + more > open) return false',
        after: 'if (more > open) return false',
        breaks: 'two reads may each count the same addition as another',
      },
      {
        name: 'online-counter-forgets-who-must-have-counted',
        before: 'used += first.left',
        after: 'used += 0',
        breaks: 'an addition of unknown outcome is counted twice',
      },
      {
        name: 'online-counter-counts-what-was-not-asked-for',
        before: 'const firstAfter = (call: number): number => credits.findIndex(({ at }) => at > call)',
        after: 'const firstAfter = (call: number): number => credits.findIndex(({ at }) => at > call - 4)',
        breaks: 'a read is explained by an addition that was called after it had returned',
      },
    ],
  ),
  ...inFile(
    'lock/online.ts',
    ['online-objects'],
    [
      {
        name: 'online-lock-two-holders',
        before: 'if (!last.isLeaving)',
        after: 'if (last.holder === process && !last.isLeaving)',
        breaks: 'two processes that hold a lock at once are not noticed while a run goes on',
      },
      {
        name: 'online-lock-keeps-leaving',
        before: 'if (tenure !== undefined) tenure.isLeaving = false',
        after: 'if (tenure === undefined) return undefined',
        breaks: 'a holder whose release failed is taken to have left',
      },
      {
        name: 'online-lock-forgets-tokens',
        before: 'token = given ?? token',
        after: 'token ??= given',
        breaks: 'a token that an earlier holder had is not noticed',
      },
      {
        name: 'online-lock-believes-what-goes-on',
        before: 'if (unclear.has(process)) return WENT_ON',
        after: 'if (process === undefined) return WENT_ON',
        breaks: 'a process that acquires after an operation of unknown outcome is condemned or believed at random',
      },
    ],
  ),
]
