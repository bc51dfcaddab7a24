import type { OperationRow } from '@chaosproxy/checker'
import {
  canonical,
  elementsOf,
  FAIL,
  FLAG_FINAL,
  functionOf,
  type History,
  inputOf,
  type Json,
  type Meaning,
  mayChange,
  meaningOf,
  OK,
  oncePerHistory,
  outputOf,
  readsWhole,
  writtenValue,
} from '@chaosproxy/history'
import type { FaultSpan, Heard, RunSetup } from '@chaosproxy/runner/result'

/** What claims are checked against: the record, without conclusions of the checker or the report. */
export interface Recorded {
  readonly history: History
  readonly faults: readonly FaultSpan[]
  /** The specification of the run, if there is a known run. */
  readonly spec?: RunSetup['spec'] | undefined
  /** The level by which the run was judged. Undefined if the target did not promise this level. */
  readonly promised?: string | undefined
  readonly durationNanos?: number | undefined
  readonly heard?: Heard | undefined
}

export type Held = 'holds' | 'refuted' | 'unknown'

export const held = (holds: boolean): Held => (holds ? 'holds' : 'refuted')

interface OfKey {
  /** The operations that did not fail. */
  readonly rows: OperationRow[]
  readonly reads: OperationRow[]
  readonly finalReads: OperationRow[]
  readonly writers: Map<string, OperationRow[]>
  readonly readers: Map<number, OperationRow[]>
  /** The values of changes other than additions, for example of removals. */
  readonly notAdded: Set<string>
  areReplacing: boolean
}

const byKey = oncePerHistory((history) => {
  const { operations } = history
  const keys = new Map<number, OfKey>()
  for (let row = 0; row < operations.length; row++) {
    if (operations.outcome[row] === FAIL) continue
    const key = operations.key[row] ?? -1
    const known = keys.get(key) ?? nothingKnown()
    keys.set(key, known)
    known.rows.push(row)
    if (isAnsweredRead(history, row)) {
      known.reads.push(row)
      if (((history.operations.flags[row] ?? 0) & FLAG_FINAL) !== 0) known.finalReads.push(row)
      put(known.readers, operations.output[row] ?? -1, row)
    }
    const f = functionOf(history, row)
    if (!mayChange(f)) continue
    const value = changeOf(history, row)
    put(known.writers, value, row)
    known.areReplacing &&= isReplacing(history, row)
    if (!['adds', 'appends'].includes(meaningOf(f)?.effect ?? '')) known.notAdded.add(value)
  }
  return keys
})

function put<Key>(lists: Map<Key, OperationRow[]>, key: Key, row: OperationRow): void {
  const known = lists.get(key)
  if (known === undefined) lists.set(key, [row])
  else known.push(row)
}

const nothingKnown = (): OfKey => ({
  ...{ rows: [], reads: [], finalReads: [], writers: new Map(), readers: new Map(), notAdded: new Set() },
  areReplacing: true,
})

const NOTHING = nothingKnown()

export const ofKey = (history: History, key: number): OfKey => byKey(history).get(key) ?? NOTHING

export const effectOf = (history: History, row: OperationRow): Meaning['effect'] | undefined =>
  meaningOf(functionOf(history, row))?.effect

/** Returns the operations on a key, without those that failed. */
export const rowsOfKey = (history: History, key: number): readonly OperationRow[] => ofKey(history, key).rows

/** The decoded answers of reads. They are cached, because long lists decode slowly. Elements are canonical JSON. */
const readAnswers = oncePerHistory(
  () => new Map<OperationRow, { readonly value: Json; readonly elements: Set<string> }>(),
)

function answerOfRead(history: History, read: OperationRow) {
  const known = readAnswers(history).get(read)
  if (known !== undefined) return known
  const value = outputOf(history, read)
  const elements = new Set(elementsOf(value)?.map((each) => canonical(each)))
  readAnswers(history).set(read, { value, elements })
  return { value, elements }
}

export const isOk = ({ operations }: History, row: OperationRow): boolean => operations.outcome[row] === OK

/** Whether an operation returned `ok` before another began. */
export const precedes = ({ operations }: History, one: OperationRow, other: OperationRow): boolean =>
  isOk({ operations } as History, one) && (operations.returnEvent[one] ?? 0) < (operations.callEvent[other] ?? 0)

export const isAnsweredRead = (history: History, row: OperationRow): boolean =>
  isOk(history, row) && readsWhole(functionOf(history, row))

/** Returns the value or element that a change writes, as canonical JSON. */
export const changeOf = (history: History, row: OperationRow): string =>
  canonical(writtenValue(functionOf(history, row), inputOf(history, row)))

const isReplacing = (history: History, row: OperationRow): boolean => {
  const { effect, takes } = meaningOf(functionOf(history, row)) ?? {}
  return effect === 'replaces' || (effect === 'removes' && takes === 'nothing')
}

/** Whether an answered read lacks an acknowledged change. */
export function lacks(history: History, read: OperationRow, change: OperationRow): Held {
  if (!isAnsweredRead(history, read) || !isOk(history, change)) return 'unknown'
  if (isReplacing(history, change)) return isOlder(history, read, change)
  const added = inputOf(history, change)
  // Another change may have removed the element, so its absence proves nothing.
  if (ofKey(history, history.operations.key[change] ?? -1).notAdded.has(canonical(added))) return 'unknown'
  const { value, elements } = answerOfRead(history, read)
  if (value === null) return 'holds'
  if (elementsOf(value) !== undefined) return held(!elements.has(canonical(added)))
  return typeof value === 'string' && typeof added === 'string' ? held(!value.includes(added)) : 'unknown'
}

/** Whether a read returned a value that was written before a change. */
function isOlder(history: History, read: OperationRow, change: OperationRow): Held {
  const { areReplacing, writers, readers } = ofKey(history, history.operations.key[read] ?? -1)
  if (!areReplacing) return 'unknown'
  const wrote = writers.get(canonical(outputOf(history, read))) ?? []
  const shown = history.operations.output[read] ?? -1
  return held(
    wrote.every((writer) => precedes(history, writer, change)) ||
      (wrote.length === 1 && (readers.get(shown) ?? []).some((row) => precedes(history, row, change))),
  )
}
