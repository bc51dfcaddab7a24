/** An operation of a history: its row in `Operations`. */
export type OperationRow = number
