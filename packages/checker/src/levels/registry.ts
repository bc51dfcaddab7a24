import { causal } from './causal.ts'
import { causalConvergence } from './causal-convergence.ts'
import { causalMemory } from './causal-memory.ts'
import { convergent } from './convergent.ts'
import { eventual } from './eventual.ts'
import { linearizable } from './linearizable.ts'
import { monotonicReads } from './monotonic-reads.ts'
import { monotonicWrites } from './monotonic-writes.ts'
import { pram } from './pram.ts'
import { readYourWrites } from './read-your-writes.ts'
import { sequential } from './sequential.ts'
import { session } from './session.ts'
import { writesFollowReads } from './writes-follow-reads.ts'

/** The levels of consistency, strongest first. Everything that lists, decides or names levels iterates over them. */
export const definitions = [
  linearizable,
  sequential,
  causal,
  causalMemory,
  causalConvergence,
  pram,
  session,
  readYourWrites,
  monotonicReads,
  monotonicWrites,
  writesFollowReads,
  eventual,
  convergent,
] as const
