import {
  FAIL,
  FLAG_UNSAID,
  type History,
  hasConcurrency,
  type Json,
  keysApart,
  OK,
  outputOf,
  printable,
  readsWhole,
  replacesWhole,
} from '@chaosproxy/history'
import type { Workload } from './workload.ts'

/**
 * Returns a complaint if none of these functions succeeded, with their commonest errors. Without a list, `what` is the
 * name of the function.
 */
export function missing(history: History, what: string, functions: readonly string[] = [what]): string[] {
  return unfound(history, functions, { text: `no ${what} succeeded` })
}

/**
 * Returns a complaint if no call of `functions` returned a result that passes `fits`. The complaint is `text` and then
 * the commonest errors of these calls.
 */
export function unfound(
  history: History,
  functions: readonly string[],
  { text, fits = () => true }: { readonly text: string; readonly fits?: (output: Json) => boolean },
): string[] {
  return someSucceeded(history, functions, fits)
    ? []
    : [`${text}${commonestErrors(history, isOneOf(history, functions))}`]
}

/** The maximum number of different errors to name. */
const MOST_ERRORS = 3

/** Formats the commonest errors of the counted operations, if any: ` (9 of 12: timeout; 2 of 12: status 503)`. */
export function commonestErrors({ operations, errorOf }: History, isCounted: (row: number) => boolean): string {
  const counts = new Map<string, number>()
  let tried = 0
  for (let row = 0; row < operations.length; row++) {
    if (!isCounted(row)) continue
    tried++
    const error = errorOf(row)?.split('\n')[0]
    if (error !== undefined) counts.set(error, (counts.get(error) ?? 0) + 1)
  }
  const commonest = [...counts].sort(([, one], [, other]) => other - one).slice(0, MOST_ERRORS)
  return commonest.length === 0
    ? ''
    : ` (${commonest.map(([error, times]) => `${times} of ${tried}: ${error}`).join('; ')})`
}

/** Returns whether the operation in a row of the history has one of these functions. */
export const isOneOf =
  ({ operations, functions: names }: History, functions: readonly string[]) =>
  (row: number): boolean =>
    functions.includes(names[operations.f[row] ?? 0] ?? '')

/** Returns whether any of these functions succeeded with a result that passes the test. */
export function someSucceeded(
  history: History,
  functions: readonly string[],
  fits: (output: Json) => boolean,
): boolean {
  const { f, outcome, length } = history.operations
  const wanted = history.functions.map((name) => functions.includes(name))
  for (let row = 0; row < length; row++)
    if (outcome[row] === OK && wanted[f[row] ?? -1] === true && fits(outputOf(history, row))) return true
  return false
}

export function someFailed(history: History, functions: readonly string[]): boolean {
  const { f, outcome, length } = history.operations
  for (let row = 0; row < length; row++)
    if (outcome[row] === FAIL && functions.includes(history.functions[f[row] ?? 0] ?? '')) return true
  return false
}

/**
 * Returns a complaint if nothing overlapped a function in `races`. Reads that overlap only reads prove nothing about
 * races.
 */
export const withoutConcurrency = (history: History, { races }: Pick<Workload, 'races'>): string[] =>
  races === undefined || hasConcurrency(history, (f) => races.functions.includes(f))
    ? []
    : [`nothing ran at the same time as ${races.what}`]

/**
 * Returns a complaint if clients always wrote the same value to each register. A stale read then looks like a fresh
 * one.
 */
export function withoutNews({ functions, keys, operations }: History): string[] {
  const { length, f, key, input, outcome, flags } = operations
  const isWrite = functions.map(replacesWhole)
  const changesOtherwise = functions.map((name) => !replacesWhole(name) && !readsWhole(name))
  const written = new Map<number, { readonly value: number; isRepeated: boolean }>()
  for (let row = 0; row < length; row++) {
    const name = f[row] ?? -1
    if (outcome[row] === FAIL) continue
    // A cas or an append always changes the value.
    if (changesOtherwise[name] === true) return []
    if (isWrite[name] !== true) continue
    const value = input[row] ?? -1
    const before = written.get(key[row] ?? -1)
    if (before === undefined) written.set(key[row] ?? -1, { value, isRepeated: false })
    else if (before.value !== value || ((flags[row] ?? 0) & FLAG_UNSAID) !== 0) return []
    else before.isRepeated = true
  }
  const all = [...written]
  if (all.length === 0 || !all.every(([, { isRepeated }]) => isRepeated)) return []
  const [[only]] = all as [[number, unknown]]
  const where = all.length === 1 ? (keys[only] ?? 'the register') : `each of ${all.length} keys`
  return [`all writes to ${where} wrote the same value, so that no read can tell an old value from a new one`]
}

/** Returns a complaint if no key was both written and read. No read then shows what a write left. */
export function withoutSharedKey(history: History): string[] {
  const apart = keysApart(history)
  if (apart === undefined) return []
  return [
    `no key was both written and read: ${printable(apart.written)} was written, and ${printable(apart.read)} was read, so that no read shows what a write left. Give both the same key`,
  ]
}
