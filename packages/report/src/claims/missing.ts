import type { OperationRow } from '@chaosproxy/checker'
import { canonical, elementsOf, type History, OK, outputOf } from '@chaosproxy/history'
import { isReplacing } from '../operation-words.ts'
import type { CameBackWithout, Missing } from './claim.ts'
import { type Held, held, isAnsweredRead, lacks, precedes, type Recorded } from './recorded.ts'

/** Checks that `read` returned a state without a change that the earlier operation `known` made or saw. */
export function isMissing({ history }: Recorded, { known, read, element }: Missing): Held {
  if (!precedes(history, known, read)) return 'refuted'
  if (element === undefined) return lacks(history, read, known)
  const [before, after] = [known, read].map((row) => elementsOf(outputOf(history, row)))
  if (!isAnsweredRead(history, known) || before === undefined || after === undefined) return 'unknown'
  const has = (list: readonly unknown[]): boolean => list.some((each) => canonical(each as never) === element)
  return held(has(before) && !has(after))
}

/** Checks that the node had the change before the fault, and lacked it afterwards. */
export function cameBackWithout({ history, heard }: Recorded, { change, read, fault }: CameBackWithout): Held {
  const { callTime, returnTime, node } = history.operations
  const where = node[read] ?? -1
  const name = history.nodes[where]
  if (name === undefined || !fault.nodes.includes(name) || fault.to > (callTime[read] ?? 0)) return 'refuted'
  // Whether the node executed an operation before it was killed.
  const isBefore = (row: number): boolean =>
    (callTime[row] ?? 0) < fault.from && (returnTime[row] ?? Number.POSITIVE_INFINITY) <= fault.to
  const had =
    (node[change] === where && precedes(history, change, read) && isBefore(change)) ||
    heard?.messages.some(
      ({ to, carries, endedAt, fate }) =>
        to === name && carries !== undefined && fate === 'received' && (endedAt ?? fault.from) < fault.from,
    ) === true
  if (!had) return 'refuted'
  // If the node acknowledged a later write to the key before the fault, that write had replaced the value of `change`.
  // The fault can then have lost only the later write.
  return isReplacedSince(history, { change, where, before: fault.from }) ? 'unknown' : lacks(history, read, change)
}

/** Whether the node acknowledged a later write to the key before a given time. */
function isReplacedSince(
  history: History,
  { change, where, before }: { readonly change: OperationRow; readonly where: number; readonly before: number },
): boolean {
  const { length, key, node, outcome, callTime, returnTime } = history.operations
  if (!isReplacing(history, change)) return false
  for (let row = 0; row < length; row++)
    if (
      key[row] === key[change] &&
      node[row] === where &&
      outcome[row] === OK &&
      isReplacing(history, row) &&
      (callTime[row] ?? 0) > (callTime[change] ?? 0) &&
      (returnTime[row] ?? 0) < before
    )
      return true
  return false
}
