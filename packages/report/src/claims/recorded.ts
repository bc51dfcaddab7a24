import type { OperationRow } from '@chaosproxy/checker'
import {
  canonical,
  FAIL,
  FLAG_FINAL,
  functionOf,
  type History,
  inputOf,
  type Json,
  mayChange,
  meaningOf,
  OK,
  oncePerHistory,
  outputOf,
  readsWhole,
  writtenValue,
} from '@chaosproxy/history'
import type { FaultSpan, Heard, RunSetup } from '@chaosproxy/runner/result'

/** All that a claim is held against: nothing that the checker or the telling concluded. */
export interface Recorded {
  readonly history: History
  readonly faults: readonly FaultSpan[]
  /** What the run was told to do; absent for a history of which no run is known. */
  readonly spec?: RunSetup['spec'] | undefined
  /** The level that the target promised, if the run was held to that. */
  readonly promised?: string | undefined
  readonly durationNanos?: number | undefined
  readonly heard?: Heard | undefined
}

/** `unknown`: the record does not tell. */
export type Held = 'holds' | 'refuted' | 'unknown'

export const held = (holds: boolean): Held => (holds ? 'holds' : 'refuted')

/** By key, the rows that have not failed. */
const rowsByKey = oncePerHistory(({ operations }) => {
  const rows = new Map<number, OperationRow[]>()
  for (let row = 0; row < operations.length; row++) {
    if (operations.outcome[row] === FAIL) continue
    const key = operations.key[row] ?? -1
    const known = rows.get(key)
    if (known === undefined) rows.set(key, [row])
    else known.push(row)
  }
  return rows
})

/** The rows of a key that have not failed. */
export const rowsOfKey = (history: History, key: number): readonly OperationRow[] => rowsByKey(history).get(key) ?? []

/** The elements of each list that was read, as canonical JSON. */
const elementsRead = oncePerHistory(() => new Map<OperationRow, ReadonlySet<string>>())

function elementsOf(history: History, read: OperationRow, list: readonly Json[]): ReadonlySet<string> {
  const known = elementsRead(history).get(read) ?? new Set(list.map((each) => canonical(each)))
  elementsRead(history).set(read, known)
  return known
}

export const isOk = ({ operations }: History, row: OperationRow): boolean => operations.outcome[row] === OK

/** Whether one had returned before the other was called. */
export const precedes = ({ operations }: History, one: OperationRow, other: OperationRow): boolean =>
  isOk({ operations } as History, one) && (operations.returnEvent[one] ?? 0) < (operations.callEvent[other] ?? 0)

export const isAnsweredRead = (history: History, row: OperationRow): boolean =>
  isOk(history, row) && readsWhole(functionOf(history, row))

export const isFinalRead = (history: History, row: OperationRow): boolean =>
  isAnsweredRead(history, row) && ((history.operations.flags[row] ?? 0) & FLAG_FINAL) !== 0

/** What a change leaves behind, or puts in: as canonical JSON. */
export const changeOf = (history: History, row: OperationRow): string =>
  canonical(writtenValue(functionOf(history, row), inputOf(history, row)))

const isReplacing = (history: History, row: OperationRow): boolean => {
  const { effect, takes } = meaningOf(functionOf(history, row)) ?? {}
  return effect === 'replaces' || (effect === 'removes' && takes === 'nothing')
}

/** Whether an answered read lacks an acknowledged change: what it shows cannot be from that change, nor from a later one. */
export function lacks(history: History, read: OperationRow, change: OperationRow): Held {
  if (!isAnsweredRead(history, read) || !isOk(history, change)) return 'unknown'
  if (isReplacing(history, change)) return isOlder(history, read, change)
  const rows = rowsOfKey(history, history.operations.key[change] ?? -1)
  const isAdding = (row: OperationRow): boolean =>
    ['adds', 'appends'].includes(meaningOf(functionOf(history, row))?.effect ?? '')
  const changes = rows.filter((row) => mayChange(functionOf(history, row)))
  const added = inputOf(history, change)
  // What was removed, or may have been, is not missing.
  const isKept = changes.every((row) => isAdding(row) || changeOf(history, row) !== canonical(added))
  if (!isKept) return 'unknown'
  const shown = outputOf(history, read)
  if (shown === null) return 'holds'
  if (Array.isArray(shown)) return held(!elementsOf(history, read, shown).has(canonical(added)))
  return typeof shown === 'string' && typeof added === 'string' ? held(!shown.includes(added)) : 'unknown'
}

/** Whether a read shows a value that nothing can have written once the change was called. */
function isOlder(history: History, read: OperationRow, change: OperationRow): Held {
  const rows = rowsOfKey(history, history.operations.key[read] ?? -1)
  const changes = rows.filter((row) => mayChange(functionOf(history, row)))
  if (!changes.every((row) => isReplacing(history, row))) return 'unknown'
  const value = canonical(outputOf(history, read))
  const writers = changes.filter((row) => changeOf(history, row) === value)
  const isSeen = (): boolean =>
    rows.some(
      (row) =>
        isAnsweredRead(history, row) && canonical(outputOf(history, row)) === value && precedes(history, row, change),
    )
  return held(writers.every((writer) => precedes(history, writer, change)) || (writers.length === 1 && isSeen()))
}
