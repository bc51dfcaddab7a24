import { canonical, foundOrMade, type History, type Json, millis } from '@chaosproxy/history'
import { addTo } from '../encoding/lists.ts'
import { historyOfRows } from '../encoding/rows.ts'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import type { CheckOptions } from '../judge/options.ts'
import { judgeableOf } from '../record/judgeable.ts'
import { check } from './check.ts'
import { entryFor } from './registry.ts'

/** The maximum number of operations of an object that is judged again. */
const MOST_OPERATIONS = 100_000

/** The time limit for judging objects again. It is short, because this judgement only adds a warning. */
const AGAIN_MS = 2_000

/**
 * Returns a warning with the first observation that only an unknown initial value explains. If the object of this
 * observation meets a level, operations on the object may still have been lost, repeated or reordered. Empty if there
 * is no such observation.
 */
export function decidedByStart(history: History, options: CheckOptions<string>): readonly string[] {
  if (!isUnknownStart(options.initial)) return []
  const { record } = entryFor(options.model, history)
  const judged = judgeableOf(history, record, options.initial)?.history ?? history
  const { found, remedy } = record.byStart?.(judged) ?? { found: [], remedy: '' }
  const [first] = found
  if (first === undefined) return byLeastStarts(history, record.leastStarts?.(judged) ?? new Map(), options)
  const more = found.length === 1 ? '' : ` (and ${found.length - 1} more like it)`
  return [`${first}${more}. ${remedy}`]
}

/** Judges the keys again. Assumes that each key initially had the content that its answers imply. */
function byLeastStarts(
  history: History,
  starts: ReadonlyMap<number, readonly Json[]>,
  options: CheckOptions<string>,
): readonly string[] {
  const endsAt = options.now() + Math.min(AGAIN_MS, options.deadlineMs)
  for (const { initial, rows } of alike(history, starts)) {
    const deadlineMs = millis(Math.max(0, endsAt - options.now()))
    const again = { initial, levels: ['linearizable'], staleness: false, proven: undefined, deadlineMs }
    const verdict = check(historyOfRows(history, rows), { ...options, ...again }).levels['linearizable']
    if (verdict?.result !== 'violated') continue
    const { sentence } = verdict.counterexample
    const there =
      initial.length === 0
        ? 'something was there at the start'
        : 'other values were there at the start, not only those that nobody put in'
    return [
      `${sentence.replace(/\.$/, '')}. That is right only if ${there}. Give the initial value: --initial '[]' means empty`,
    ]
  }
  return []
}

interface Alike {
  readonly initial: readonly Json[]
  readonly rows: readonly number[]
}

function alike(history: History, starts: ReadonlyMap<number, readonly Json[]>): readonly Alike[] {
  const { key, length } = history.operations
  const rowsByKey = new Map<number, number[]>()
  for (let row = 0; row < length; row++) addTo(rowsByKey, key[row], row)
  const byText = new Map<string, Alike & { readonly rows: number[] }>()
  for (const [of, initial] of starts) {
    const rows = rowsByKey.get(of) ?? []
    if (rows.length > MOST_OPERATIONS) continue
    const text = canonical(initial)
    const group = foundOrMade(byText, text, () => ({ initial, rows: [] }))
    for (const row of rows) group.rows.push(row)
  }
  return Array.from(byText.values(), ({ initial, rows }) => ({ initial, rows: rows.sort((a, b) => a - b) }))
}
