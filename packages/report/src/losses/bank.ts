import type { Counterexample } from '@chaosproxy/checker'
import { count, FAIL, type History, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'
import { functionOf, isRead, nameText } from '../operation-words.ts'
import type { FindLoss, Loss } from './loss.ts'

/**
 * `Account b was overdrawn by 4`: by the operations of the contradiction, otherwise the first that a read shows below zero;
 * or by how much a total is wrong.
 */
export const bankLoss: FindLoss = ({ history, counterexample }) => {
  const overdrawn = overdrawnBy(history, counterexample) ?? firstOverdrawn(history)
  if (overdrawn !== undefined)
    return { title: `Account ${nameText(overdrawn[0], 24)} was overdrawn by ${count(-overdrawn[1])}` }
  return wrongTotal(history, counterexample)
}

/** Transfers move money, and neither make nor destroy any. */
function wrongTotal(history: History, { culprit }: Counterexample): Loss | undefined {
  const initial = totalOf(history.header?.initial ?? null)
  if (culprit === undefined || initial === undefined || !isRead(history, culprit)) return undefined
  const total = totalOf(outputOf(history, culprit))
  if (history.operations.outcome[culprit] !== OK || total === undefined || total === initial) return undefined
  return {
    title: `${count(Math.abs(total - initial))} ${total < initial ? 'vanished from' : 'too much appeared in'} the accounts`,
  }
}

/** Undefined unless all balances are numbers. */
function totalOf(read: Json): number | undefined {
  const all = Object.values(balances(read))
  const numbers = all.filter((balance): balance is number => typeof balance === 'number')
  return all.length === 0 || numbers.length < all.length
    ? undefined
    : numbers.reduce((sum, balance) => sum + balance, 0)
}

/** The first account that the contradiction's operations leave below zero, whichever of unknown outcome took effect. */
function overdrawnBy(
  history: History,
  { operations }: Counterexample,
): readonly [account: string, balance: number] | undefined {
  const opening = balances(history.header?.initial ?? null)
  const left = new Map<string, number>()
  const move = (account: Json | undefined, amount: number): void => {
    if (typeof account !== 'string' && typeof account !== 'number') return
    const before = left.get(String(account)) ?? opening[String(account)]
    left.set(String(account), (typeof before === 'number' ? before : 0) + amount)
  }
  for (const { operation, role } of operations) {
    const { from, to, account, amount } = balances(inputOf(history, operation))
    const f = functionOf(history, operation)
    if (role !== 'core' || typeof amount !== 'number' || history.operations.outcome[operation] === FAIL) continue
    move(f === 'deposit' ? account : to, amount)
    if (history.operations.outcome[operation] === OK) move(f === 'withdraw' ? account : from, -amount)
  }
  return [...left].find(([, balance]) => balance < 0)
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
