import { checkMutations } from './check.ts'
import { linearizableMutations } from './linearizable.ts'
import type { Mutation } from './mutation.ts'
import { narrowMutations } from './narrow.ts'
import { objectMutations } from './objects.ts'
import { sequentialMutations } from './sequential.ts'
import { weakerMutations } from './weaker.ts'

/** Every deliberate mistake, by area. */
export const mutations: readonly Mutation[] = [
  ...linearizableMutations,
  ...narrowMutations,
  ...sequentialMutations,
  ...weakerMutations,
  ...checkMutations,
  ...objectMutations,
]
