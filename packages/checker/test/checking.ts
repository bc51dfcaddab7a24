import type { CheckOptions, Level, Report } from '@chaosproxy/checker'
import { type EventInput, type History, type Json, millis } from '@chaosproxy/history'
import { smallHistory } from '../../testing/src/small-history.ts'
import { checkProved } from './proof/proving.ts'

/** Runs `check` with the options that most tests need, and has the verifier prove the verdicts. */
export function checkHistory(history: History, options: Partial<CheckOptions> = {}): Report {
  return checkProved(history, {
    model: 'register',
    initial: null,
    levels: ['linearizable', 'sequential', 'eventual'],
    failedCas: 'drop',
    deadlineMs: millis(20_000),
    memoryBytes: 1e9,
    now: () => millis(performance.now()),
    ...options,
  })
}

export const resultOf = (report: Report, level: Level): 'met' | 'violated' | 'unknown' => report.levels[level].result

/** Returns the events of some operations only, unchanged and in their order. */
export function onlyRows(events: readonly EventInput[], history: History, rows: readonly number[]): EventInput[] {
  const wanted = new Set<number>()
  for (const row of rows) {
    wanted.add(history.operations.callLine[row]! - 1)
    if (history.operations.returnLine[row]! > 0) wanted.add(history.operations.returnLine[row]! - 1)
  }
  return events.filter((_, line) => wanted.has(line))
}

/**
 * Returns the events of a history that is drawn as a timeline, with one row for each process and one column for each
 * instant. `w1` begins a write of 1, `r1` a read of 1, and `c12` a cas from 1 to 2. `-` continues an operation. `|`
 * completes it, `?` ends it with an unknown outcome, and `x` ends it as failed. Without any of these, the operation
 * stays open. A letter before the value is the key: `wx1`. `f` before a read makes it final: `frx1`.
 */
export function timeline(...rows: readonly string[]): EventInput[] {
  const events: { readonly at: number; readonly event: EventInput }[] = []
  for (const [process, row] of rows.entries()) {
    const pattern = /(f?)([wrc])([a-z]?)(\d*)([- ]*)([|?x]?)/g
    for (const match of row.matchAll(pattern)) {
      const [text, final, kind, key, digits, , end] = match
      const f = kind === 'w' ? 'write' : kind === 'r' ? 'read' : 'cas'
      const value: Json =
        kind === 'c' ? [Number(digits![0]), Number(digits![1])] : digits === '' ? null : Number(digits)
      const common = { process, f, ...(key === '' ? {} : { key }), node: `n${process + 1}` }
      const called: EventInput = { ...common, type: 'invoke', value: kind === 'r' ? null : value }
      events.push({ at: match.index, event: final === 'f' ? { ...called, final: true } : called })
      const type = end === '|' ? 'ok' : end === '?' ? 'info' : 'fail'
      if (end !== '') events.push({ at: match.index + text.length - 1, event: { ...common, type, value } })
    }
  }
  return events.toSorted((a, b) => a.at - b.at).map(({ at, event }) => ({ ...event, time: at * 1_000_000 }))
}

export const historyOf = (...rows: readonly string[]): History => smallHistory(timeline(...rows))
