import { inFile, type Mutation } from './mutation.ts'

const definitions = ['mutants', 'agreement', 'medium.test']

/** Deliberate mistakes in deciding sequential consistency. */
export const sequentialMutations: readonly Mutation[] = [
  ...inFile(
    'encoding/threads.ts',
    ['sequential.test', ...definitions],
    [
      {
        name: 'threads-unknown-outcome-at-any-time',
        before: 'if (client.threads.length > (free === NONE ? 0 : 1)) {',
        after: 'if (client.threads.length > (free === NONE ? 0 : 1) && !isAlone) {',
        breaks: 'an operation of unknown outcome may come before what its client did earlier',
      },
      {
        name: 'sequential-search-unknown-outcome-too-early',
        before: 'if (position[of[needed]] <= place[needed]) return -1',
        after: 'if (position[of[needed]] < place[needed]) return -1',
        breaks: 'an operation may come before its predecessor in another thread of its client',
      },
    ],
  ),
  ...inFile('register/sequential/reads-from.ts', definitions, [
    {
      name: 'reads-from-forgets-what-a-cas-saw',
      before: 'if (kind[writer] === CAS) waiting.push(writer)',
      after: 'if (kind[writer] !== CAS) waiting.push(writer)',
      breaks: 'a write of unknown outcome that only a cas of unknown outcome saw is dropped',
    },
    {
      name: 'reads-from-ignores-writes-of-the-initial-value',
      before: 'if (writers.has(name) || writes[i] === initial) repeated = true',
      after: 'if (writers.has(name)) repeated = true',
      breaks: 'a read of the initial value cannot come after a write of it',
    },
    {
      name: 'reads-from-guesses-among-writers',
      before: 'if (writes[i] === initial || seen.has(name)) return false',
      after: 'if (writes[i] === initial) return false',
      breaks: 'of two possible writers one is picked',
    },
  ]),
  ...inFile('register/sequential/saturation.ts', definitions, [
    {
      name: 'saturation-overlooks-cycles',
      before: "if (follows(operation, reader)) return { edge: { from: operation, to: reader, reason: 'reads from' } }",
      after: "if (operation < 0) return { edge: { from: operation, to: reader, reason: 'reads from' } }",
      breaks: 'orders that contradict each other are not noticed',
    },
  ]),
  ...inFile('register/sequential/vectors.ts', definitions, [
    {
      name: 'vectors-do-not-follow-up',
      before: 'if (any !== 0) wait(b)',
      after: 'if (any > 1) wait(b)',
      breaks: 'what newly precedes an operation is not always followed up',
    },
    {
      name: 'vectors-forget-what-changed',
      before: 'changed[b * words + word] |= risen',
      after: 'changed[b * words + word] = risen',
      breaks: 'of two changes before an operation is looked at again, the first is forgotten',
    },
  ]),
  ...inFile('register/sequential/by-thread.ts', definitions, [
    {
      name: 'by-thread-misses-a-write',
      before: 'if (n < starts[list + 1] && places[n] < count) n++',
      after: 'if (n < starts[list + 1] && places[n] < count - 1) n++',
      breaks: 'the last write that precedes an operation is overlooked',
    },
  ]),
  ...inFile(
    'register/sequential/greedy.ts',
    ['puzzles', 'stores', ...definitions],
    [
      {
        name: 'greedy-next-write-overtakes',
        before: 'const at = keyWrites.seek(list, position[thread])',
        after: 'const at = keyWrites.seek(list, position[thread] + 1)',
        breaks: 'a write that is chosen to come first need not precede the next of another process',
      },
      {
        name: 'greedy-places-what-is-forced-later',
        before: 'if (t === own || saturation.before(operation, t) <= position[t]) continue',
        after: 'if (t === own || saturation.before(operation, t) <= position[t] + 1) continue',
        breaks: 'an operation is laid out before the last one that precedes it',
      },
    ],
  ),
  ...inFile(
    'register/sequential/orders.ts',
    ['puzzles', 'stores', ...definitions],
    [
      {
        name: 'orders-give-up-without-the-other-order',
        before: 'next = { first: back.second, second: back.first, mark: saturation.mark(), flipped: true, cursor }',
        after: 'next = { first: back.first, second: back.second, mark: saturation.mark(), flipped: true, cursor }',
        breaks: 'of a pair of writes only one order is tried',
      },
      {
        name: 'orders-do-not-scan-again',
        before: 'cursor = back.cursor',
        after: 'cursor = Math.max(cursor, back.cursor)',
        breaks: 'pairs of writes that only a decision taken back had put in order are left open',
      },
      {
        name: 'orders-leave-pairs-open',
        before: 'if (!isRead(write) && !isRead(other)) continue',
        after: 'if (!isRead(write) || !isRead(other)) continue',
        breaks: 'a write that nobody read may fall between another and its reads',
      },
      {
        name: 'orders-hide-what-rests-on-joints',
        before: 'for (const operation of derivation.joined) joined.add(operation)',
        after: 'for (const operation of derivation.involved) joined.delete(operation)',
        breaks: 'a contradiction in both orders counts although it rests on threads joined by guess',
      },
    ],
  ),
  ...inFile(
    'register/sequential/decide.ts',
    ['sequential.test'],
    [
      {
        name: 'sequential-joined-threads-refute',
        before: 'if (joined.length === 0) return answer',
        after: 'if (joined.length >= 0) return answer',
        breaks: 'a contradiction counts although it rests on threads joined by guess',
      },
      {
        name: 'sequential-clock-refutes',
        before: "if (answer === 'stopped' || (answer === 'violated' && physical)) return undefined",
        after: "if (answer === 'stopped') return undefined",
        breaks: 'that no write called in time explains a read is taken for a contradiction',
      },
    ],
  ),
  ...inFile(
    'register/sequential/columns.ts',
    ['sequential.test'],
    [
      {
        name: 'columns-hide-their-joints',
        before: 'if (filled[column] > 0) joined[members[start[t]]] = 1',
        after: 'if (filled[column] < 0) joined[members[start[t]]] = 1',
        breaks: 'threads joined by guess pass for one process',
      },
    ],
  ),
  ...inFile(
    'register/sequential/sources.ts',
    ['sequential.test'],
    [
      {
        name: 'sources-read-without-one',
        before: 'if (left.length === 0) {',
        after: 'if (left.length < 0) {',
        breaks: 'a read that no write is left for is taken for explained',
      },
      {
        name: 'sources-overwritten-only',
        before:
          'source === INITIAL ? lasts.length > 0 : lasts.some((last) => last !== source && precedes(source, last))',
        after:
          'source === INITIAL ? lasts.length > 0 : lasts.some((last) => last !== source && !precedes(source, last))',
        breaks: 'writes that nothing came between are ruled out as sources',
      },
      {
        name: 'sources-wrong-guess-stays',
        before: 'candidates[n] = candidates[n].filter((each) => each !== source)',
        after: 'candidates[n] = candidates[n].filter((each) => each === source)',
        breaks: 'of the sources that a read may have, only the one that was wrong is left',
      },
      {
        name: 'sources-first-of-two-takes-the-blame',
        before: 'holds = last.reads.length > 1',
        after: 'holds = last.reads.length > 2',
        breaks: 'of two sources guessed at once the first counts as the wrong one',
      },
      {
        name: 'sources-violated-by-one-guess',
        before: "if (last === undefined) return 'violated'",
        after: "if (last === undefined || guesses.length === 0) return 'violated'",
        breaks: 'one wrong guess refutes, though others were left',
      },
    ],
  ),
  ...inFile(
    'register/sequential/search.ts',
    ['sequential.test', ...definitions],
    [
      {
        name: 'sequential-search-cas-in-any-state',
        before: 'if (k === CAS) return expects[operation] === now ? writes[operation] : -1',
        after: 'if (k === CAS) return writes[operation]',
        breaks: 'a cas succeeds whatever the value is',
      },
      {
        name: 'sequential-search-forgets-to-go-back',
        before: 'state[key[operation]] = pathState[depth]',
        after: 'state[key[operation]] = initial',
        breaks: 'giving back a choice resets the value to the initial one',
      },
      {
        name: 'sequential-search-skips-candidates',
        before: 'if (fresh) cursor = -1',
        after: 'if (fresh) cursor = pathOperation[depth - 1]',
        breaks: 'operations called earlier than the last choice are not tried',
      },
      {
        name: 'sequential-search-drops-observed-writes',
        before: 'return (operation) => observed.has(key[operation] * values + writes[operation])',
        after: 'return (operation) => !observed.has(key[operation] * values + writes[operation])',
        breaks: 'writes of unknown outcome that were read are dropped, the others kept',
      },
      {
        name: 'sequential-search-drops-appends-nobody-reads',
        before: 'to === state[key[operation]] || (appends !== undefined && to === DEAD && !anyDiffers)',
        after: 'to === state[key[operation]] || (appends !== undefined && to === DEAD)',
        breaks: 'an append of unknown outcome cannot explain a failed cas',
      },
    ],
  ),
  ...inFile(
    'register/sequential/choices.ts',
    ['sequential.test', 'weaker'],
    [
      {
        name: 'choices-forget-the-initial-value',
        before: 'if (expects[i] === initial) possible.push(INITIAL)',
        after: 'if (expects[i] === initial && possible.length === 0) possible.push(INITIAL)',
        breaks: 'a read of the initial value can only have seen a write of it',
      },
      {
        name: 'choices-of-writes-to-come',
        before: 'const possible = all.filter((writer) => clients[writer] !== clients[i] || calls[writer] < returns[i])',
        after: 'const possible = all.filter((writer) => clients[writer] !== clients[i] || calls[writer] > returns[i])',
        breaks: 'a client may read what it is going to write, and not what it wrote',
      },
    ],
  ),
]
