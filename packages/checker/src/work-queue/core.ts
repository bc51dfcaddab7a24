import type { OfOneValue } from './guarantees.ts'
import type { RecordedOperation } from './operations.ts'

type Does = RecordedOperation['does']

/**
 * By guarantee: the kinds of operations that can contradict the guarantee. `shrunk` may omit these operations. It must
 * not omit the operations in `explaining`, because they may explain results.
 */
export const contradicting: { readonly [guarantee in OfOneValue]: readonly Does[] } = {
  'no-lost-messages': ['look'],
  'no-invented-messages': ['take', 'look'],
  'no-handouts-after-ack': ['take', 'look', 'ack'],
  'no-double-leases': ['take'],
  'no-repeats': ['take'],
}

/** Those that explain. */
const explaining: { readonly [guarantee in OfOneValue]: readonly Does[] } = {
  'no-lost-messages': ['enqueue', 'take', 'ack'],
  'no-invented-messages': ['enqueue'],
  'no-handouts-after-ack': ['enqueue'],
  'no-double-leases': ['enqueue', 'ack', 'nack'],
  'no-repeats': ['enqueue', 'nack'],
}

/**
 * Omits operations as long as the rest still breaks a guarantee. Keeps all operations that could explain the violation.
 */
export function shrunk(
  guarantee: OfOneValue,
  operations: readonly RecordedOperation[],
  isBroken: (operations: readonly RecordedOperation[]) => boolean,
): readonly RecordedOperation[] {
  const isOf = (by: readonly Does[]) => (each: RecordedOperation) => by.includes(each.does)
  let left: readonly RecordedOperation[] = operations.filter(
    isOf([...contradicting[guarantee], ...explaining[guarantee]]),
  )
  // Tries to omit the last operations first.
  for (const each of left.filter(isOf(contradicting[guarantee])).toReversed()) {
    if (!left.includes(each)) continue
    const fewer = withTheirTakes(left.filter((other) => other !== each))
    if (isBroken(fewer)) left = fewer
  }
  return left
}

/** Removes acknowledgements and returns of messages whose take is missing. */
function withTheirTakes(operations: readonly RecordedOperation[]): readonly RecordedOperation[] {
  const given = new Set(operations.flatMap((each) => (each.does === 'take' ? [each.receipt] : [])))
  return operations.filter((each) => !(each.does === 'ack' || each.does === 'nack') || given.has(each.receipt))
}
