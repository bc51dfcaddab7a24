import type { LevelDefinition } from './definition.ts'

/** Lamport 1979. It does not imply eventual: a replica may lag for ever and still fit one order. */
export const sequential: LevelDefinition<'sequential'> = {
  name: 'sequential',
  implies: ['causal-convergence', 'causal-memory'],
}
