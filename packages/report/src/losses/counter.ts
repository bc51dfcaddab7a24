import type { Accounted, OperationRow, Report } from '@chaosproxy/checker'
import { amountText, byName, count, FAIL, type History, outputOf, plural } from '@chaosproxy/history'
import { clientOf, isFinal, isOk, isRead, keyOf, nameText, nodeOf, wasBefore } from '../operation-words.ts'
import {
  allowedBy,
  amountOf,
  changesAround,
  changeText,
  clockOf,
  type LayOutSheet,
  numberColumns,
  offBy,
  rounded,
  rowsWhere,
  type SheetInput,
  type SheetRow,
  sumOf,
  textColumns,
} from '../sheets/sheet.ts'
import type { FindLoss, Loss } from './loss.ts'

/**
 * The searches for a loss of a counter. The first finds a loss that final reads show: `The counter lost 513 additions`.
 * The second counts the wrong reads.
 */
export const counterLosses: readonly FindLoss[] = [inTheEnd, meanwhile]

const wrongIn = ({ accounting }: Report<string>): readonly Accounted[] => accounting?.unexpected ?? []

interface Off {
  readonly missing: number
  readonly extra: number
}

const finalReads = (history: History): readonly OperationRow[] =>
  rowsWhere(history, (row) => isFinal(history, row) && isRead(history, row) && isOk(history, row))

/**
 * Returns the error of each counter in its final reads: how far the value is below the sum of acknowledged additions,
 * or above the sum of all additions. If the final reads of a counter differ, returns the smallest error.
 */
function offInTheEnd(history: History, wrong: readonly Accounted[]): ReadonlyMap<string | undefined, Off> {
  const byRow = new Map(wrong.map((each) => [each.operation, each]))
  const least = new Map<string | undefined, Off>()
  for (const row of finalReads(history)) {
    const key = keyOf(history, row)
    const known = least.get(key)
    const { missing, extra } = missOf(byRow.get(row))
    least.set(key, {
      missing: Math.min(missing, known?.missing ?? missing),
      extra: Math.min(extra, known?.extra ?? extra),
    })
  }
  return least
}

const sumIn = (offs: Iterable<Off>, what: keyof Off): number => sumOf([...offs].map((each) => each[what]))

/**
 * Finds counters whose final reads are all too low or all too high. Each counter contributes the smallest error of its
 * final reads (see `offInTheEnd`).
 */
function inTheEnd({ history, report }: SheetInput): Loss | undefined {
  const least = offInTheEnd(history, wrongIn(report))
  const missing = sumIn(least.values(), 'missing')
  const extra = sumIn(least.values(), 'extra')
  const isOne = [...least.values()].filter((each) => each.missing + each.extra > 0).length === 1
  const name = isOne ? 'The counter' : 'The counters'
  if (missing > 0)
    // If every update adds 1, the missing sum equals the number of lost additions, which the title then states.
    return {
      claim: { claim: 'lost', of: 'additions', changes: [], least: missing },
      title: onlyAdds(history, (amount) => amount === 1)
        ? `${name} lost ${plural(missing, 'addition')}`
        : `${name} lost ${count(missing)} of the sum`,
      level: 'eventual',
    }
  return extra > 0
    ? {
        title: `${name} ended ${count(extra)} above the sum of all ${onlyAdds(history) ? 'additions' : 'changes'}`,
        level: 'eventual',
      }
    : undefined
}

function meanwhile({ history, report }: SheetInput): Loss | undefined {
  const wrong = wrongIn(report)
  if (wrong.length === 0) return undefined
  const low = wrong.filter((each) => missOf(each).missing > 0).length
  const reads = plural(low === 0 ? wrong.length : low, 'read')
  if (low > 0 && onlyAdds(history)) return { title: `${reads} missed acknowledged additions` }
  if (low === 0) return { title: `${reads} returned more than was added` }
  return { title: `${plural(wrong.length, 'read')} returned an impossible sum` }
}

/** Returns how far a read is below or above what the additions allow. */
function missOf(read: Accounted | undefined): Off {
  // A read of a counter returns null if the counter was deleted or never written.
  const value = read?.value === null ? 0 : read?.value
  const off = read?.bounds === undefined || typeof value !== 'number' ? 0 : offBy(value, read.bounds)
  return { missing: Math.max(0, -off), extra: Math.max(0, off) }
}

/**
 * Whether every update that may have taken effect has an amount that satisfies `holds`. By default, the amount must not
 * be negative.
 */
export const onlyAdds = (history: History, holds: (amount: number) => boolean = (amount) => amount >= 0): boolean =>
  rowsWhere(history, (row) => !isRead(history, row) && history.operations.outcome[row] !== FAIL).every((row) =>
    holds(amountOf(history, row)),
  )

/** Maximum number of newest additions to show, if they are not grouped by node. */
const MOST_SHOWN = 6

/** Returns the table of a read: what each node had acknowledged, and what was read. */
export const counterSheet: LayOutSheet = ({ history, report, counterexample: { culprit } }) => {
  if (culprit === undefined || !isRead(history, culprit) || !isOk(history, culprit)) return undefined
  if (numberIn(history, culprit) === undefined) return undefined
  const { before, open } = changesAround(history, culprit)
  const amountIn = (rows: readonly OperationRow[]): number => sumOf(rows.map((row) => amountOf(history, row)))
  const opening = typeof history.header?.initial === 'number' ? history.header.initial : 0
  const total = rounded(opening + amountIn(before))
  const [least, most] = allowedBy(
    total,
    open.map((row) => amountOf(history, row)),
  )
  const nodes = [...new Set(before.map((row) => nodeOf(history, row)))].sort((a, b) => byName(a ?? '', b ?? ''))
  const isByNode = nodes.length > 1
  const groups = isByNode
    ? nodes.map((node) => ({
        name: nameText(node ?? 'node unknown', 16),
        rows: before.filter((row) => nodeOf(history, row) === node),
      }))
    : before.slice(-MOST_SHOWN).map((row) => ({ name: clientOf(history, row), rows: [row] }))
  const higher = higherBefore(history, culprit, least)
  const reads = [...new Set([...higher, culprit, ...otherEnds(history, culprit)])]
  const atLeast = Math.max(least, ...higher.map((row) => numberIn(history, row) ?? least))
  const at = clockOf(history, [...groups.flatMap(({ rows }) => rows.slice(-1)), ...reads])
  const left = isByNode ? 0 : before.length - groups.length
  const name = keyOf(history, culprit)
  return {
    title: `${name === undefined ? 'The counter' : `Counter ${nameText(name, 16)}`}: what ${isByNode ? 'each node' : 'the system'} had acknowledged, and what was read${isFinal(history, culprit) ? ' in the end' : ''}`,
    columns: [
      ...(isByNode ? textColumns('node', 'last acknowledged') : textColumns('client', 'acknowledged')),
      ...numberColumns('additions', 'sum'),
    ],
    rows: [
      ...(opening === 0 ? [] : [{ cells: ['at first', '', '', amountText(opening)], look: 'faint' as const }]),
      ...(left === 0
        ? []
        : [
            {
              cells: ['earlier', '', count(left), changeText(amountIn(before.slice(0, left)))],
              look: 'faint' as const,
            },
          ]),
      ...groups.map(
        ({ name, rows }): SheetRow => ({
          cells: [
            name,
            rows.length === 0 ? '' : at(rows.at(-1) ?? 0, 'return'),
            count(rows.length),
            changeText(amountIn(rows)),
          ],
          ...(rows.length === 1 && rows[0] !== undefined ? { operation: rows[0] } : {}),
        }),
      ),
      { cells: ['in all', '', count(before.length), amountText(total)], look: 'sum' },
      ...(open.length === 0
        ? []
        : [{ cells: ['in progress or unknown', '', count(open.length), rangeText(total, least, most)] }]),
      ...reads.map((row) => readRow(history, row, { allowed: [atLeast, most], at, isAccused: row === culprit })),
      ...elsewhereRows(history, report, culprit),
    ],
  }
}

/** Returns true if a read returned a sum that no subset of the counter's changes can produce. */
export function isBeyondAdditions(history: History, read: OperationRow): boolean {
  const [{ before, open }, shown] = [changesAround(history, read), numberIn(history, read)]
  const opening = history.header?.initial ?? 0
  if (shown === undefined || typeof opening !== 'number') return false
  return (
    offBy(
      shown,
      allowedBy(
        opening,
        [...before, ...open].map((row) => amountOf(history, row)),
      ),
    ) !== 0
  )
}

/** Returns the earlier read with the highest value, if this value exceeds `least` and the counter only grows. */
function higherBefore(history: History, culprit: OperationRow, least: number): readonly OperationRow[] {
  if (!onlyAdds(history)) return []
  const { key } = history.operations
  const [highest] = rowsWhere(
    history,
    (row) =>
      key[row] === key[culprit] &&
      isRead(history, row) &&
      isOk(history, row) &&
      wasBefore(history, row, culprit) &&
      (numberIn(history, row) ?? least) > least,
  ).toSorted((one, other) => (numberIn(history, other) ?? 0) - (numberIn(history, one) ?? 0))
  return highest === undefined ? [] : [highest]
}

function numberIn(history: History, read: OperationRow): number | undefined {
  const value = outputOf(history, read)
  return value === null ? 0 : typeof value === 'number' ? value : undefined
}

interface ReadInSheet {
  readonly allowed: readonly [least: number, most: number]
  readonly at: ReturnType<typeof clockOf>
  readonly isAccused: boolean
}

function readRow(history: History, read: OperationRow, { allowed, at, isAccused }: ReadInSheet): SheetRow {
  const [value, node] = [numberIn(history, read) ?? 0, nodeOf(history, read)]
  const off = offBy(value, allowed)
  return {
    cells: [
      `read by ${clientOf(history, read)}${node === undefined ? '' : ` from ${nameText(node, 16)}`}`,
      at(read, 'call'),
      offText(off),
      amountText(value),
    ],
    wrong: isAccused ? [0, 2, 3] : off === 0 ? [] : [2, 3],
    operation: read,
  }
}

const offText = (off: number): string =>
  off === 0 ? '' : `${amountText(Math.abs(off))} ${off < 0 ? 'too few' : 'too many'}`

/**
 * Returns final reads of the same counter that differ from the culprit. The table shows them, because the loss in the
 * headline depends on all final reads.
 */
function otherEnds(history: History, culprit: OperationRow): readonly OperationRow[] {
  if (!isFinal(history, culprit)) return []
  const known = new Set([numberIn(history, culprit)])
  return finalReads(history).filter((row) => {
    const value = numberIn(history, row)
    if (keyOf(history, row) !== keyOf(history, culprit) || value === undefined || known.has(value)) return false
    known.add(value)
    return true
  })
}

/**
 * Returns a row with the missing additions of all counters except the culprit's. The headline counts these additions,
 * too.
 */
function elsewhereRows(history: History, report: Report<string>, culprit: OperationRow): readonly SheetRow[] {
  if (!isFinal(history, culprit)) return []
  const others = [...offInTheEnd(history, wrongIn(report))].flatMap(([key, off]) =>
    key === keyOf(history, culprit) ? [] : off,
  )
  const missing = sumIn(others, 'missing')
  return missing === 0 ? [] : [{ cells: ['the other counters', '', offText(-missing), ''], look: 'faint' }]
}

const rangeText = (total: number, least: number, most: number): string =>
  least === total
    ? `0 to ${changeText(rounded(most - total))}`
    : `${changeText(rounded(least - total))} to ${changeText(rounded(most - total))}`
