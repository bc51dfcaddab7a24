import { count, type History, type Json, OK, outputOf } from '@chaosproxy/history'
import { isRead, nameText } from '../operation-words.ts'
import type { FindLoss } from './loss.ts'

/** `Account b was overdrawn by 4`: the first that a read shows below zero. */
export const bankLoss: FindLoss = ({ history }) => {
  const overdrawn = firstOverdrawn(history)
  return overdrawn && { title: `Account ${nameText(overdrawn[0], 24)} was overdrawn by ${count(-overdrawn[1])}` }
}

function firstOverdrawn(history: History): readonly [account: string, balance: number] | undefined {
  const { length, outcome } = history.operations
  for (let row = 0; row < length; row++) {
    if (!isRead(history, row) || outcome[row] !== OK) continue
    const below = Object.entries(balances(outputOf(history, row))).find(
      (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] < 0,
    )
    if (below !== undefined) return below
  }
  return undefined
}

const balances = (read: Json): { readonly [account: string]: Json } =>
  typeof read === 'object' && read !== null && !Array.isArray(read)
    ? (read as { readonly [account: string]: Json })
    : {}
