import { type History, nanos, nanosToMillis, OK } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import { endOf } from '../object/search/explained.ts'
import type { Message, Queue } from './record.ts'
import type { QueueOperation } from './specification.ts'

/** An operation as the specification sees it, and its row in the history. */
export type RecordedOperation = QueueOperation & { readonly row: OperationRow }

/** The maximum number of copies that can have existed, if none was invented. */
export const copiesOf = ({ initially, enqueues }: Message): number => initially + enqueues.length

/** Reports whether an operation shows a message before any enqueue of the message was called. */
export function isInventedAt(history: History, { initially, enqueues }: Message, row: OperationRow): boolean {
  const { callEvent, returnEvent } = history.operations
  return initially === 0 && enqueues.every((enqueue) => callEvent[enqueue] > returnEvent[row])
}

export function operationsOn(
  history: History,
  queue: Queue,
  messages: readonly Message[],
): readonly RecordedOperation[] {
  const looks = new Map<OperationRow, Map<string, number>>()
  if (queue.lastLook !== undefined) looks.set(queue.lastLook, new Map())
  const operations: RecordedOperation[] = []
  for (const message of messages) {
    const { text, enqueues, handouts, sightings, settlements } = message
    for (const { row, times } of sightings) looks.set(row, (looks.get(row) ?? new Map()).set(text, times))
    for (const row of enqueues) {
      const isConfirmed = history.operations.outcome[row] === OK
      operations.push({ ...momentOf(history, row), does: 'enqueue', text, isConfirmed })
    }
    for (const { row, receipt, leaseMs } of handouts) {
      const isInvented = isInventedAt(history, message, row)
      operations.push({ ...momentOf(history, row), does: 'take', text, receipt, leaseMs, isInvented })
    }
    for (const { row, does, receipt } of settlements) operations.push({ ...momentOf(history, row), does, receipt })
  }
  for (const [row, counts] of looks) {
    const invented = new Set(
      messages.filter((each) => counts.has(each.text) && isInventedAt(history, each, row)).map(({ text }) => text),
    )
    operations.push({ ...momentOf(history, row), does: 'look', counts, invented, isLast: row === queue.lastLook })
  }
  return operations.sort((a, b) => a.call - b.call)
}

function momentOf({ operations }: History, row: OperationRow) {
  const isKnown = operations.outcome[row] === OK
  return {
    row,
    call: operations.callEvent[row],
    return: endOf(operations.returnEvent[row], isKnown),
    fromMs: nanosToMillis(nanos(operations.callTime[row])),
    toMs: isKnown ? nanosToMillis(nanos(operations.returnTime[row])) : Number.POSITIVE_INFINITY,
  }
}
