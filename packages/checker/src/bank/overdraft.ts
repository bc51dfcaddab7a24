import { type History, type Json, OK, type ValueId } from '@chaosproxy/history'
import { decimal } from '../object/model/decimal.ts'
import type { Part } from '../object/model/part.ts'
import { show } from '../verdict/words.ts'

/** More transfers than this are counted, not listed. */
const MOST_LISTED = 5

/** One acknowledged operation's effect on an account. */
interface Movement {
  readonly account: string
  readonly amount: number
  readonly row: number
}

/**
 * Which account the operations of a contradiction overdraw, down to what balance, and by which of them: `Account b
 * opened with 10, received at most 0, and spent 14 in two acknowledged operations (8 at n1, 6 at n2): a balance of -4,
 * as process 3 read at n1.` If they overdraw none, the first read in the whole history that shows an overdrawn account.
 */
export function overdraftStory(
  core: Part,
  balances: ReadonlyMap<string, number>,
  movesOf: (core: Part, i: number) => readonly (readonly [account: string, amount: number])[],
): string | undefined {
  const movements: Movement[] = []
  for (let i = 0; i < core.length; i++)
    for (const [account, amount] of movesOf(core, i)) movements.push({ account, amount, row: core.row[i] })
  const accounts = [...new Set(movements.map(({ account }) => account))]
  const stories = accounts.flatMap((account) => storyOf(core, account, balances.get(account) ?? 0, movements) ?? [])
  return stories[0] ?? firstOverdrawnRead(core.history)
}

function storyOf(
  { history, row, length }: Part,
  account: string,
  opening: number,
  movements: readonly Movement[],
): string | undefined {
  const own = movements.filter((each) => each.account === account)
  const received = own.reduce((sum, { amount }) => sum + Math.max(0, amount), 0)
  // One of unknown outcome may not have been made.
  const spent = own.filter(({ amount, row: at }) => amount < 0 && history.operations.outcome[at] === OK)
  const total = -spent.reduce((sum, { amount }) => sum + amount, 0)
  const balance = opening + received - total
  if (balance >= 0) return undefined
  const listed = spent.slice(0, MOST_LISTED).map(({ amount, row: at }) => `${money(-amount)}${atNode(history, at)}`)
  const more = spent.length > MOST_LISTED ? ` and ${spent.length - MOST_LISTED} more` : ''
  let seen = ''
  for (let i = 0; i < length && seen === ''; i++) {
    const shown = overdrawnIn(history, row[i])
    if (shown?.[0] === account)
      seen = `, and process ${processOf(history, row[i])} read ${shown[1]}${atNode(history, row[i])}`
  }
  return `Account ${account} opened with ${money(opening)}, received at most ${money(received)}, and spent ${money(total)} in ${spent.length} acknowledged operations (${listed.join(', ')}${more}): that leaves ${money(balance)}${seen}.`
}

/** `68,954`, `0.1`. */
const money = (amount: number): string => decimal(amount).toLocaleString('en-US', { maximumFractionDigits: 20 })

function firstOverdrawnRead(history: History): string | undefined {
  const { operations } = history
  for (let row = 0; row < operations.length; row++) {
    const shown = overdrawnIn(history, row)
    if (shown === undefined) continue
    const at = (operations.callTime[row] / 1e9).toFixed(3)
    return `Account ${shown[0]} is overdrawn: process ${processOf(history, row)} read ${shown[1]}${atNode(history, row)} at ${at} s.`
  }
  return undefined
}

const processOf = ({ operations, processName }: History, row: number): string =>
  String(processName(operations.process[row]))

function atNode({ operations, nodes }: History, row: number): string {
  const node = nodes[operations.node[row]]
  return node === undefined ? '' : ` at ${node}`
}

/** The first account that a read shows with a balance below zero. */
export function overdrawnIn(history: History, row: number): readonly [account: string, balance: string] | undefined {
  const { operations, functions, values } = history
  if (operations.outcome[row] !== OK || functions[operations.f[row]] !== 'read') return undefined
  const overdrawn = overdraftIn(values.json(operations.output[row] as ValueId))
  return overdrawn && [overdrawn[0], show(overdrawn[1])]
}

/** The first account of a read whose balance is below zero. */
export const overdraftIn = (read: Json): readonly [account: string, balance: number] | undefined =>
  typeof read === 'object' && read !== null && !Array.isArray(read)
    ? Object.entries(read).find((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] < 0)
    : undefined
