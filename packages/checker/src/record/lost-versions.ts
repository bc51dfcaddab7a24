import {
  FLAG_FINAL,
  FLAG_VERSION,
  functionOf,
  type History,
  INFO,
  type Json,
  OK,
  readsWhole,
  type ValueId,
} from '@chaosproxy/history'
import { UNJUDGED } from '../encoding/operation-row.ts'
import { isUnknownStart } from '../encoding/unknown-start.ts'

export interface LostVersions {
  readonly rows: readonly number[]
  /** The writes whose versions were lost, in order of their calls. */
  readonly lost: readonly LostWrite[]
  /** The versions that no known write wrote, in the order in which they became known. */
  readonly found: readonly FoundVersion[]
  readonly replaced: ReadonlySet<number>
}

interface LostWrite {
  readonly row: number
  readonly call: number
  /** The id of the version that a cas expects. */
  readonly from: number | undefined
}

export interface FoundVersion {
  readonly id: number
  /** The event position at which an operation first returned the version. */
  readonly knownAt: number
}

/**
 * By row of a write that did not return its version: the version that it wrote. A write that is not in the map wrote
 * nothing, or wrote a version that no operation saw.
 */
export type Assignment = ReadonlyMap<number, ValueId>

/** Whether a write has an unknown outcome and an unknown version. */
const isLost = ({ operations: { outcome, flags } }: History, row: number): boolean =>
  outcome[row] === INFO && (flags[row] & FLAG_VERSION) !== 0

export function hasLostVersions(history: History): boolean {
  const { length } = history.operations
  for (let row = 0; row < length; row++) if (isLost(history, row)) return true
  return false
}

/**
 * By key: the lost versions. The key is -1 for operations without a key. Omits a key on which two writes returned the
 * same version, because a version must identify its write.
 */
export function lostVersionsOf(history: History, initial: Json): ReadonlyMap<number, LostVersions> {
  const { length, key, callEvent, input } = history.operations
  const rows = new Map<number, number[]>()
  for (let row = 0; row < length; row++) if (isLost(history, row)) rows.set(key[row], [])
  if (rows.size === 0) return new Map()
  for (let row = 0; row < length; row++) rows.get(key[row])?.push(row)
  const start = isUnknownStart(initial) ? undefined : history.values.id(initial)
  const keys = new Map<number, LostVersions>()
  for (const [k, all] of rows) {
    const found = foundVersions(history, all, start)
    if (found === undefined) continue
    const lost = all
      .filter((row) => isLost(history, row))
      .map((row) => ({
        row,
        call: callEvent[row],
        from: isCas(history, row) ? idOf(history, pairOf(history, input[row])[0]) : undefined,
      }))
    keys.set(k, { rows: all, lost, found, replaced: replacedIn(history, all) })
  }
  return keys
}

function replacedIn(history: History, rows: readonly number[]): ReadonlySet<number> {
  const { operations, values } = history
  const replaced = new Set<number>()
  for (const row of rows) {
    if (operations.outcome[row] !== OK || !isCas(history, row)) continue
    const [from = null, to] = pairOf(history, operations.input[row])
    // Omits null, which means an absent key: a key may be created several times. Omits a version if the cas wrote the
    // same version again.
    if (from !== null && idOf(history, to) !== values.id(from)) replaced.add(values.id(from))
  }
  return replaced
}

/** The versions without a known write; undefined if versions repeat. */
function foundVersions(
  history: History,
  rows: readonly number[],
  start: number | undefined,
): readonly FoundVersion[] | undefined {
  const { operations, values } = history
  const { flags, outcome, input, output, returnEvent } = operations
  const written = new Set<number>()
  const seen = new Map<number, number>()
  const note = (id: number, at: number) => seen.set(id, Math.min(seen.get(id) ?? at, at))
  for (const row of rows) {
    if (isRead(history, row)) {
      if (outcome[row] === OK) note(output[row], returnEvent[row])
      continue
    }
    if (isLost(history, row) || (outcome[row] !== OK && outcome[row] !== INFO)) continue
    const isVersion = (flags[row] & FLAG_VERSION) !== 0
    const value = isVersion ? output[row] : input[row]
    const [from, to] = isCas(history, row) ? pairOf(history, value) : []
    const id = isCas(history, row) ? idOf(history, to) : value
    if (isVersion && written.has(id)) return undefined
    written.add(id)
    if (isCas(history, row) && outcome[row] === OK) note(idOf(history, from), returnEvent[row])
  }
  return [...seen]
    .filter(([id]) => !written.has(id) && id !== start && values.json(id as ValueId) !== null)
    .map(([id, knownAt]) => ({ id, knownAt }))
    .sort((a, b) => a.knownAt - b.knownAt)
}

export const isRead = (history: History, row: number): boolean => readsWhole(functionOf(history, row))

export const isCas = (history: History, row: number): boolean => functionOf(history, row) === 'cas'

export const pairOf = ({ values }: History, id: number): readonly Json[] => {
  const pair = values.json(id as ValueId)
  return Array.isArray(pair) ? pair : []
}

export const idOf = ({ values }: History, value: Json | undefined): number => values.id(value ?? null)

/**
 * Returns the lost writes that may have written a found version, the latest first. Each version exists once, so at most
 * one cas can have replaced it.
 */
export function writersOf(
  { lost, replaced }: LostVersions,
  { knownAt }: FoundVersion,
  taken: Assignment,
): readonly number[] {
  const gone = new Set(replaced)
  for (const { row, from } of lost) if (from !== undefined && taken.has(row)) gone.add(from)
  return lost
    .filter(({ row, call, from }) => !taken.has(row) && call < knownAt && (from === undefined || !gone.has(from)))
    .map(({ row }) => row)
    .reverse()
}

/**
 * Returns the history with the chosen versions of the lost writes to these keys. Lost writes without a chosen version
 * are not judged.
 */
export function assigned(history: History, keys: ReadonlyMap<number, LostVersions>, chosen: Assignment): History {
  const { operations, values } = history
  const input = operations.input.slice()
  const output = operations.output.slice()
  const outcome = operations.outcome.slice()
  const flags = operations.flags.slice()
  for (let row = 0; row < operations.length; row++) {
    if ((flags[row] & FLAG_VERSION) === 0 || !keys.has(operations.key[row])) continue
    flags[row] &= FLAG_FINAL
    if (outcome[row] === OK) input[row] = output[row]
    if (outcome[row] !== INFO) continue
    const version = chosen.get(row)
    if (version === undefined) {
      outcome[row] = UNJUDGED
      continue
    }
    const [expected] = isCas(history, row) ? pairOf(history, operations.input[row]) : []
    input[row] = expected === undefined ? version : values.id([expected, values.json(version)])
    output[row] = input[row]
  }
  const { lend: _, ...rest } = history
  return { ...rest, operations: { ...operations, input, output, outcome, flags } }
}
