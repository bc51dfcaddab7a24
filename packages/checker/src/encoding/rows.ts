import { type History, INFO, OK, type Operations } from '@chaosproxy/history'

/**
 * Returns some rows of a history, in increasing order, up to the event position `cut`. Operations open at `cut` have an
 * unknown outcome.
 */
export function historyOfRows(
  history: History,
  rows: readonly number[],
  cut: number = Number.POSITIVE_INFINITY,
): History {
  const { operations } = history
  const kept = rows.filter((row) => operations.callEvent[row] <= cut)
  const { lend: _, ...rest } = history
  return {
    ...rest,
    operations: cutAt(columnsOf(operations, kept), cut),
    errorOf: (row) => history.errorOf(kept[row]),
  }
}

export function columnsOf(operations: Operations, rows: ArrayLike<number>): Operations {
  const { process, f, key, input, output, outcome, callEvent, returnEvent } = operations
  const { callTime, returnTime, node, flags, callLine, returnLine } = operations
  const whole = (column: Int32Array): Int32Array => Int32Array.from(rows, (row: number) => column[row])
  const small = (column: Uint8Array): Uint8Array => Uint8Array.from(rows, (row: number) => column[row])
  const times = (column: Float64Array): Float64Array => Float64Array.from(rows, (row: number) => column[row])
  return {
    length: rows.length,
    process: whole(process),
    f: small(f),
    key: whole(key),
    input: whole(input),
    output: whole(output),
    outcome: small(outcome),
    callEvent: whole(callEvent),
    returnEvent: whole(returnEvent),
    callTime: times(callTime),
    returnTime: times(returnTime),
    node: whole(node),
    flags: small(flags),
    callLine: whole(callLine),
    returnLine: whole(returnLine),
  }
}

/**
 * Makes completed operations open if they returned after the cut. Failed ones stay failed, because a read of their
 * value is always a violation.
 */
function cutAt(operations: Operations, cut: number): Operations {
  const { length, outcome, returnEvent, returnTime, output, input } = operations
  for (let row = 0; row < length; row++) {
    if (returnEvent[row] <= cut || outcome[row] !== OK) continue
    outcome[row] = INFO
    returnEvent[row] = -1
    returnTime[row] = Number.POSITIVE_INFINITY
    output[row] = input[row]
  }
  return operations
}
