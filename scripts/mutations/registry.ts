import { checkMutations } from './check.ts'
import { counterexampleMutations } from './counterexamples.ts'
import { linearizableMutations } from './linearizable.ts'
import type { Mutation } from './mutation.ts'
import { narrowMutations } from './narrow.ts'
import { objectMutations } from './objects.ts'
import { onlineMutations } from './online.ts'
import { partMutations } from './parts.ts'
import { recordMutations } from './records.ts'
import { registerMutations } from './registers.ts'
import { sequentialMutations } from './sequential.ts'
import { sessionMutations } from './sessions.ts'
import { startMutations } from './starts.ts'
import { transactionMutations } from './transactions.ts'
import { watchMutations } from './watches.ts'
import { weakerMutations } from './weaker.ts'

/** Every deliberate mistake, by area. */
export const mutations: readonly Mutation[] = [
  ...linearizableMutations,
  ...narrowMutations,
  ...sequentialMutations,
  ...weakerMutations,
  ...checkMutations,
  ...objectMutations,
  ...onlineMutations,
  ...startMutations,
  ...recordMutations,
  ...partMutations,
  ...sessionMutations,
  ...counterexampleMutations,
  ...watchMutations,
  ...transactionMutations,
  ...registerMutations,
]
