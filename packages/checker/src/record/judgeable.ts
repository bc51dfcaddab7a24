import {
  FAIL,
  FLAG_UNSAID,
  functionOf,
  type History,
  INFO,
  type Json,
  type Mark,
  meaningOf,
  OK,
} from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { functionTest, type OperationRow, UNJUDGED } from '../encoding/operation-row.ts'
import type { RecordRules } from '../judge/entry.ts'

/** The part of a history that can be judged, and the marks because of which the rest cannot be judged. */
export interface Judgeable {
  readonly history: History
  /**
   * If some results of a key are not judged (see `judgeableOf`), `touched` contains the first mark of the key. A mark
   * of several keys is listed once.
   */
  readonly touched: readonly Touched[]
  /** The number of touched keys. `touched` may have fewer entries, because one mark may cover every key. */
  readonly touchedKeys: number
  /**
   * Marks of reads whose results the recorder did not understand, or whose results are probably not the values read.
   */
  readonly notUnderstood: readonly Mark[]
}

export interface Touched {
  /** The touched key; undefined if every key is touched. */
  readonly key: string | undefined
  readonly line: number
  readonly what: string
  readonly why: string
  readonly isRecorded?: boolean | undefined
}

/**
 * Returns the part of a history that can be judged in spite of its marks, or undefined if this is the whole history.
 *
 * A mark means that an operation outside the record touched a key. The key is judged by the operations that returned
 * before the mark, because no read among them can have seen later changes. Operations in flight at the mark may or may
 * not have taken effect. Operations called after the mark are omitted, except writes of values that were read before
 * the mark: levels without real time allow a read to return a value that is written later.
 */
export function judgeableOf(history: History, rules: RecordRules, initial: Json): Judgeable | undefined {
  const missing = missingInputs(history, rules)
  const strange = rules.strangeReads?.(history, initial) ?? NONE
  const complete = without(strange, inFull(history, missing, rules))
  const marks = [
    ...history.marks.filter(({ kind, settled }) => kind === 'touched' && settled === undefined),
    ...missing.flatMap(markOf(history)),
  ]
  const notUnderstood = [...history.marks.filter(({ kind }) => kind === 'not-understood'), ...strange.values()]
  if (marks.length === 0 && notUnderstood.length === 0 && complete === history) return undefined
  if (marks.length === 0) return { history: complete, touched: [], touchedKeys: 0, notUnderstood }
  return { ...upToMarks(complete, firstMarks(complete, marks), rules, initial), notUnderstood }
}

const NONE: ReadonlyMap<OperationRow, Mark> = new Map()

/** Leaves out reads whose results are not understood. */
function without(reads: ReadonlyMap<OperationRow, Mark>, history: History): History {
  if (reads.size === 0) return history
  const outcome = history.operations.outcome.slice()
  for (const row of reads.keys()) outcome[row] = UNJUDGED
  return { ...history, operations: { ...history.operations, outcome } }
}

/** Returns the operations that change an object, but whose input is missing from the invocation. */
function missingInputs(history: History, { mayLackInput }: RecordRules): readonly number[] {
  const { flags, length } = history.operations
  const isChange = functionTest(history, (name) => changesByInput(name) && !mayLackInput.includes(name))
  const rows: number[] = []
  for (let row = 0; row < length; row++) if ((flags[row] & FLAG_UNSAID) !== 0 && isChange(row)) rows.push(row)
  return rows
}

function changesByInput(f: string): boolean {
  const { effect, takes, accumulates } = meaningOf(f) ?? {}
  return accumulates === true || effect === 'replaces' || (effect === 'removes' && takes === 'value')
}

/** The history with missing inputs taken from completions. */
function inFull(history: History, missing: readonly number[], rules: RecordRules): History {
  const { operations } = history
  const completed = missing.filter((row) => operations.outcome[row] === OK)
  const input = completed.length === 0 ? operations.input : operations.input.slice()
  for (const row of completed) input[row] = operations.output[row]
  const complete = completed.length === 0 ? history : { ...history, operations: { ...operations, input } }
  return rules.inFull?.(complete) ?? complete
}

/** Returns a mark if the outcome is unknown: the operation, whose input is missing, may have written any value. */
const markOf =
  (history: History) =>
  (row: number): readonly Mark[] => {
    const { operations, keys } = history
    if (operations.outcome[row] !== INFO) return []
    return [
      {
        kind: 'touched',
        key: keys[operations.key[row]],
        position: operations.callEvent[row],
        line: operations.callLine[row],
        what: functionOf(history, row),
        why: 'its outcome is unknown, and so is what it would have written',
        isRecorded: true,
      },
    ]
  }

/** By key: its earliest mark. The first entry is for operations without a key. */
function firstMarks({ keys }: History, marks: readonly Mark[]): readonly (Mark | undefined)[] {
  const first: (Mark | undefined)[] = new Array(keys.length + 1).fill(undefined)
  const placeOf = new Map(keys.map((key, k) => [key, k + 1]))
  const consider = (place: number, mark: Mark): void => {
    const known = first[place]
    if (known === undefined || mark.position < known.position) first[place] = mark
  }
  let every: Mark | undefined
  for (const mark of marks) {
    const place = mark.key === undefined ? undefined : placeOf.get(mark.key)
    if (place !== undefined) consider(place, mark)
    else if (mark.key === undefined && (every === undefined || mark.position < every.position)) every = mark
  }
  if (every !== undefined) for (let place = 0; place < first.length; place++) consider(place, every)
  return first
}

function upToMarks(
  history: History,
  first: readonly (Mark | undefined)[],
  { seenBefore }: RecordRules,
  initial: Json,
): Omit<Judgeable, 'notUnderstood'> {
  const { operations } = history
  const outcome = operations.outcome.slice()
  const positions = Int32Array.from(first, (mark) => mark?.position ?? NEVER)
  const mayBeSeen = seenBefore?.(history, positions, initial) ?? (() => false)
  const affected = new Set<number>()
  for (let row = 0; row < operations.length; row++) {
    const place = operations.key[row] + 1
    const position = positions[place]
    if (position === NEVER) continue
    const isInputMissing = (operations.flags[row] & FLAG_UNSAID) !== 0 && operations.outcome[row] !== OK
    const isLate = operations.callEvent[row] >= position
    if (operations.outcome[row] === INFO) {
      if (isLate && isInputMissing) outcome[row] = UNJUDGED
      continue
    }
    if (operations.returnEvent[row] < position) continue
    if (operations.outcome[row] === FAIL) {
      outcome[row] = UNJUDGED
      // A failed cas may count as an observation of its key. Other failed operations do not affect the verdict.
      if (functionOf(history, row) === 'cas') affected.add(place)
      continue
    }
    affected.add(place)
    outcome[row] = isLate && !mayBeSeen(row) ? UNJUDGED : INFO
  }
  return {
    history: { ...history, operations: { ...operations, outcome } },
    touched: touchedOf(first, affected),
    touchedKeys: affected.size,
  }
}

/** Returns each mark once, although a mark may cover every key. */
function touchedOf(first: readonly (Mark | undefined)[], affected: ReadonlySet<number>): readonly Touched[] {
  const marks = new Set(Array.from(affected).flatMap((place) => first[place] ?? []))
  return [...marks].sort((a, b) => a.position - b.position)
}
