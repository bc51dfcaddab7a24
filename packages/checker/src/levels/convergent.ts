import type { LevelDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

/**
 * Convergence alone (Bailis & Ghodsi 2013, the liveness half of eventual consistency): after healing, all final reads
 * agree, on whatever value. Defined by final reads: without them it stays unknown, whatever else holds.
 */
export const convergent: LevelDefinition<'convergent'> = {
  name: 'convergent',
  sentence: 'once all is quiet, the copies agree, no matter on what',
  rung: rungs.eventual,
  implies: [],
  isApart: true,
  isRealTime: true,
}
