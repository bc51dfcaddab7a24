import { NEVER } from '../encoding/encoded.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { Budget } from '../limits/budget.ts'
import { isExplained } from '../object/search/explained.ts'
import { grouped, type Partition, type Send } from './record.ts'
import { type StreamOperation, type StreamRules, stream } from './specification.ts'

/** Whether equal messages can be assigned to sends so that each producer's messages are in order. */
export type EqualInOrder =
  | { readonly result: 'met' }
  | { readonly result: 'violated'; readonly message: string; readonly rows: readonly OperationRow[] }
  | { readonly result: 'unknown'; readonly message: string }

/** A partition with more sends is not searched. */
const MOST_SENDS = 200

/**
 * Searches for an assignment of seen messages to equal sent messages. Each producer's offsets must increase. Equal
 * messages are otherwise indistinguishable.
 */
export function equalInOrder(partition: Partition, budget: Budget): EqualInOrder {
  const sends = partition.sends.filter(({ outcome }) => outcome !== 'failed')
  const bySends = grouped(sends, ({ message }) => message)
  const byPlaces = grouped(partition.placed, ({ message }) => message)
  const isOpen = (own: readonly Send[], message: string): boolean =>
    own.filter(({ offset }) => offset === undefined).length > 1 &&
    (byPlaces.get(message) ?? []).some(({ acknowledged }) => !acknowledged)
  const [open] = [...bySends].find(([message, own]) => isOpen(own, message)) ?? []
  if (open === undefined) return { result: 'met' }
  const rules: StreamRules = {
    kept: new Set(['monotonic-sends']),
    known: partition.placed.map(({ offset, message, acknowledged }) => ({ offset, message, isReturned: acknowledged })),
    attempts: new Map(
      [...bySends].map(([message, own]) => {
        const withoutOffset = own.filter(({ offset }) => offset === undefined).length
        return [message, { sends: own.length, withoutOffset }]
      }),
    ),
  }
  const isBroken = (some: readonly Send[]): boolean | undefined => {
    const result = some.length > MOST_SENDS ? undefined : isExplained(stream(rules), operationsOf(some), budget)
    return result === undefined ? undefined : !result
  }
  const result = isBroken(sends)
  if (result === undefined) return { result: 'unknown', message: open }
  if (!result) return { result: 'met' }
  // Leaves out sends with a returned offset if the violation remains without them. Keeps all other sends, because a
  // seen message may belong to any of them.
  let left: readonly Send[] = sends
  for (const send of sends) {
    const fewer = send.offset === undefined ? left : left.filter((other) => other !== send)
    if (fewer !== left && isBroken(fewer) === true) left = fewer
  }
  const seen = partition.placed.filter(({ message, acknowledged }) => !acknowledged && bySends.has(message))
  return { result: 'violated', message: open, rows: [...left, ...seen].map(({ row }) => row) }
}

/**
 * Converts the sends to operations that are called one after another, one for each row. A last operation, `end`,
 * follows them. It requires that all messages in the partition were sent before it. A send without a confirmation may
 * never have taken effect, so its operation has no return.
 */
function operationsOf(sends: readonly Send[]): readonly StreamOperation[] {
  const batches = [...grouped(sends, ({ row }) => String(row)).values()]
  const operations = batches.map((messages, i): StreamOperation => {
    const [{ process, outcome }] = messages
    const isConfirmed = outcome === 'done'
    return { does: 'send', process, messages, isConfirmed, call: 2 * i, return: isConfirmed ? 2 * i + 1 : NEVER }
  })
  const { length } = batches
  return [...operations, { does: 'end', process: -1, call: 2 * length, return: 2 * length + 1 }]
}
