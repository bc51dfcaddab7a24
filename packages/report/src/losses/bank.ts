import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { count, FAIL, type History, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'
import { clientOf, functionOf, isRead, nameText, nodeOf } from '../operation-words.ts'
import {
  amountText,
  changeText,
  clockOf,
  type LayOutSheet,
  rounded,
  rowsWhere,
  type Sheet,
  type SheetRow,
  wasBefore,
} from '../sheets/sheet.ts'
import type { FindLoss } from './loss.ts'

/** What an operation does to the accounts. */
type Moves = ReadonlyMap<string, number>

/** More than these would hide the one that matters. */
const MOST_SHOWN = 6
const MOST_ACCOUNTS = 8

/** `68,954`, `0.01`, as the sentence of the contradiction has it. */
const money = (amount: number): string => amount.toLocaleString('en-US', { maximumFractionDigits: 20 })

/** `Account b was overdrawn by 4`, or by how much a total is wrong: what the sentence of the contradiction says. */
export const bankLoss: FindLoss = ({ history, counterexample }) => {
  const overdrawn = overdrawnIn(history, counterexample)
  if (overdrawn !== undefined)
    return { title: `Account ${nameText(overdrawn.account, 24)} was overdrawn by ${money(overdrawn.by)}` }
  const { excess } = counterexample.balance ?? {}
  if (excess === undefined) return undefined
  const how = excess < 0 ? 'vanished from' : 'too much appeared in'
  return { title: `${money(Math.abs(excess))} ${how} the accounts` }
}

/** An account that was overdrawn, transfer by transfer; otherwise what a read shows against what had been acknowledged. */
export const bankSheet: LayOutSheet = ({ history, counterexample }) => {
  const overdrawn = overdrawnIn(history, counterexample)
  if (overdrawn !== undefined) return accountSheet(history, overdrawn)
  const { culprit } = counterexample
  return culprit !== undefined && isRead(history, culprit) && history.operations.outcome[culprit] === OK
    ? readSheet(history, culprit)
    : undefined
}

/** The account that is overdrawn, as the headline has it. */
function overdrawnIn(history: History, { balance }: Counterexample): { account: string; by: number } | undefined {
  if (balance !== undefined) return balance.overdrawn
  const read = rowsWhere(history, (row) => balancesOf(history, row) !== undefined).find(
    (row) => negativeIn(history, row) !== undefined,
  )
  return read === undefined ? undefined : negativeIn(history, read)
}

function negativeIn(history: History, read: OperationRow): { account: string; by: number } | undefined {
  for (const [account, balance] of balancesOf(history, read) ?? []) if (balance < 0) return { account, by: -balance }
  return undefined
}

/** One account: each acknowledged operation in order of its acknowledgement, and the balance that this leaves. */
function accountSheet(history: History, { account }: { readonly account: string }): Sheet | undefined {
  const opening = openingOf(history)?.get(account) ?? 0
  const moves = movesOf(history).filter(({ by }) => (by.get(account) ?? 0) !== 0)
  const negative = rowsWhere(history, (row) => (balancesOf(history, row)?.get(account) ?? 0) < 0)[0]
  let balance = opening
  const all = moves.map(({ row, by }) => {
    const change = by.get(account) ?? 0
    balance = rounded(balance + change)
    return { row, change, balance }
  })
  const { returnEvent } = history.operations
  const end = negative === undefined ? Number.POSITIVE_INFINITY : (returnEvent[negative] ?? 0)
  const broken = all.findIndex((entry) => entry.balance < 0 && (returnEvent[entry.row] ?? 0) < end)
  const until = broken < 0 ? all.filter(({ row }) => (returnEvent[row] ?? 0) < end).length : broken + 1
  if (until === 0) return undefined
  const told = all.slice(0, until)
  const shown = told.slice(-MOST_SHOWN)
  const left = told.slice(0, told.length - shown.length)
  const seen = negative === undefined ? [] : [negative]
  const at = clockOf(history, [...shown.map(({ row }) => row), ...seen])
  const name = nameText(account, 16)
  const hidden = left.reduce((sum, { change }) => sum + change, 0)
  const rows: SheetRow[] = [
    { cells: ['', '', 'opened with', '', '', amountText(opening)], look: 'faint' },
    ...(left.length === 0
      ? []
      : [
          {
            cells: [
              '',
              '',
              `${count(left.length)} earlier`,
              '',
              changeText(rounded(hidden)),
              amountText(left.at(-1)?.balance ?? 0),
            ],
            look: 'faint' as const,
          },
        ]),
    ...shown.map(
      (entry): SheetRow => ({
        cells: [
          at(entry.row, 'return'),
          clientOf(history, entry.row),
          withinText(history, entry.row, account),
          nameText(nodeOf(history, entry.row) ?? '', 16),
          changeText(entry.change),
          amountText(entry.balance),
        ],
        wrong: entry.balance < 0 ? [5] : [],
        operation: entry.row,
      }),
    ),
    ...seen.map(
      (row): SheetRow => ({
        cells: [
          at(row, 'return'),
          clientOf(history, row),
          'read',
          nameText(nodeOf(history, row) ?? '', 16),
          '',
          amountText(balancesOf(history, row)?.get(account) ?? 0),
        ],
        wrong: [2, 5],
        operation: row,
      }),
    ),
  ]
  return {
    title: `Account ${name}, in the order in which operations were acknowledged`,
    columns: [
      { title: 'acknowledged' },
      { title: 'client' },
      { title: 'what' },
      { title: 'node' },
      { title: 'change', align: 'right' },
      { title: 'balance', align: 'right' },
    ],
    rows,
  }
}

/** `to c`, `from b`, `deposit`. */
function withinText(history: History, row: OperationRow, account: string): string {
  const input = inputOf(history, row) as { readonly [member: string]: Json }
  if (functionOf(history, row) !== 'transfer') return functionOf(history, row)
  return String(input['from']) === account
    ? `to ${nameText(String(input['to']), 12)}`
    : `from ${nameText(String(input['from']), 12)}`
}

/** What a read shows of each account, and what had been acknowledged when it was called. */
function readSheet(history: History, read: OperationRow): Sheet | undefined {
  const opening = openingOf(history)
  const found = balancesOf(history, read)
  if (opening === undefined || found === undefined) return undefined
  const before = movesOf(history).filter(({ row }) => wasBefore(history, row, read))
  const open = rowsWhere(history, (row) => mayHaveTakenEffect(history, row, read)).map((row) => effectOf(history, row))
  const accounts = [...new Set([...opening.keys(), ...found.keys()])].map((account) => {
    const changes = before.map(({ by }) => by.get(account) ?? 0)
    const known = rounded((opening.get(account) ?? 0) + sum(changes))
    const perhaps = open.map((by) => by.get(account) ?? 0)
    const least = rounded(known + sum(perhaps.filter((change) => change < 0)))
    const most = rounded(known + sum(perhaps.filter((change) => change > 0)))
    const shown = found.get(account) ?? 0
    return {
      account,
      known,
      least,
      most,
      shown,
      isWrong: shown < least || shown > most,
      changes: changes.filter(Boolean).length,
    }
  })
  const wrong = accounts.filter(({ isWrong }) => isWrong)
  const told = accounts.length <= MOST_ACCOUNTS ? accounts : wrong.slice(0, MOST_ACCOUNTS)
  const node = nodeOf(history, read)
  const [known, shown] = [sum(accounts.map((each) => each.known)), sum(accounts.map((each) => each.shown))]
  const at = clockOf(history, [read])
  return {
    title: `What ${clientOf(history, read)} read${node === undefined ? '' : ` from ${nameText(node, 16)}`} at ${at(read, 'call')}, against what had been acknowledged`,
    columns: [
      { title: 'account' },
      { title: 'opened with', align: 'right' },
      { title: 'acknowledged', align: 'right' },
      { title: 'allowed', align: 'right' },
      { title: 'read', align: 'right' },
      { title: 'off by', align: 'right' },
    ],
    rows: [
      ...told.map(
        (each): SheetRow => ({
          cells: [
            nameText(each.account, 16),
            amountText(opening.get(each.account) ?? 0),
            each.changes === 0
              ? 'nothing'
              : `${changeText(rounded(each.known - (opening.get(each.account) ?? 0)))} in ${count(each.changes)}`,
            each.least === each.most ? amountText(each.least) : `${amountText(each.least)} to ${amountText(each.most)}`,
            amountText(each.shown),
            each.isWrong ? changeText(rounded(each.shown - (each.shown < each.least ? each.least : each.most))) : '',
          ],
          wrong: each.isWrong ? [4, 5] : [],
        }),
      ),
      {
        cells: [
          'all',
          amountText(sum([...opening.values()])),
          '',
          amountText(rounded(known)),
          amountText(rounded(shown)),
          shown === known ? '' : changeText(rounded(shown - known)),
        ],
        look: 'sum',
        wrong: shown === known || wrong.length > 0 ? [] : [4, 5],
      },
    ],
  }
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)

/** Whether it was in progress during the read, or of unknown outcome. */
function mayHaveTakenEffect(history: History, row: OperationRow, read: OperationRow): boolean {
  const { outcome, callEvent, returnEvent } = history.operations
  const isLater = (callEvent[row] ?? 0) > (returnEvent[read] ?? 0)
  if (isRead(history, row) || isLater || outcome[row] === FAIL) return false
  return outcome[row] !== OK || !wasBefore(history, row, read)
}

/** Every acknowledged change, in order of acknowledgement. One with an id takes effect once. */
function movesOf(history: History): readonly { readonly row: OperationRow; readonly by: Moves }[] {
  const { outcome, returnEvent } = history.operations
  const ids = new Set<string>()
  return rowsWhere(history, (row) => outcome[row] === OK && !isRead(history, row))
    .toSorted((a, b) => (returnEvent[a] ?? 0) - (returnEvent[b] ?? 0))
    .filter((row) => {
      const { id } = inputOf(history, row) as { readonly id?: Json }
      if (id === undefined) return true
      const isFirst = !ids.has(JSON.stringify(id))
      ids.add(JSON.stringify(id))
      return isFirst
    })
    .map((row) => ({ row, by: effectOf(history, row) }))
}

function effectOf(history: History, row: OperationRow): Moves {
  const input = inputOf(history, row)
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return new Map()
  const { from, to, account, amount } = input as { readonly [member: string]: Json | undefined }
  if (typeof amount !== 'number') return new Map()
  const f = functionOf(history, row)
  if (f === 'transfer')
    return from === to
      ? new Map()
      : new Map([
          [String(from), -amount],
          [String(to), amount],
        ])
  return new Map([[String(account), f === 'withdraw' ? -amount : amount]])
}

/** What a read shows, if it is balances. */
function balancesOf(history: History, row: OperationRow): ReadonlyMap<string, number> | undefined {
  if (!isRead(history, row) || history.operations.outcome[row] !== OK) return undefined
  return numbersIn(outputOf(history, row))
}

function numbersIn(value: Json | undefined): ReadonlyMap<string, number> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return new Map(Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
}

/** The opening balances; without any, those that explain the first read. */
function openingOf(history: History): ReadonlyMap<string, number> | undefined {
  const known = numbersIn(history.header?.initial)
  if (known !== undefined) return known
  const first = rowsWhere(history, (row) => balancesOf(history, row) !== undefined)[0]
  if (first === undefined) return undefined
  const opening = new Map(balancesOf(history, first))
  for (const { row, by } of movesOf(history))
    if (wasBefore(history, row, first))
      for (const [account, change] of by) opening.set(account, rounded((opening.get(account) ?? 0) - change))
  return opening
}
