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
]
