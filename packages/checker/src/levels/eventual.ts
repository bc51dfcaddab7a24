import type { LevelDefinition } from './definition.ts'

/** Vogels 2009. Defined by final reads: without them it stays unknown, whatever else holds. */
export const eventual: LevelDefinition<'eventual'> = {
  name: 'eventual',
  implies: ['convergent'],
  isApart: true,
}
