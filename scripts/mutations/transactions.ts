import { inFile, type Mutation } from './mutation.ts'

/** Deliberate mistakes in how transactions are judged. */
export const transactionMutations: readonly Mutation[] = [
  ...inFile(
    'transactions/graph/real-time.ts',
    ['transactions'],
    [
      {
        name: 'transactions-barriers-are-apart',
        before: 'if (barrier > firstNode) edges.add(barrier - 1, barrier, RT, NO_KEY)',
        after: '',
        breaks: 'a completion precedes only the invocations before the next completion',
      },
    ],
  ),
  ...inFile(
    'transactions/graph/version-edges.ts',
    ['transactions'],
    [
      {
        name: 'transactions-unread-appends-are-nowhere',
        before: 'for (const [k, all] of readers) nodes = addUnplaced(edges, versions, k, all, nodes)',
        after: '',
        breaks: 'who read the end of a list does not come before an append that no read shows',
      },
    ],
  ),
  ...inFile(
    'transactions/levels/free-orders.ts',
    ['transactions'],
    [
      {
        name: 'transactions-free-orders-are-none',
        before: "if (groups.length === 0 || without.result !== 'met') return without",
        after: 'return without',
        breaks: 'appends that no read shows need not be in any order',
      },
    ],
  ),
  ...inFile(
    'transactions/lists/infer.ts',
    ['transactions'],
    [
      {
        name: 'transactions-info-never-counts',
        before: 'if (row >= 0 && status[transaction[row]] !== ABORTED) counts[transaction[row]] = 1',
        after: '',
        breaks: 'a transaction without an answer is left out though a read saw its append',
      },
    ],
  ),
  ...inFile(
    'transactions/registers/views.ts',
    ['transactions'],
    [
      {
        name: 'transactions-repeated-reads-are-merged',
        before: 'if (stamp[k] === t) for (const writer of writers[k] ?? []) views.sees(t, writer, from, k)',
        after:
          'if (stamp[k] === t && !seen.includes(from)) for (const writer of writers[k] ?? []) views.sees(t, writer, from, k)',
        breaks: 'a second read of one source is not held to what its transaction saw in between',
      },
    ],
  ),
  ...inFile(
    'transactions/anomalies/search.ts',
    ['transactions'],
    [
      {
        name: 'transactions-closed-walks-are-cycles',
        before: 'return new Set(steps.map((step) => step.from)).size === steps.length ? steps : undefined',
        after: 'return steps',
        breaks: 'a walk that passes a transaction twice is shown as a cycle',
      },
      {
        name: 'transactions-barriers-cost-a-step',
        before: 'if (transaction[other] < 0) queue.push(reached)',
        after: 'if (transaction[other] < 0 && steps < 0) queue.push(reached)',
        breaks: 'a cycle through a chain of barriers is longer than one through transactions',
      },
    ],
  ),
  ...inFile(
    'transactions/recorded/declared.ts',
    ['transactions'],
    [
      {
        name: 'recorded-all-ask-for-snapshots',
        before: 'const ofSnapshots = counting((from) => levels[from] >= SNAPSHOT)',
        after: 'const ofSnapshots = counting(() => true)',
        breaks: 'a database is accused of what read committed allows',
      },
      {
        name: 'recorded-nobody-asks-for-serializable',
        before: 'const ofSerial = counting((from, to, key) => areSerial(from, to) && others[key] === 0)',
        after: 'const ofSerial = counting(() => false)',
        breaks: 'write skew at serializable keeps what was declared',
      },
      {
        name: 'recorded-others-in-between-are-serializable',
        before: 'const ofSerial = counting((from, to, key) => areSerial(from, to) && others[key] === 0)',
        after: 'const ofSerial = counting(areSerial)',
        breaks: 'a database is accused though one at read committed came in between',
      },
    ],
  ),
  ...inFile(
    'transactions/recorded/infer.ts',
    ['transactions'],
    [
      {
        name: 'recorded-uncertain-orders-are-certain',
        before: 'if (isCertain && certain[place] === 0) return NO_VERSION',
        after: '',
        breaks: 'an order of two writes that may not hold breaks a level',
      },
      {
        name: 'recorded-likely-sources-are-certain',
        before: 'const certain = left.map((read) => ({ read, place: onlyOf(read.places) }))',
        after: 'const certain = left.map((read) => ({ read, place: read.places.at(-1) }))',
        breaks: 'one of several sources of a read is taken for the only one',
      },
      {
        name: 'recorded-statements-have-no-times',
        before: 'return from === undefined || to === undefined ? this.#whole : { began: from, ended: to }',
        after: 'return this.#whole',
        breaks: 'two statements of one transaction may have read at the same time',
      },
    ],
  ),
  ...inFile(
    'transactions/recorded/judge.ts',
    ['transactions'],
    [
      {
        name: 'recorded-doubts-end-too-early',
        before: 'if (mark.settled === undefined || first[cell] < mark.settled)',
        after: 'if (mark.settled === undefined)',
        breaks: 'a cell is trusted that something else changed meanwhile',
      },
    ],
  ),
  ...inFile(
    'transactions/registers/any-start.ts',
    ['transactions'],
    [
      {
        name: 'transactions-start-is-tried-once',
        before: 'return startsOf(record, from, sources, violated).find(({ key, value }) => {',
        after: 'return startsOf(record, from, sources, violated).slice(1).find(({ key, value }) => {',
        breaks: 'registers are condemned that one start explains',
      },
      {
        name: 'transactions-starts-are-not-told-apart',
        before: 'if (kind[row] === READ && first[key[row]] === UNKNOWN && value[row] !== UNKNOWN)',
        after: 'if (kind[row] === READ && value[row] !== UNKNOWN)',
        breaks: 'a key whose start is known is given another one',
      },
    ],
  ),
  ...inFile(
    'transactions/record/writes.ts',
    ['transactions'],
    [
      {
        name: 'transactions-first-tries-took-effect',
        before: 'for (const row of lost) status[transaction[row]] = ABORTED',
        after: '',
        breaks: 'an append that was sent again and acknowledged leaves every level unknown',
      },
    ],
  ),
  ...inFile(
    'transactions/recorded/units.ts',
    ['transactions'],
    [
      {
        name: 'recorded-units-have-no-intermediate-state',
        before: "if (!isLast) findings.add('G1b', t, row, writes[version])",
        after: '',
        breaks: 'a request that saw what another had yet to overwrite is called serializable',
      },
    ],
  ),
  ...inFile(
    'transactions/recorded/units.ts',
    ['transactions'],
    [
      {
        name: 'recorded-units-write-apart',
        before: 'const writer = versions.writer.map((t) => units[t])',
        after: 'const writer = versions.writer.slice()',
        breaks: 'a request that lost an update without a transaction is not found',
      },
    ],
  ),
  ...inFile(
    'transactions/granted/row-locks.ts',
    ['transactions'],
    [
      {
        name: 'recorded-reads-are-fresh-at-their-end',
        before: 'const newest = this.#isFresh ? this.#lastAcknowledged(began) : -1',
        after: 'const newest = this.#isFresh ? this.#lastAcknowledged(ended) : -1',
        breaks: 'a read has to see what was committed after it',
      },
    ],
  ),
]
