import { inFile, type Mutation } from './mutation.ts'

const sessions = ['sessions.test']

/** Deliberate mistakes in the order of each client's operations, and in the treatment of unnamed clients. */
export const sessionMutations: readonly Mutation[] = [
  ...inFile('encoding/clients.ts', sessions, [
    {
      name: 'sessions-unnamed-are-one-client',
      before: 'return session === UNNAMED ? beyond + row : session',
      after: 'return session === UNNAMED ? beyond : session',
      breaks: 'what nobody named is taken for the operations of one client, in order',
    },
    {
      name: 'sessions-connections-are-clients',
      before: 'return history.header?.sessions?.named === false ? UNNAMED : history.sessionOf(process)',
      after: 'return history.sessionOf(process)',
      breaks: 'connections pass for clients although nothing named the client',
    },
    {
      name: 'sessions-last-process-stands-for-the-client',
      before: 'if (!first.has(session)) first.set(session, process)',
      after: 'first.set(session, process)',
      breaks: 'a client cannot release its lock on another connection',
    },
  ]),
  ...inFile('encoding/threads.ts', sessions, [
    {
      name: 'sessions-overlapping-operations-in-order',
      before: 'for (let t = 0; t < last.length; t++) if (returns[last[t]] < call) return t',
      after: 'for (let t = 0; t < last.length; t++) if (calls[last[t]] < call) return t',
      breaks: 'operations of one client that overlap have to come in the order they were called',
    },
    {
      name: 'sessions-forget-what-came-before-an-open-one',
      before: 'const before = returns[last[t]] < calls[operation] ? last[t] : lastButOne[t]',
      after: 'const before = returns[last[t]] < calls[operation] ? last[t] : NONE',
      breaks: 'an operation need not come after what its client had done before one that is still open',
    },
    {
      name: 'sessions-threads-are-apart',
      before: 'if (previous !== NONE && returns[before] < calls[previous]) continue',
      after: 'if (previous !== NONE) continue',
      breaks: 'what a client did in two overlapping chains is in order only within each',
    },
  ]),
  ...inFile('register/sequential/search.ts', sessions, [
    {
      name: 'sessions-reads-wait-in-vain',
      before: 'again = threads.isBranched',
      after: 'again = false',
      breaks: 'a read that waits for one of another thread of its client is given up',
    },
  ]),
  ...inFile('register/session/each-before.ts', sessions, [
    {
      name: 'sessions-inherit-the-past',
      before: 'for (let m = start[thread]; m < start[thread] + passed; m++) latest[key[members[m]]] = NONE',
      after: 'for (let m = start[thread]; m < start[thread]; m++) latest[key[members[m]]] = NONE',
      breaks: 'what one client did is taken to have been done by the next as well',
    },
  ]),
  ...inFile(
    'register/session/guarantees.ts',
    ['weaker', ...sessions],
    [
      {
        name: 'session-own-writes-in-any-order',
        before: "if (isWrite(operation)) return { from: last, to: operation, reason: 'process order' }",
        after: 'if (isWrite(operation)) return undefined',
        breaks: "a client's own writes to one key need not stay in the order in which it made them",
      },
    ],
  ),
  ...inFile('register/sequential/loose.ts', sessions, [
    {
      name: 'unnamed-clients-go-unsaid',
      before: 'if (unnamed === 0) return undefined',
      after: 'if (unnamed >= 0) return undefined',
      breaks: 'a level that rests on the order of clients is met though nothing named them',
    },
    {
      name: 'unnamed-reads-of-thin-air-are-dropped',
      before:
        'const isLooseRead = (i: number): boolean => kind[i] === READ && isUnnamed(history, row[i]) && isExplained(i)',
      after: 'const isLooseRead = (i: number): boolean => kind[i] === READ && isUnnamed(history, row[i])',
      breaks: 'a read of what nobody wrote is no violation where nothing named who read it',
    },
    {
      name: 'unnamed-writes-are-dropped-though-seen',
      before: '!anyDiffers && expects[i] === NOTHING && !seen.has(nameOf(i, writes[i])) && isUnnamed(history, row[i])',
      after: '!anyDiffers && expects[i] === NOTHING && isUnnamed(history, row[i])',
      breaks: 'a read of what an unnamed client wrote is called one of thin air',
    },
  ]),
  ...inFile('register/check.ts', sessions, [
    {
      name: 'unnamed-clients-meet-levels',
      before: "return [level, verdict?.result === 'violated' ? verdict : unknownBecause(reason)]",
      after: 'return [level, verdict !== undefined ? verdict : unknownBecause(reason)]',
      breaks: 'a level is met by what was left after the unnamed clients were dropped',
    },
  ]),
  ...inFile('object/check.ts', sessions, [
    {
      name: 'unnamed-clients-hold-locks',
      before:
        'const loose = judge.specification.perProcess === true && first !== undefined ? looseReason(first.history) : undefined',
      after:
        'const loose = judge.specification.perProcess === false && first !== undefined ? looseReason(first.history) : undefined',
      breaks: 'a lock is judged by connections although nothing named the client',
    },
  ]),
]
