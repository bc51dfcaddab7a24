import type { History } from '@chaos/history'
import { reportUnread } from './encoding-memory.ts'
import { modelOf } from './models/registry.ts'
import { checkModel, checkObject } from './objects/check.ts'
import type { CheckOptions } from './options.ts'
import { withDoubts } from './record/doubts.ts'
import { judgeableOf } from './record/judgeable.ts'
import { checkRegisters } from './registers.ts'
import type { Report } from './verdict.ts'

/**
 * Judges a history by every level asked for, within the time and memory given.
 *
 * What the record says it lacks is left out, and then nothing is `met` (see `judgeableOf`), nor is it where there are no
 * operations. Every `met` by an order was replayed before it is returned; an order that fails its replay is a mistake of
 * this program, and throws.
 *
 * @throws UserError when the model does not know an operation of the history.
 */
export function check(history: History, options: CheckOptions): Report {
  if (history.operations.length === 0) {
    // Options that make no sense are told all the same.
    judge(history, options)
    return reportUnread(history, nameOf(options), options, NO_OPERATIONS)
  }
  const judgeable = judgeableOf(history, options)
  if (judgeable === undefined) return judge(history, options)
  return withDoubts(judge(judgeable.history, options), history, judgeable)
}

/** Anything could be said of them. */
const NO_OPERATIONS = 'the history has no operations, so that nothing was tried. Record some, or check another file'

const nameOf = ({ model }: CheckOptions): string => (typeof model === 'string' ? model : model.name)

function judge(history: History, options: CheckOptions): Report {
  if (typeof options.model !== 'string') return checkModel(history, options.model, options)
  const entry = modelOf(options.model)
  return entry.object === undefined
    ? checkRegisters(history, options)
    : checkObject(history, entry, entry.object, options)
}
