import { functionOf, type History, placeIn, UserError } from '@chaosproxy/history'

/** An operation of a history: its row in `Operations`. */
export type OperationRow = number

export const placeOf = (history: History, row: number): string => {
  const line = history.operations.callLine[row]
  if (line <= 0) return `operation ${row}`
  const { file = history.source, line: own } = placeIn(history, line)
  return file === undefined ? `line ${own}` : `${file}:${own}`
}

/**
 * Returns the error for an operation that a model does not understand. `why` is a clause, such as `it ends with a
 * list`.
 */
export const malformed = (history: History, row: OperationRow, why: string): UserError =>
  new UserError('input', `${placeOf(history, row)}: ${functionOf(history, row)}: ${why}.`)

/**
 * An additional outcome: the operation is not judged, because its key had already been changed outside the record. Like
 * a failed operation it constrains nothing, but it did happen.
 */
export const UNJUDGED = 3
