import { functionOf, type History, OK, type UserError } from '@chaosproxy/history'
import { functionTest, unknownFunction } from '../encoding/operation-row.ts'
import type { ModelEntry, Need } from '../judge/entry.ts'
import type { CheckOptions, Semantics } from '../judge/options.ts'
import { requireExactNumbers } from './exact.ts'
import { entryFor, findModel, models } from './registry.ts'
import { renaming } from './renamed.ts'

/**
 * Rejects a history that cannot belong to a model.
 *
 * @throws UserError for an operation that the model does not know (names the models that know it), and for a value
 * without a meaning in the model.
 */
export function requireUnderstood(history: History, entry: ModelEntry<string>): void {
  const unknown = history.functions.findIndex((f) => !entry.knows(f))
  const row = unknown < 0 ? -1 : history.operations.f.subarray(0, history.operations.length).indexOf(unknown)
  if (row >= 0) throw notKnown(history, row, entry)
  requireExactNumbers(history, entry.name)
  entry.vet?.(history)
}

function notKnown(history: History, row: number, { name, functions = [] }: ModelEntry<string>): UserError {
  const f = functionOf(history, row)
  // A model that knows all operations is probably the intended one.
  const all = models.filter((each) => history.functions.every((every) => knows(each, every)))
  const some = all.length > 0 ? all : models.filter((each) => knows(each, f))
  const options = some.map((each) => `--model ${each.name}`)
  const renamed = options.length === 0 ? renaming(history, knowsByName) : undefined
  const remedy =
    renamed !== undefined
      ? `To check the history with the names that a model knows: ${renamed}`
      : options.length === 0
        ? 'No model knows it: rename the operation, or give a model of your own (--model FILE).'
        : `${options.length === 1 ? 'This model knows' : 'These models know'} it: ${options.join(', ')}.`
  return unknownFunction(history, row, { model: name, known: functions }, remedy)
}

const knows = ({ knows: knowsIt, ofTransactions }: ModelEntry<string>, f: string): boolean =>
  knowsIt(f) || ofTransactions?.knows(f) === true

const knowsByName = (model: string, f: string): boolean => {
  const entry = findModel(model)
  return entry !== undefined && knows(entry, f)
}

/**
 * Returns the needs of the model that a history does not meet. A history without observations, for example, proves
 * nothing.
 */
export function unmetNeeds(
  history: History,
  options: Semantics & Pick<CheckOptions<string>, 'model'>,
): readonly Need[] {
  return entryFor(options.model, history).needs.filter((need) => !isMet(need, history, options))
}

function isMet(need: Need, history: History, options: Semantics): boolean {
  const { outcome, length } = history.operations
  const isOne = functionTest(history, (name) => need.functions?.includes(name) ?? true)
  const meets = need.isMetBy?.(history, options) ?? ((row: number) => outcome[row] === OK)
  for (let row = 0; row < length; row++) if (isOne(row) && meets(row)) return true
  return false
}
