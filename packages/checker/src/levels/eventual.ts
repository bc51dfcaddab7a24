import type { LevelDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

/** Vogels 2009. Defined by final reads: without them it stays unknown, whatever else holds. */
export const eventual: LevelDefinition<'eventual'> = {
  name: 'eventual',
  adjective: 'eventually consistent',
  sentence: 'once all is quiet, the copies agree on a value that nobody had overwritten',
  rung: rungs.eventual,
  isCompared: true,
  implies: ['convergent'],
  isApart: true,
  isRealTime: true,
}
