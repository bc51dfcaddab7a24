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
  ...inFile(
    'queue/online/monitor.ts',
    ['online-objects'],
    [
      {
        name: 'online-queue-in-any-order',
        before: "if (message.deadline < call) return { is: 'too late', message: name }",
        after: "if (message.deadline < 0) return { is: 'too late', message: name }",
        breaks: 'a message that comes out after one that was put in later is not noticed while a run goes on',
      },
      {
        name: 'online-queue-forgets-unknown-takers',
        before: 'else insert(watching.unknown, flight.call, (call) => call)',
        after: 'else watching.unknown.length = 0',
        breaks: 'a message that a dequeue of unknown outcome may have taken is called lost',
      },
      {
        name: 'online-queue-decides-too-early',
        before: 'while (found.length > 0 && found[0].return < oldest) {',
        after: 'while (found.length > 0 && oldest > 0) {',
        breaks: 'a queue is condemned although a dequeue in flight had taken what was in it',
      },
      {
        name: 'online-queue-forgets-what-was-in',
        before: 'if (watched === Number.POSITIVE_INFINITY || covered.size() > MANY) covered.forget(watched)',
        after: 'covered.forget(Number.POSITIVE_INFINITY)',
        breaks: 'a dequeue that found nothing while something was in is not noticed',
      },
      {
        name: 'online-queue-takes-twice',
        before: 'if (drained > message.deadline) unknown.splice(countBefore(unknown, message.deadline) - 1, 1)',
        after: 'if (drained > message.deadline) unknown.splice(0, 0)',
        breaks: 'one dequeue of unknown outcome explains any number of lost messages',
      },
    ],
  ),
  ...inFile(
    'queue/online/any-start.ts',
    ['online-objects'],
    [
      {
        name: 'online-queue-sure-of-what-overlaps',
        before: 'twofold.isEarly = true',
        after: 'twofold.isEarly = false',
        breaks: 'a queue is condemned for what a dequeue took before it was found empty',
      },
      {
        name: 'online-queue-forgets-what-overlaps',
        before:
          'const unclear = [...unknownPuts, ...recent.filter((put) => put.return > since).map(({ name }) => name)]',
        after: 'const unclear = [...unknownPuts, ...recent.filter((put) => put.return < 0).map(({ name }) => name)]',
        breaks: 'a message that was put in just after the queue was empty is called one that nobody put in',
      },
    ],
  ),
  ...inFile(
    'set/online/monitor.ts',
    ['online-objects'],
    [
      {
        name: 'online-set-reads-in-any-order',
        before: 'if (last > first) return false',
        after: 'if (last > first) return true',
        breaks: 'two reads that saw additions in different orders are not noticed while a run goes on',
      },
      {
        name: 'online-set-settles-too-early',
        before: 'if (before >= oldest || element.changes[0] !== change) continue',
        after: 'if (before >= oldest + 3 || element.changes[0] !== change) continue',
        breaks: 'a read in flight that came before an addition is called one that missed it',
      },
      {
        name: 'online-set-passes-nothing-on',
        before: 'const after = seen.reduce((latest, change) => Math.max(latest, change.after, callOf(change)), call)',
        after: 'const after = seen.reduce((latest) => latest, call)',
        breaks: 'a read that found an addition, but not one that had returned before that was called, is not noticed',
      },
      {
        name: 'online-set-sure-of-the-start',
        before: 'change.mayBeFirst = false',
        after: 'change.mayBeFirst = change.to',
        breaks: 'an element may have been in at first although a read had not found it',
      },
      {
        name: 'online-set-guesses-which-change-was-seen',
        before: "if (place !== 'none') return undefined",
        after: "if (place !== 'none') return place",
        breaks: 'an element that came and went during a read is condemned or believed at random',
      },
      {
        name: 'online-set-forgets-what-is-left-over',
        before: 'if (isLeftOver(change)) element.isHaunted = true',
        after: 'if (change.open < 0) element.isHaunted = true',
        breaks: 'an addition of unknown outcome cannot take effect after a removal',
      },
      {
        name: 'online-set-judges-again-too-early',
        before: 'if (first === undefined || first.call < element.loose.since) return',
        after: 'if (first === undefined) return',
        breaks: 'a read that began before two overlapping changes ended is taken to say which was last',
      },
    ],
  ),
]
