import { orderOfWrites, type WeakDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

export const writesFollowReads: WeakDefinition<'writes-follow-reads'> = {
  ...orderOfWrites,
  name: 'writes-follow-reads',
  sentence: 'a write comes after the writes that its client had read',
  rung: rungs.client,
}
