import type { History } from '@chaosproxy/history'
import { operationsOf, type Reading, step } from './brute-force.ts'

/** Describes what is wrong with an order that is claimed to explain a history; undefined if nothing is. */
export function faultOfOrder(
  history: History,
  orders: readonly { readonly key?: string | undefined; readonly operations: readonly number[] }[],
  rule: 'real time' | 'process order',
  reading: Reading,
): string | undefined {
  const ops = operationsOf(history, reading)
  const byRow = new Map(ops.map((op) => [op.row, op]))
  const placed = new Set(orders.flatMap(({ operations }) => operations))
  const missing = ops.find((op) => op.completed && !placed.has(op.row))
  if (missing !== undefined) return `completed operation ${missing.row} is missing`
  for (const { operations } of orders) {
    const state = new Map<string, ReturnType<typeof step>>()
    for (const [at, row] of operations.entries()) {
      const op = byRow.get(row)
      if (op === undefined) return `operation ${row} did not happen`
      if (operations.indexOf(row) !== at) return `operation ${row} appears twice`
      const later = operations.slice(at + 1).map((each) => byRow.get(each))
      const early = later.find(
        (other) =>
          other !== undefined &&
          (rule === 'real time'
            ? other.return < op.call
            : other.completed && other.process === op.process && other.call < op.call),
      )
      if (early !== undefined) return `operation ${early.row} should come before ${row}`
      const after = step(op, state.get(op.key) ?? reading.initial, reading.initial)
      if (after === 'illegal') return `operation ${row} is not legal where it is placed`
      state.set(op.key, after)
    }
  }
  return undefined
}
