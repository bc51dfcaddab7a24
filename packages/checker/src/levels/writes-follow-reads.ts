import { alreadyKnew, noSharedOrder, type WeakDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

/** Viotti & Vukolić 2016. On registers it bites only together with monotonic reads: alone it forbids reading the future. */
export const writesFollowReads: WeakDefinition<'writes-follow-reads'> = {
  name: 'writes-follow-reads',
  sentence: 'a write comes after the writes that its client had read',
  rung: rungs.client,
  implies: [],
  cost: 0,
  contradiction: (relations) => relations.inFuture(),
  sourcesChosenBy: 'all',
  hides: 'nothing',
  words: {
    noWay: 'some read saw a write that was not there yet',
    introduction: noSharedOrder,
    since: alreadyKnew,
  },
}
