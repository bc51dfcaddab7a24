import { type Counterexample, findModel, type OperationRow } from '@chaosproxy/checker'
import { amountsIn, type Balance, changeOf, firstOverdrawnRead, type Moved, movedBy } from '@chaosproxy/checker/effects'
import { amountText, count, FAIL, type History, inputOf, type Json, outputOf } from '@chaosproxy/history'
import { byReturn, clientOf, functionOf, isOk, isRead, nameText, nodeOf, returnEventOf } from '../operation-words.ts'
import {
  allowedBy,
  changesAround,
  changeText,
  clockOf,
  type LayOutSheet,
  numberColumns,
  offBy,
  rounded,
  rowsWhere,
  type Sheet,
  type SheetRow,
  sumOf,
  textColumns,
} from '../sheets/sheet.ts'
import type { FindLoss, Loss } from './loss.ts'

/** Maximum number of operations in a table. With more operations, the relevant one would be hard to find. */
const MOST_SHOWN = 6
const MOST_ACCOUNTS = 8

/** Finds the loss of a bank: `Account b was overdrawn by 4`, or a wrong total or balance. */
export const bankLoss: FindLoss = ({ history, counterexample }) => {
  const overdrawn = overdrawnIn(history, counterexample)
  if (overdrawn !== undefined)
    return { title: `Account ${nameText(overdrawn.account, 24)} was overdrawn by ${amountText(overdrawn.by)}` }
  const { excess } = counterexample.balance ?? {}
  const { culprit } = counterexample
  if (excess === undefined) return culprit === undefined ? undefined : misread(history, culprit)
  const how = excess < 0 ? 'vanished from' : 'too much appeared in'
  return { title: `${amountText(Math.abs(excess))} ${how} the accounts` }
}

/** Lays out an overdrawn account or, if there is none, a wrong read. */
export const bankSheet: LayOutSheet = ({ history, counterexample }) => {
  const overdrawn = overdrawnIn(history, counterexample)
  if (overdrawn !== undefined) return accountSheet(history, overdrawn)
  const { culprit } = counterexample
  return culprit !== undefined && isRead(history, culprit) && isOk(history, culprit)
    ? readSheet(history, culprit)
    : undefined
}

const overdrawnIn = (history: History, { balance }: Counterexample): Balance['overdrawn'] =>
  (balance ?? firstOverdrawnRead(history))?.overdrawn

/** Returns one account's acknowledged operations in order, with the balances. */
function accountSheet(history: History, { account }: { readonly account: string }): Sheet | undefined {
  const opening = openingOf(history)?.get(account) ?? 0
  const negative = rowsWhere(history, (row) => (balancesOf(history, row)?.get(account) ?? 0) < 0)[0]
  const entries = entriesUntil(history, { account, opening, negative })
  if (entries.length === 0) return undefined
  const listed = entries.slice(-MOST_SHOWN)
  const left = entries.slice(0, entries.length - listed.length)
  const hidden = changeText(sumOf(left.map(({ change }) => change)))
  const at = clockOf(history, [...listed.map(({ row }) => row), ...(negative === undefined ? [] : [negative])])
  const row = (operation: OperationRow, what: string, change: string, balance: number): SheetRow => ({
    cells: [
      at(operation, 'return'),
      clientOf(history, operation),
      what,
      nameText(nodeOf(history, operation) ?? '', 16),
      change,
      amountText(balance),
    ],
    wrong: balance >= 0 ? [] : operation === negative ? [2, 5] : [5],
    operation,
  })
  return {
    title: `Account ${nameText(account, 16)}, in the order in which operations were acknowledged`,
    columns: [...textColumns('acknowledged', 'client', 'what', 'node'), ...numberColumns('change', 'balance')],
    rows: [
      { cells: ['', '', 'opened with', '', '', amountText(opening)], look: 'faint' },
      ...left.slice(-1).map(({ balance }): SheetRow => {
        return { cells: ['', '', `${count(left.length)} earlier`, '', hidden, amountText(balance)], look: 'faint' }
      }),
      ...listed.map((entry) =>
        row(entry.row, withinText(history, entry.row, account), changeText(entry.change), entry.balance),
      ),
      ...perhapsRows(history, { account, negative, entries }),
      ...(negative === undefined ? [] : [row(negative, 'read', '', balancesOf(history, negative)?.get(account) ?? 0)]),
    ],
  }
}

/** Returns a row that sums up the transfers, in progress or unknown, that the read of a negative balance may show. */
function perhapsRows(
  history: History,
  {
    account,
    negative,
    entries,
  }: Pick<Overdrawn, 'account' | 'negative'> & { readonly entries: readonly { readonly row: OperationRow }[] },
): readonly SheetRow[] {
  const rows = entries.map(({ row }) => row)
  const open = negative === undefined ? [] : changesAround(history, negative).open.filter((row) => !rows.includes(row))
  const changes = movesOf(history, [...rows, ...open])
    .flatMap(({ row, moves }) => (rows.includes(row) ? [] : changeOf(moves, account)))
    .filter(Boolean)
  if (changes.length === 0) return []
  const [least, most] = allowedBy(0, changes)
  const range = `${amountText(least)} to ${amountText(most)}`
  return [{ cells: ['', '', `${count(changes.length)} in progress or unknown`, '', range, ''], look: 'faint' }]
}

interface Overdrawn {
  readonly account: string
  readonly opening: number
  /** The first read of a negative balance. */
  readonly negative: OperationRow | undefined
}

/**
 * Returns the acknowledged operations up to the first negative balance, or up to the read that showed a negative
 * balance.
 */
function entriesUntil(history: History, { account, opening, negative }: Overdrawn) {
  const end = negative === undefined ? Number.POSITIVE_INFINITY : returnEventOf(history, negative)
  const acknowledged = rowsWhere(
    history,
    (row) => isOk(history, row) && !isRead(history, row) && returnEventOf(history, row) <= end,
  ).toSorted(byReturn(history))
  let balance = opening
  const entries = movesOf(history, acknowledged).flatMap(({ row, moves }) => {
    const change = changeOf(moves, account)
    balance = rounded(balance + change)
    return change === 0 ? [] : [{ row, change, balance }]
  })
  const broken = entries.findIndex((entry) => entry.balance < 0)
  return broken < 0 ? entries : entries.slice(0, broken + 1)
}

/** Describes an operation as its account sees it: `to c`, `from b`, `deposit`. */
function withinText(history: History, row: OperationRow, account: string): string {
  const input = inputOf(history, row) as { readonly [member: string]: Json }
  if (functionOf(history, row) !== 'transfer') return functionOf(history, row)
  return String(input['from']) === account
    ? `to ${nameText(String(input['to']), 12)}`
    : `from ${nameText(String(input['from']), 12)}`
}

/** An account's balance in a read, and its limits according to the acknowledged operations. */
interface AccountBalance {
  readonly account: string
  readonly opening: number
  readonly known: number
  readonly least: number
  readonly most: number
  readonly balance: number
  /** How far the balance is below its limits (negative), or above them. */
  readonly off: number
  readonly changes: number
}

function accountsAt(history: History, read: OperationRow): readonly AccountBalance[] | undefined {
  const [opened, found] = [openingOf(history), balancesOf(history, read)]
  if (opened === undefined || found === undefined) return undefined
  const around = changesAround(history, read)
  const before = movesOf(history, around.before)
  const open = around.open.map((row) => movedBy(history, row))
  const moved = before.flatMap(({ moves }) => moves.map(([account]) => account))
  return [...new Set([...opened.keys(), ...found.keys(), ...moved])].map((account) => {
    const opening = opened.get(account) ?? 0
    const changes = before.map(({ moves }) => changeOf(moves, account))
    const known = sumOf([opening, ...changes])
    const [least, most] = allowedBy(
      known,
      open.map(({ moves }) => changeOf(moves, account)),
    )
    const shown = found.get(account) ?? 0
    const off = offBy(shown, [least, most])
    return { account, opening, known, least, most, balance: shown, off, changes: changes.filter(Boolean).length }
  })
}

/** Describes the most wrong balance in a read: `p14 read 71,592 too much in account d`. */
function misread(history: History, read: OperationRow): Loss | undefined {
  const wrong = furthestOff(history, read)
  if (wrong === undefined) return undefined
  const much = wrong.off > 0 ? 'too much' : 'too little'
  return {
    title: `${clientOf(history, read)} read ${amountText(Math.abs(wrong.off))} ${much} in account ${nameText(wrong.account, 24)}${repeatedText(history, read)}`,
  }
}

/**
 * Describes a transfer that explains a wrong read if it took effect more often than acknowledged. Empty if no transfer
 * or more than one transfer explains the read.
 */
function repeatedText(history: History, read: OperationRow): string {
  const { before, open } = changesAround(history, read)
  const seen = new Set([...before, ...open])
  const isFailed = (row: OperationRow): boolean => history.operations.outcome[row] === FAIL && !isRead(history, row)
  const wrong = (accountsAt(history, read) ?? []).filter(({ off }) => off !== 0)
  const found = rowsWhere(history, (row) => seen.has(row) || isFailed(row)).flatMap((row) => {
    const { moves } = movedBy(history, row)
    const times = wrong.map(({ account, off }) => off / changeOf(moves, account))
    const [more = 0] = times
    const isAll =
      new Set(moves.map(([account]) => account)).size === wrong.length && times.every((each) => each === more)
    return isAll && Number.isInteger(more) && more > 0 ? [{ isDone: seen.has(row), more }] : []
  })
  const [only] = found
  if (only === undefined || found.length > 1) return ''
  return only.isDone
    ? `, as if a transfer was made ${only.more + 1} times`
    : `, as if a transfer reported as failed was made${only.more === 1 ? '' : ` ${only.more} times`}`
}

/** Whether a balance in the read is impossible, even if the read may have missed any number of transfers. */
export function isBeyondTransfers(history: History, read: OperationRow): boolean {
  const [opening, found] = [openingOf(history), balancesOf(history, read)]
  if (opening === undefined || found === undefined) return false
  const { before, open } = changesAround(history, read)
  const moved = [...before, ...open].map((row) => movedBy(history, row).moves)
  return [...found].some(([account, shown]) => {
    const changes = moved.map((moves) => changeOf(moves, account))
    return offBy(shown, allowedBy(opening.get(account) ?? 0, changes)) !== 0
  })
}

function furthestOff(history: History, read: OperationRow): AccountBalance | undefined {
  const [most] = accountsAt(history, read)?.toSorted((a, b) => Math.abs(b.off) - Math.abs(a.off)) ?? []
  return most?.off === 0 ? undefined : most
}

/**
 * Returns which balance in a read is impossible, if any: `129,914 in account d, but what had been acknowledged allows
 * only 100,000`.
 */
export function misreadText(history: History, read: OperationRow): string | undefined {
  const wrong = furthestOff(history, read)
  if (wrong === undefined) return undefined
  const { account, balance: shown, least, most } = wrong
  const allowed = least === most ? amountText(least) : `${amountText(least)} to ${amountText(most)}`
  return `${amountText(shown)} in account ${nameText(account, 24)}, but what had been acknowledged allows only ${allowed}`
}

/** Lists, for each account, the balance that was read and the balances that the acknowledged operations allow. */
function readSheet(history: History, read: OperationRow): Sheet | undefined {
  const accounts = accountsAt(history, read)
  if (accounts === undefined) return undefined
  const wrong = accounts.filter(({ off }) => off !== 0)
  const listed = accounts.length <= MOST_ACCOUNTS ? accounts : wrong.slice(0, MOST_ACCOUNTS)
  const node = nodeOf(history, read)
  const [known, shown] = [sumOf(accounts.map((each) => each.known)), sumOf(accounts.map((each) => each.balance))]
  const at = clockOf(history, [read])
  return {
    title: `What ${clientOf(history, read)} read${node === undefined ? '' : ` from ${nameText(node, 16)}`} at ${at(read, 'call')}, against what had been acknowledged`,
    columns: [...textColumns('account'), ...numberColumns('opened with', 'acknowledged', 'allowed', 'read', 'off by')],
    rows: [
      ...listed.map(
        (each): SheetRow => ({
          cells: [
            nameText(each.account, 16),
            amountText(each.opening),
            each.changes === 0
              ? 'nothing'
              : `${changeText(rounded(each.known - each.opening))} in ${count(each.changes)}`,
            each.least === each.most ? amountText(each.least) : `${amountText(each.least)} to ${amountText(each.most)}`,
            amountText(each.balance),
            each.off === 0 ? '' : changeText(each.off),
          ],
          wrong: each.off === 0 ? [] : [4, 5],
        }),
      ),
      {
        cells: [
          'all',
          amountText(sumOf(accounts.map((each) => each.opening))),
          '',
          amountText(known),
          amountText(shown),
          shown === known ? '' : changeText(rounded(shown - known)),
        ],
        look: 'sum',
        wrong: shown === known || wrong.length > 0 ? [] : [4, 5],
      },
    ],
  }
}

/**
 * Returns the amounts that operations moved, in the order of acknowledgement. Of several operations with the same id,
 * only the first takes effect.
 */
function movesOf(
  history: History,
  rows: readonly OperationRow[],
): readonly { readonly row: OperationRow; readonly moves: Moved['moves'] }[] {
  const ids = new Set<string>()
  return rows.flatMap((row) => {
    const { moves, id } = movedBy(history, row)
    const isAgain = id !== undefined && ids.size === ids.add(id).size
    return isAgain ? [] : [{ row, moves }]
  })
}

const BANK: readonly string[] = findModel('bank')?.functions ?? []

/**
 * Returns the balances in a read of a bank. Undefined for histories of other models, whose reads may look like
 * balances.
 */
function balancesOf(history: History, row: OperationRow): ReadonlyMap<string, number> | undefined {
  if (!isRead(history, row) || !isOk(history, row) || !history.functions.every((f) => BANK.includes(f)))
    return undefined
  return amountsIn(outputOf(history, row))
}

/** Returns the opening balances: those in the header, or else those computed from the first read. */
function openingOf(history: History): ReadonlyMap<string, number> | undefined {
  const known = amountsIn(history.header?.initial)
  if (known !== undefined) return known
  const first = rowsWhere(history, (row) => balancesOf(history, row) !== undefined)[0]
  if (first === undefined) return undefined
  const opening = new Map(balancesOf(history, first))
  for (const { moves } of movesOf(history, changesAround(history, first).before))
    for (const [account, change] of moves) opening.set(account, rounded((opening.get(account) ?? 0) - change))
  return opening
}
