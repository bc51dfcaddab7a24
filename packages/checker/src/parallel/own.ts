import type { History } from '@chaosproxy/history'
import { checkBy } from '../check/check.ts'
import type { Model } from '../judge/model.ts'
import type { Report } from '../judge/report.ts'
import type { Settled, SomeParts } from '../object/check.ts'
import { decideOwn, modelEntry } from '../object/own.ts'
import { judgeableOf } from '../record/judgeable.ts'
import { outOf } from '../verdict/reason.ts'
import { unknownBecause } from '../verdict/verdict.ts'
import { leftOpen, narrowed, type ShareOptions } from './shares.ts'

// Judges a history by a user's model in several workers. Each decides some parts, because keys and shards are local
// (Herlihy & Wing 1990, Theorem 1).

export type { Settled, SomeParts }

/** Reports whether several workers may each decide some parts of a history. */
export const mayBeSettled = (history: History, { levels }: Pick<ShareOptions, 'levels'>): boolean =>
  history.clocks === undefined && history.operations.length > 0 && levels.includes('linearizable')

/**
 * Decides every part whose number modulo `of` is `shard`.
 *
 * @throws UserError for an operation that the model does not know, and every error that the model throws.
 */
export function decideOwnShard(
  history: History,
  model: Model<unknown>,
  options: ShareOptions,
  { shard, of }: { readonly shard: number; readonly of: number },
): SomeParts {
  const { record } = modelEntry(model)
  const judged = judgeableOf(history, record, options.initial)?.history ?? history
  return decideOwn(judged, model, narrowed(options), (part) => part % of === shard)
}

/**
 * Returns the report on a history whose parts were decided. Equals the report of `check`. Decides again only the
 * violated parts.
 *
 * @throws UserError (environment) if a part reported as violated is linearizable.
 */
export const reportOfSettled = (
  history: History,
  model: Model<unknown>,
  options: ShareOptions,
  settled: Settled,
): Report<string> => checkBy(modelEntry(model, settled), history, options)

/** Combines the answers for all parts. */
export function settledBy(answers: readonly SomeParts[]): Settled {
  const parts = answers.flatMap((answer) => (answer.result === 'violated' ? [answer.part] : []))
  if (parts.length > 0) return { result: 'violated', parts }
  const open = answers.flatMap((answer) => (answer.result === 'unknown' ? [answer] : []))
  if (open.length === 0) return { result: 'met' }
  const { limit, undecided } = leftOpen(open)
  const all = open.reduce((most, answer) => Math.max(most, answer.keys), undecided)
  return unknownBecause(outOf(limit, `${undecided} of ${all} objects are not decided`))
}
