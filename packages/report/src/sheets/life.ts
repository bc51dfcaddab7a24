import { type Counterexample, type OperationRow, UNKNOWN_START } from '@chaosproxy/checker'
import {
  canonical,
  count,
  elementsOf,
  FAIL,
  type History,
  inputOf,
  type Json,
  outputOf,
  plural,
} from '@chaosproxy/history'
import {
  byCall,
  byReturn,
  callEventOf,
  clientOf,
  coreOf,
  elementsIn,
  functionOf,
  hasReturned,
  isFinal,
  isOk,
  isRead,
  keyOf,
  mayReturnValue,
  nameText,
  nodeOf,
  ofKey,
  outcomeName,
  valueText,
  wasBefore,
} from '../operation-words.ts'
import { listedAtMost, timesText } from '../words.ts'
import { clockOf, type LayOutSheet, rowsWhere, type Sheet, type SheetRow, textColumns } from './sheet.ts'

/** Maximum number of rows. A longer table omits rows in the middle. */
const MOST_SHOWN = 8
const MOST_SUBJECTS = 3

/** Lays out a message: who sent it, who received it, and which operation is impossible. */
export const messageSheet: LayOutSheet = ({ history, counterexample }) => {
  const { culprit } = counterexample
  const core = coreOf(counterexample)
  const taken = culprit === undefined || mayReturnValue(history, culprit) === false ? [] : elementsIn(history, culprit)
  const sent = core.filter((row) => !mayReturnValue(history, row)).map((row) => canonical(inputOf(history, row)))
  const again =
    taken.length === 1 && core.some((row) => row !== culprit && elementsIn(history, row).includes(taken[0] ?? ''))
  const all = [...new Set(again ? taken : [...sent, ...taken])]
  const subjects = all.slice(0, MOST_SUBJECTS)
  if (subjects.length === 0) return undefined
  const rows = rowsWhere(
    history,
    (row) =>
      isOfKey(history, row, counterexample) &&
      (row === culprit || core.includes(row) || elementsIn(history, row).some((value) => subjects.includes(value))),
  ).filter((row) => history.operations.outcome[row] !== FAIL)
  return lifeOf(history, counterexample, {
    rows,
    title: `The life of ${subjects.length === 1 ? `message ${subjectText(subjects[0])}` : `messages ${listedAtMost(all.map(subjectText), MOST_SUBJECTS)}`}${inText(history, rows, 'in queue')}`,
    whatOf: (row) => queueText(history, row, subjects),
    isTimed: true,
  })
}

interface MissingElement {
  readonly element: string
  readonly text: string
  readonly known: OperationRow
  readonly read: OperationRow
}

/** Returns an element that a read lacks, although no operation may have removed it. */
export function missingFrom(history: History, { culprit, operations }: Counterexample): MissingElement | undefined {
  if (culprit === undefined || !isRead(history, culprit) || !isOk(history, culprit)) return undefined
  const found = elementsIn(history, culprit)
  const core = coreOf({ operations })
  if (core.some((row) => !mayReturnValue(history, row) && functionOf(history, row) !== 'add')) return undefined
  const before = core.filter((row) => isOk(history, row) && wasBefore(history, row, culprit))
  for (const known of [
    ...before.filter((row) => !mayReturnValue(history, row)),
    ...before.filter((row) => isRead(history, row)),
  ]) {
    const element = elementsIn(history, known).find((value) => !found.includes(value))
    if (element !== undefined) return { element: subjectText(element), text: element, known, read: culprit }
  }
  return undefined
}

/**
 * Lays out the history of an element that a read got wrong: the element is missing, appears twice, or was never added.
 */
export const elementSheet: LayOutSheet = ({ history, counterexample }) => {
  const { culprit } = counterexample
  if (culprit === undefined || !isRead(history, culprit)) return undefined
  const found = elementsIn(history, culprit)
  const added = coreOf(counterexample)
    .filter((row) => !mayReturnValue(history, row))
    .map((row) => canonical(inputOf(history, row)))
  const times = (value: string): number => found.filter((other) => other === value).length
  const about = rowsWhere(
    history,
    (row) => isOfKey(history, row, counterexample) && history.operations.outcome[row] !== FAIL,
  )
  const changesOf = (value: string): readonly OperationRow[] =>
    about.filter((row) => !mayReturnValue(history, row) && canonical(inputOf(history, row)) === value)
  const { initial = null } = history.header ?? {}
  const atFirst = (elementsOf(initial) ?? []).map((each) => canonical(each))
  const foreign =
    initial === UNKNOWN_START
      ? undefined
      : found.find((value) => changesOf(value).length === 0 && !atFirst.includes(value))
  const subject = foreign ?? added.find((value) => times(value) === 0) ?? added.find((value) => times(value) > 1)
  if (subject === undefined) return undefined
  const changes = changesOf(subject)
  const { returnEvent } = history.operations
  const saw = about
    .filter((row) => row !== culprit && isRead(history, row) && elementsIn(history, row).includes(subject))
    .toSorted(byReturn(history))
  const ends = saw.length > 1 ? [saw[0] ?? 0, saw.at(-1) ?? 0] : saw
  const lacked = about.filter(
    (row) =>
      row !== culprit &&
      isFinal(history, row) &&
      isFinal(history, culprit) &&
      isRead(history, row) &&
      callEventOf(history, row) > (returnEvent[changes[0] ?? 0] ?? 0) &&
      !elementsIn(history, row).includes(subject),
  )
  return lifeOf(history, counterexample, {
    rows: [...new Set([...changes, ...ends, culprit, ...lacked.slice(0, 3)])],
    title: `The life of element ${subjectText(subject)}${inText(history, [culprit], 'of set')}${foreign !== undefined ? ', added by nobody' : saw.length > 2 ? `, seen by ${plural(saw.length, 'read')}` : saw.length + times(subject) === 0 ? ', seen by no read' : ''}`,
    isWrong: (row) => lacked.includes(row),
    whatOf(row) {
      if (!mayReturnValue(history, row)) return `${functionOf(history, row)} ${subjectText(subject)}`
      if (foreign !== undefined) return 'read with it'
      if (row === culprit || lacked.includes(row))
        return `${isFinal(history, row) ? 'final ' : ''}read${row === culprit && times(subject) > 1 ? `: ${subjectText(subject)} is in it ${timesText(times(subject))}` : ' without it'}`
      return saw.length === 1 ? 'read with it' : row === saw[0] ? 'first read with it' : 'last read with it'
    },
  })
}

interface Life {
  readonly title: string
  readonly rows: readonly OperationRow[]
  readonly whatOf: (row: OperationRow) => string
  /** Whether a row contradicts the remaining rows. */
  readonly isWrong?: (row: OperationRow) => boolean
  readonly isTimed?: boolean
}

function lifeOf(
  history: History,
  { culprit }: Counterexample,
  { title, rows, whatOf, isWrong, isTimed = false }: Life,
): Sheet {
  const inOrder = rows.toSorted(byCall(history))
  const left = inOrder.length - MOST_SHOWN
  const shown = left <= 0 ? inOrder : inOrder.filter((row, i) => i === 0 || i > left || row === culprit)
  const at = clockOf(history, shown)
  const cells = shown.map(
    (row): SheetRow => ({
      cells: [
        at(row, 'call'),
        at(row, 'return'),
        clientOf(history, row),
        whatOf(row),
        nameText(nodeOf(history, row) ?? '', 16),
        hasReturned(history, row) ? outcomeWord(history, row) : 'no answer',
      ],
      wrong: row === culprit || isWrong?.(row) === true ? [2, 3, 4] : [],
      operation: row,
    }),
  )
  return {
    ...{ title, isTimed },
    columns: textColumns('called', 'answered', 'client', 'what', 'node', 'outcome'),
    rows:
      left <= 0
        ? cells
        : [
            ...cells.slice(0, 1),
            { cells: ['', '', '', `${count(left)} more`], look: 'faint' as const },
            ...cells.slice(1),
          ],
  }
}

const outcomeWord = (history: History, row: OperationRow): string => {
  const outcome = outcomeName(history, row)
  return outcome === 'ok'
    ? mayReturnValue(history, row)
      ? 'ok'
      : 'acknowledged'
    : outcome === 'info'
      ? 'unknown'
      : 'failed'
}

function queueText(history: History, row: OperationRow, subjects: readonly string[]): string {
  const f = functionOf(history, row)
  if (!mayReturnValue(history, row)) return `${f} ${valueText(inputOf(history, row), 16)}`
  if (f === 'drain' || Array.isArray(outputOf(history, row)))
    return elementsIn(history, row).some((value) => subjects.includes(value)) ? `${f}, with it` : `${f}, without it`
  if (!isOk(history, row)) return f
  const value = outputOf(history, row)
  return value === null ? 'found it empty' : `was given ${valueText(value, 16)}`
}

function inText(history: History, [row]: readonly OperationRow[], words: string): string {
  return row === undefined ? '' : ofKey(words, keyOf(history, row), 16)
}

const subjectText = (value: string = 'null'): string => valueText(JSON.parse(value) as Json, 16)

const isOfKey = (history: History, row: OperationRow, { operations }: Counterexample): boolean =>
  history.operations.key[row] === history.operations.key[operations[0]?.operation ?? 0]
