import { OK } from '../columns/history-columns.ts'
import type { Json } from '../event/event.ts'
import type { ValueId } from '../tables/value.ts'
import type { History } from './history.ts'

/**
 * Names the accounts 0, 1, … of a bank whose reads return lists of balances. The opening balances are unknown unless
 * the header gives them.
 */
export function withNamedAccounts(history: History): History {
  const { values, operations, header } = history
  const named = new Map<number, number>()
  let count = 0
  for (let row = 0; row < operations.length; row++) {
    const output = operations.output[row] ?? 0
    if (operations.outcome[row] !== OK || operations.input[row] === output) continue
    let id = named.get(output)
    if (id === undefined) {
      const balances = balancesOf(values.json(output as ValueId))
      id = balances === undefined ? output : values.id(balances)
      named.set(output, id)
    }
    if (id === output) continue
    operations.output[row] = id
    count += 1
  }
  if (count === 0) return history
  return {
    ...history,
    header: { chaos: 1, initial: 'unknown', ...header },
    warnings: [
      ...history.warnings,
      `${history.source}: lists of balances name no accounts, so their accounts are named 0, 1, …`,
    ],
  }
}

const balancesOf = (value: Json): Json | undefined =>
  Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'number' || each === null)
    ? Object.fromEntries(value.map((balance: Json, account) => [String(account), balance]))
    : undefined
