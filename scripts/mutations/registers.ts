import { inFile, type Mutation } from './mutation.ts'

/** Deliberate mistakes in how transactions of registers are judged. */
export const registerMutations: readonly Mutation[] = [
  ...inFile(
    'transactions/registers/sources.ts',
    ['transactions'],
    [
      {
        name: 'registers-info-never-counts',
        before: 'if (status[writer] === UNANSWERED) counts[writer] = 1',
        after: '',
        breaks: 'a transaction without an answer is left out though a read saw its write',
      },
    ],
  ),
  ...inFile(
    'transactions/registers/views.ts',
    ['transactions'],
    [
      {
        name: 'registers-repeated-reads-are-one',
        before: 'if (stamp[k] === t) for (const writer of writers[k] ?? []) views.sees(t, writer, from, k)',
        after:
          'if (stamp[k] === t && !seen.includes(from)) for (const writer of writers[k] ?? []) views.sees(t, writer, from, k)',
        breaks: 'a second read of one source may come after a newer one',
      },
    ],
  ),
  ...inFile(
    'transactions/registers/search-order.ts',
    ['transactions'],
    [
      {
        name: 'registers-choices-are-turned-for-good',
        before: 'const rest: Grounds = grounds.slice(0, -1)',
        after: 'const rest: Grounds = grounds.slice(0, 0)',
        breaks: 'a history is condemned though another choice explains it',
      },
    ],
  ),
  ...inFile(
    'transactions/registers/breaches.ts',
    ['transactions'],
    [
      {
        name: 'registers-writers-may-overlap',
        before: 'if (this.#position[b] < this.#position[this.#commit(a)])',
        after: 'if (this.#position[b] < this.#position[a])',
        breaks: 'an update is lost under snapshot isolation and nobody notices',
      },
      {
        name: 'registers-visible-writers-are-forgotten',
        before: 'const visible = this.#order.path(newer, reader)',
        after: 'const visible = this.#order.path(reader, newer)',
        breaks: 'a long fork is told from read skew by chance',
      },
    ],
  ),
  ...inFile(
    'transactions/registers/entry.ts',
    ['transactions'],
    [
      {
        name: 'registers-guess-ambiguous-sources',
        before: 'if (ambiguous === undefined) return { outcomes, orders }',
        after: 'if (ambiguous === undefined || orders.size > 0) return { outcomes, orders }',
        breaks: 'a level is met though nobody knows which of two writes a read saw',
      },
    ],
  ),
  ...inFile(
    'transactions/granted/assumptions.ts',
    ['transactions'],
    [
      {
        name: 'registers-keys-are-never-linearizable',
        before:
          'if (!ended.some((other) => precedes(record, one.transaction, other.transaction))) grant(one.last, touch.first)',
        after: 'if (ended.length > 1e9) grant(one.last, touch.first)',
        breaks: 'a stale read passes although keys were said to be linearizable',
      },
    ],
  ),
]
