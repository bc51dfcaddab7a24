import type { ValueId } from '../tables/value.ts'
import type { History } from './history.ts'

/** Returns the history with all requested values, for models in which the value of an answer is only a result. */
export function withRequestedValues(history: History): History {
  const { requested: asked, operations, warnings } = history
  if (asked === undefined) return history
  const input = operations.input.slice()
  for (let row = 0; row < operations.length; row++) {
    const value = asked.values.get(operations.callLine[row] ?? 0)
    if (value !== undefined) input[row] = value as ValueId
  }
  return {
    ...history,
    requested: undefined,
    operations: { ...operations, input },
    warnings: warnings.filter((warning) => warning !== asked.warning),
  }
}
