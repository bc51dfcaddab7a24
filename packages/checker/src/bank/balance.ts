import { amountText, calledAt, FAIL, functionOf, type History, type Json, OK, outputOf } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import { decimal } from '../object/model/decimal.ts'
import type { Part } from '../object/model/part.ts'
import type { Balance } from '../verdict/verdict.ts'
import { phrase, show, who } from '../verdict/words.ts'
import { amountsIn, balancesIn, movedBy } from './related.ts'

/** The maximum number of spending operations that a sentence lists. */
const MOST_LISTED = 5

interface Movement {
  readonly account: string
  readonly amount: number
  readonly row: number
}

/**
 * Describes which account the operations overdraw, to what balance, and through which transfers: `Account b opened with
 * 10, received at most 0, and spent 14 in 2 acknowledged operations (8 at n1, 6 at n2): that leaves -4, and process 3
 * read -4 at n1.` If they overdraw none, describes a read that shows an overdrawn account or a wrong total.
 */
export function balanceOf(
  core: Part,
  culprit: OperationRow,
  opening: ReadonlyMap<string, number>,
): Balance | undefined {
  const movements = Array.from(core.row).flatMap((row) =>
    movedBy(core.history, row).moves.map(([account, amount]): Movement => ({ account, amount, row })),
  )
  const accounts = [...new Set(movements.map(({ account }) => account))]
  const stories = accounts.flatMap((account) => storyOf(core, account, opening.get(account) ?? 0, movements) ?? [])
  if (opening.size > 0)
    return stories[0] ?? firstOverdrawnRead(core.history) ?? excessOf(core.history, culprit, opening)
  // Without opening balances, the money that seems to be missing was probably in an account at the start.
  const [story] = stories.map(({ sentence, overdrawn }) =>
    core.history.functions.includes('deposit') ? { sentence, overdrawn } : { sentence },
  )
  const known = firstOverdrawnRead(core.history) ?? story
  return {
    ...known,
    sentence: `${known === undefined ? '' : `${known.sentence} `}${openedEmpty(core.history)}`,
  }
}

/**
 * Returns the difference between a read's total and the sum of the opening balances. Transfers do not change this sum.
 */
function excessOf(history: History, culprit: OperationRow, opening: ReadonlyMap<string, number>): Balance | undefined {
  const { functions } = history
  if (!isAnsweredRead(history, culprit)) return undefined
  if (functions.includes('deposit') || functions.includes('withdraw')) return undefined
  const balances = balancesIn(outputOf(history, culprit))
  if (balances === undefined || balances.size === 0) return undefined
  const [total, opened] = [balances, opening].map((each) =>
    [...each.values()].reduce((sum, balance) => decimal(sum + balance), 0),
  )
  const excess = decimal(total - opened)
  if (excess === 0) return undefined
  const more = excess > 0 ? 'more' : 'less'
  return {
    sentence: `The accounts opened with ${amountText(opened)} in all, and this read shows ${amountText(total)}: ${amountText(Math.abs(excess))} ${more}.`,
    excess,
  }
}

/**
 * Describes what the operations of the core spend from an account, and all money that the account may have received
 * before the last of these operations returned.
 */
function storyOf(
  { history, row, length }: Part,
  account: string,
  opening: number,
  movements: readonly Movement[],
): Balance | undefined {
  const { operations } = history
  // An operation of unknown outcome may not have happened.
  const spent = movements.filter(
    ({ account: of, amount, row: at }) => of === account && amount < 0 && operations.outcome[at] === OK,
  )
  const end = spent.reduce((last, { row: at }) => Math.max(last, operations.returnEvent[at]), -1)
  let received = 0
  for (let at = 0; at < operations.length; at++) {
    if (operations.outcome[at] === FAIL || operations.callEvent[at] > end) continue
    for (const [of, amount] of movedBy(history, at).moves)
      if (of === account && amount > 0) received = decimal(received + amount)
  }
  const total = -spent.reduce((sum, { amount }) => sum + amount, 0)
  const balance = opening + received - total
  if (balance >= 0) return undefined
  const listed = spent
    .slice(0, MOST_LISTED)
    .map(({ amount, row: at }) => `${amountText(-amount)}${atNode(history, at)}`)
  const more = spent.length > MOST_LISTED ? ` and ${spent.length - MOST_LISTED} more` : ''
  let seen = ''
  for (let i = 0; i < length && seen === ''; i++) {
    const overdrawn = overdrawnIn(history, row[i])
    if (overdrawn?.[0] === account)
      seen = `, and ${who(history, row[i])} read ${show(overdrawn[1])}${atNode(history, row[i])}`
  }
  const made = spent.length === 1 ? 'operation' : 'operations'
  const sentence = `Account ${account} opened with ${amountText(opening)}, received at most ${amountText(received)}, and spent ${amountText(total)} in ${spent.length} acknowledged ${made} (${listed.join(', ')}${more}): that leaves ${amountText(balance)}${seen}.`
  return { sentence, overdrawn: { account, by: decimal(-balance) } }
}

export function firstOverdrawnRead(history: History): Balance | undefined {
  const { operations } = history
  for (let row = 0; row < operations.length; row++) {
    const overdrawn = overdrawnIn(history, row)
    if (overdrawn === undefined) continue
    return {
      sentence: `Account ${overdrawn[0]} is overdrawn: ${who(history, row)} read ${show(overdrawn[1])}${atNode(history, row)} at ${calledAt(history, row)}.`,
      overdrawn: { account: overdrawn[0], by: -overdrawn[1] },
    }
  }
  return undefined
}

const atNode = ({ operations, nodes }: History, row: number): string => phrase('at', nodes[operations.node[row]])

const overdrawnIn = (history: History, row: OperationRow): readonly [account: string, balance: number] | undefined =>
  isAnsweredRead(history, row) ? overdraftIn(outputOf(history, row)) : undefined

/** The first account with a balance below zero. */
export const overdraftIn = (read: Json): readonly [account: string, balance: number] | undefined =>
  [...(amountsIn(read) ?? [])].find(([, balance]) => balance < 0)

const LONGEST = 60

/** Returns an instruction for giving the opening balances. It states them if the first read shows them. */
export function openingRemedy(history: History): string {
  const opening = openingOf(history)
  return opening === undefined || JSON.stringify(opening).length > LONGEST
    ? `give them with --initial, as in --initial '{"a":10,"b":10}'`
    : `give them with --initial '${JSON.stringify(opening)}', as the first read has it`
}

const openedEmpty = (history: History): string =>
  `All accounts are judged from the balance 0, because no opening balances were given: ${openingRemedy(history)}, or say --initial unknown.`

/** The opening balances that explain the first read, if they are certain. */
function openingOf(history: History): Json | undefined {
  const { operations } = history
  const first = firstRead(history)
  const balances = first === undefined ? undefined : balancesIn(outputOf(history, first))
  if (first === undefined || balances === undefined) return undefined
  for (let row = 0; row < operations.length; row++) {
    if (functionOf(history, row) === 'read' || operations.outcome[row] === FAIL) continue
    if (operations.callEvent[row] > operations.returnEvent[first]) continue
    const isBefore = operations.outcome[row] === OK && operations.returnEvent[row] < operations.callEvent[first]
    // An operation with an id takes effect once, even if it was sent several times.
    const { moves, id } = movedBy(history, row)
    if (!isBefore || id !== undefined) return undefined
    for (const [account, amount] of moves) balances.set(account, decimal((balances.get(account) ?? 0) - amount))
  }
  return [...balances.values()].some((balance) => balance < 0) ? undefined : Object.fromEntries(balances)
}

function firstRead(history: History): number | undefined {
  const { length } = history.operations
  for (let row = 0; row < length; row++) if (isAnsweredRead(history, row)) return row
  return undefined
}

const isAnsweredRead = (history: History, row: OperationRow): boolean =>
  history.operations.outcome[row] === OK && functionOf(history, row) === 'read'
