import type { LevelDefinition } from './definition.ts'

/** Herlihy & Wing 1990. It implies eventual if there are final reads. */
export const linearizable: LevelDefinition<'linearizable'> = {
  name: 'linearizable',
  implies: ['sequential', 'eventual'],
}
