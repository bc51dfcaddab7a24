import type { LevelDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

/** Herlihy & Wing 1990. It implies eventual if there are final reads. */
export const linearizable: LevelDefinition<'linearizable'> = {
  name: 'linearizable',
  sentence: 'as if there were one copy: an answer reflects every write acknowledged before the question was asked',
  rung: rungs.linearizable,
  isCompared: true,
  isRealTime: true,
  implies: ['sequential', 'eventual'],
}
