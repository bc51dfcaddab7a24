import type { Counterexample } from '@chaosproxy/checker'
import { type History, OK, outputOf } from '@chaosproxy/history'
import { isRead, nameText } from '../operation-words.ts'
import type { FindLoss } from './loss.ts'

/** `68,954`, `0.01`. */
const money = (amount: number): string => amount.toLocaleString('en-US', { maximumFractionDigits: 20 })

/** `Account b was overdrawn by 4`, or by how much a total is wrong: what the sentence of the contradiction says. */
export const bankLoss: FindLoss = ({ history, counterexample: { balance } }) => {
  const overdrawn = balance === undefined ? firstOverdrawn(history) : balance.overdrawn
  if (overdrawn !== undefined)
    return { title: `Account ${nameText(overdrawn.account, 24)} was overdrawn by ${money(overdrawn.by)}` }
  if (balance?.excess === undefined) return undefined
  const how = balance.excess < 0 ? 'vanished from' : 'too much appeared in'
  return { title: `${money(Math.abs(balance.excess))} ${how} the accounts` }
}

/** The first account that a read shows below zero, where the opening balances are unknown. */
function firstOverdrawn(history: History): NonNullable<Counterexample['balance']>['overdrawn'] {
  const { length, outcome } = history.operations
  for (let row = 0; row < length; row++) {
    if (!isRead(history, row) || outcome[row] !== OK) continue
    const read = outputOf(history, row)
    const balances = typeof read === 'object' && read !== null ? Object.entries(read) : []
    for (const [account, balance] of balances)
      if (typeof balance === 'number' && balance < 0) return { account, by: -balance }
  }
  return undefined
}
