import { type History, millis, OK } from '@chaosproxy/history'
import { check } from '../check/check.ts'
import { addTo } from '../encoding/lists.ts'
import { historyOfRows } from '../encoding/rows.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { isPureRead } from './telling.ts'
import { type PartVerdict, unknown } from './verdict.ts'

/**
 * Whether an operation that `telling` has is to blame for a contradiction to linearizability: one whose return completes
 * it, once reads outside that were to blame before are set aside. Keys are judged separately (Herlihy & Wing 1990,
 * Theorem 1).
 */
export function checkBlame(history: History, telling: ReadonlySet<number>, options: CheckOptions<string>): PartVerdict {
  const endsAt = options.now() + options.deadlineMs
  const judge = (rows: readonly number[], cut: number | undefined, explain: boolean): Verdict | undefined =>
    check(historyOfRows(history, rows, cut), {
      ...options,
      levels: ['linearizable'],
      staleness: false,
      explain,
      deadlineMs: millis(Math.max(0, endsAt - options.now())),
    }).levels['linearizable']
  let open: PartVerdict | undefined
  for (const rows of rowsByKey(history).values()) {
    if (!rows.some((row) => telling.has(row))) continue
    const verdict = blameOfKey({ history, telling, judge }, rows)
    if (verdict.result === 'violated') return verdict
    if (verdict.result === 'unknown') open = verdict
  }
  return open ?? { result: 'met' }
}

interface Blaming {
  readonly history: History
  readonly telling: ReadonlySet<number>
  judge(rows: readonly number[], cut: number | undefined, explain: boolean): Verdict | undefined
}

function blameOfKey({ history, telling, judge }: Blaming, all: readonly number[]): PartVerdict {
  const { outcome, returnEvent } = history.operations
  let rows = all
  /** Up to this position nothing contradicts. */
  let sound = -1
  for (;;) {
    const verdict = judge(rows, undefined, false)
    if (verdict?.result === 'met') return { result: 'met' }
    if (verdict?.result !== 'violated') return unknown(verdict?.reason.text ?? 'nothing was decided')
    const returned = rows
      .filter((row) => outcome[row] === OK && (returnEvent[row] ?? 0) > sound)
      .sort((a, b) => (returnEvent[a] ?? 0) - (returnEvent[b] ?? 0))
    const found = firstViolating(returned, (row) => judge(rows, returnEvent[row], false))
    if (typeof found === 'string') return unknown(found)
    const cut = returnEvent[found] ?? 0
    if (telling.has(found)) {
      const shown = judge(rows, cut, true)
      return shown?.result === 'violated'
        ? { result: 'violated', sentence: shown.counterexample.sentence }
        : unknown('out of time')
    }
    if (!isPureRead(history, found)) return afterChange(history, telling, rows, cut)
    sound = cut
    rows = rows.filter((row) => row !== found)
  }
}

/** The first of these operations at whose return there is a contradiction, by halving; or why that is unknown. */
function firstViolating(rows: readonly number[], judge: (row: number) => Verdict | undefined): number | string {
  let [low, high] = [0, rows.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    const verdict = judge(rows[middle] ?? 0)
    if (verdict?.result === 'violated') high = middle
    else if (verdict?.result === 'met') low = middle + 1
    else return verdict?.reason.text ?? 'nothing was decided'
  }
  return rows[low] ?? 'no operation completes the contradiction'
}

/** What a change did cannot be set aside: nobody knows the state of its key from then on. */
function afterChange(
  { operations: { returnEvent, callLine } }: History,
  telling: ReadonlySet<number>,
  rows: readonly number[],
  cut: number,
): PartVerdict {
  const isLater = rows.some((row) => telling.has(row) && (returnEvent[row] ?? 0) > cut)
  if (!isLater) return { result: 'met' }
  const change = rows.find((row) => returnEvent[row] === cut)
  return unknown(
    `a change outside this part is impossible (line ${callLine[change ?? 0] ?? 0}), and what came after it cannot be told`,
  )
}

function rowsByKey({ operations: { length, key } }: History): ReadonlyMap<number, readonly number[]> {
  const byKey = new Map<number, number[]>()
  for (let row = 0; row < length; row++) {
    const place = key[row] ?? -1
    addTo(byKey, place, row)
  }
  return byKey
}
