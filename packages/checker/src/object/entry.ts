import type { HistoryJudge, ModelEntry } from '../judge/entry.ts'
import { consistency } from '../levels/levels.ts'
import { checkObject } from './check.ts'
import { headlineOfObject } from './headline.ts'
import type { AnyStart } from './model/any-start.ts'
import type { ObjectEntry, ObjectModel } from './model/object-model.ts'
import { vetObject } from './vet.ts'

export interface ObjectJudge extends HistoryJudge {
  readonly object: ObjectModel
}

export function objectEntry({ object, ...rest }: ObjectEntry, fromAny: AnyStart | 'alike'): ModelEntry {
  const judge: ObjectJudge = {
    ladder: consistency,
    sharesKeys: false,
    object,
    check: (history, entry, options) => checkObject(history, entry, { object, fromAny }, options),
    headline: headlineOfObject,
  }
  return {
    ...rest,
    knows: (f) => Object.hasOwn(object.numbers, f),
    vet: (history) => vetObject(history, rest.name, object),
    needs: [object.observation ?? { what: 'read', functions: readsOf(object) }],
    judge,
    record: {
      mayLackInput: object.mayLackInput ?? [],
      mayBeTaken: true,
      ...(fromAny === 'alike' ? {} : { byStart: fromAny.byStart, leastStarts: fromAny.leastStarts }),
    },
  }
}

const readsOf = ({ numbers, reads }: ObjectModel): readonly string[] =>
  Object.keys(numbers).filter((f) => reads.includes(numbers[f]))
