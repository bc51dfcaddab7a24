import { NOTHING } from '../../../../checker/src/encoding/encoded.ts'
import type { WeakDefinition } from '../../../../checker/src/levels/definition.ts'
import { INITIAL } from '../../../../checker/src/register/sequential/reads-from.ts'
import { eachBefore } from '../../../../checker/src/register/session/each-before.ts'

/** What its file in `levels` would export: a client that wrote a key may miss newer values of it, but not every value. */
export const neverEmpty: WeakDefinition<'never-empty'> = {
  name: 'never-empty',
  adjective: 'never empty again',
  sentence: 'a client that has written something never finds nothing in its place',
  rung: { title: 'Never empty', name: 'never empty again', sign: '◌' },
  isCompared: true,
  implies: [],
  impliedBy: ['read-your-writes'],
  headline: 'never empty again',
  cost: 0,
  contradiction: (relations) =>
    relations.inSession((facts, budget) => {
      const { writes } = facts.encoded
      const found = eachBefore(
        facts,
        (operation) => writes[operation] !== NOTHING,
        budget,
        (read, write) =>
          facts.writerOf[read] === INITIAL && writes[read] === NOTHING
            ? { from: read, to: write, reason: 'overwritten after', premise: [write, read], reader: read }
            : undefined,
      )
      return found === undefined ? undefined : [found]
    }),
  sourcesChosenBy: 'all',
  hides: 'writes',
  knewBy: (_, write) => write,
  words: {
    noWay: 'some process found nothing where it had written',
    introduction: () => 'A client found nothing where it had written, however the writes are ordered',
    since: (who, read) => `${who} had put it there when it ${read}`,
  },
}
