import { count, type History } from '@chaosproxy/history'
import type { Budget } from '../limits/budget.ts'
import { NOT_REQUESTED, outOf, type Reason } from '../verdict/reason.ts'
import type { ModelEntry } from './entry.ts'
import { followsFrom } from './headline.ts'
import type { CheckOptions } from './options.ts'
import { countUnknown } from './outcomes.ts'
import type { Report } from './report.ts'

/** Bytes for an encoded operation and its places in the lists. */
const BYTES_PER_OPERATION = 40

export const encodingBytes = ({ operations, keys }: History): number =>
  operations.length * BYTES_PER_OPERATION * (keys.length > 1 ? 2 : 1)

/** Reserves memory for encoding the history. Returns the reason if there is not enough. */
export function takeEncoding(history: History, budget: Budget): Reason | undefined {
  return take(encodingBytes(history), history.operations.length, 'operations', budget)
}

const take = (bytes: number, items: number, noun: string, budget: Budget): Reason | undefined =>
  budget.take(bytes)
    ? undefined
    : outOf('memory', `${count(items)} ${noun} take ${Math.ceil(bytes / 1e6)} MB before any search`)

/** Bytes for judging an object with a few operations. */
const BYTES_PER_OBJECT = 2_500

/** Reserves memory for judging each object separately. Returns the reason if there is not enough. */
export function takeObjects({ keys }: History, budget: Budget): Reason | undefined {
  return take(keys.length * BYTES_PER_OBJECT, keys.length, 'objects', budget)
}

export function reportUnread<Name extends string>(
  history: History,
  { name, judge }: ModelEntry<Name>,
  { levels: requested }: Pick<CheckOptions<Name>, 'levels'>,
  reason: Reason,
): Report<Name> {
  const levels = followsFrom<Name>(judge.ladder, {}, (level) => (requested.includes(level) ? reason : NOT_REQUESTED))
  const total = countUnknown(history.operations.outcome)
  const headline = judge.headline(levels, undefined)
  return { model: name, levels, headline, info: { total, happened: 0, undecided: total }, lost: [] }
}
