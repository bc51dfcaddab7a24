import type { LevelDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

/** Lamport 1979. It does not imply eventual: a replica may lag for ever and still fit one order. */
export const sequential: LevelDefinition<'sequential'> = {
  name: 'sequential',
  adjective: 'sequentially consistent',
  sentence: 'one order for everybody, in which each client sees its own steps in turn; answers may be old',
  rung: rungs.sequential,
  isCompared: true,
  implies: ['causal-convergence', 'causal-memory'],
}
