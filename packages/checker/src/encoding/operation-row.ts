import { functionOf, type History, placeIn, UserError } from '@chaosproxy/history'

/** The row of an operation in the `Operations` of its history. */
export type OperationRow = number

export const placeOf = (history: History, row: number): string => {
  const line = history.operations.callLine[row]
  if (line <= 0) return `operation ${row}`
  const { file = history.source, line: own } = placeIn(history, line)
  return file === undefined ? `line ${own}` : `${file}:${own}`
}

/** Returns a test of whether the function of an operation is selected. */
export function functionTest(
  { functions, operations: { f } }: Pick<History, 'functions' | 'operations'>,
  isSelected: (f: string) => boolean,
): (row: OperationRow) => boolean {
  const selected = functions.map(isSelected)
  return (row) => selected[f[row]]
}

/** Returns the error for input that is wrong at an operation. `complaint` is one sentence or several. */
export const wrongAt = (history: History, row: OperationRow, complaint: string): UserError =>
  new UserError('input', `${placeOf(history, row)}: ${complaint}`)

/**
 * Returns the error for an operation that a model does not understand. `why` is a clause, such as `it ends with a
 * list`.
 */
export const malformed = (history: History, row: OperationRow, why: string): UserError =>
  wrongAt(history, row, `${functionOf(history, row)}: ${why}.`)

/** Returns the error for an operation that a model does not know. */
export const unknownFunction = (
  history: History,
  row: OperationRow,
  { model, known }: { readonly model: string; readonly known: readonly string[] },
  remedy: string = 'Choose the right model with --model, or rename the operation.',
): UserError =>
  wrongAt(
    history,
    row,
    `the ${model} model does not know the operation "${functionOf(history, row)}"; it knows ${known.join(', ')}. ${remedy}`,
  )

/**
 * An additional outcome: the operation is not judged, because its key had already been changed outside the record. Like
 * a failed operation it constrains nothing, but it did happen.
 */
export const UNJUDGED = 3
