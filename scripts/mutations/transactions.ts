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
]
