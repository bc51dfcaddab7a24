import { type History, OK } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import { type Budget, inTime } from '../limits/budget.ts'
import { EdgeList, NO_KEY, SO } from '../transactions/graph/edges.ts'
import { graphOf } from '../transactions/graph/graph.ts'
import { addSessions, eventsOf, type Spans } from '../transactions/graph/real-time.ts'
import { serialOrder } from '../transactions/graph/serial-order.ts'
import { notRecorded, OUT_OF_TIME } from '../verdict/reason.ts'
import { ofLevel, unknownBecause, type Verdict } from '../verdict/verdict.ts'
import { orderOfRows } from '../verdict/witness-order.ts'
import { explainObject } from './explain.ts'
import type { Part } from './model/part.ts'
import type { Judge } from './search/decide.ts'
import { faultOfObjectWitness, simulateBy } from './search/replay.ts'
import { decide, explain } from './sequential.ts'

const REPEATED = notRecorded(
  'an operation stands for several others, such as a drain for its dequeues, and the search by process order does not support this',
)
const APART = notRecorded(
  'each object has an order that respects the timestamps and the order of each process, and no order of all objects was found',
)

/**
 * Judges whether the objects of a tied history (see `History.isTied`) are linearizable. Searches for an order of each
 * object that keeps real time and the order of each process. The orders of all objects must also be compatible. In a
 * tied history they may not be, because operations of a process are ordered even if they overlap and belong to
 * different objects.
 */
export const judgeTied = (parts: readonly Part[], judge: Judge, budget: Budget): Verdict =>
  inTime(
    () => judgeParts(parts, judge, budget),
    () => unknownBecause(OUT_OF_TIME),
  )

/** @throws OutOfTime */
function judgeParts(parts: readonly Part[], judge: Judge, budget: Budget): Verdict {
  const orders: (readonly number[])[] = []
  let open: Verdict | undefined
  for (const part of parts) {
    if (new Set(part.row).size < part.length) return unknownBecause(REPEATED)
    const conflict = judge.refute?.(part, budget)
    if (conflict !== undefined) {
      return { result: 'violated', counterexample: explainObject({ part, conflict }, judge, budget) }
    }
    const answer = decide(part, judge, budget, Number.POSITIVE_INFINITY)
    if (answer.result === 'violated') {
      const beside = 'in every order that respects the timestamps and the order of each process'
      const counterexample = explain(part, judge, beside, budget)
      return ofLevel('linearizable', { result: 'violated', counterexample })
    }
    if (answer.result === 'unknown') open ??= answer
    else orders.push(replayed(part, answer.order, judge))
  }
  if (open !== undefined) return open
  const [first] = parts
  if (first !== undefined && parts.length > 1 && !fit(orders, first.history, budget)) return unknownBecause(APART)
  const found = parts.map(({ key }, p) => orderOfRows(key, orders[p].length, () => [...orders[p]]))
  return { result: 'met', witness: { kind: 'order', orders: found } }
}

/** The rows of an order, after its replay. A failed replay is a bug of the checker. */
function replayed(part: Part, order: readonly number[], judge: Judge): readonly OperationRow[] {
  const { process } = part.history.operations
  const latest = new Map<number, number>()
  const isInTurn = (i: number): boolean => {
    const before = latest.get(process[part.row[i]]) ?? -1
    latest.set(process[part.row[i]], Math.max(before, i))
    return i > before || part.returns[i] === NEVER
  }
  const isPossible = simulateBy(judge.specification, part)
  const fault = faultOfObjectWitness(part, order, (i) => isInTurn(i) && isPossible(i))
  if (fault !== undefined) throw new Error(`the order found is not a witness of linearizability: ${fault}`)
  return order.map((i) => part.row[i])
}

/**
 * Reports whether a single order is compatible with the order of each object, with real time, and with the order of
 * each process.
 */
function fit(orders: readonly (readonly OperationRow[])[], { operations }: History, budget: Budget): boolean {
  const { length, process, outcome, callEvent, returnEvent } = operations
  const counts = new Uint8Array(length)
  const edges = new EdgeList(length)
  for (const order of orders) {
    budget.look(order.length)
    for (const [at, row] of order.entries()) {
      counts[row] = 1
      if (at > 0) edges.add(order[at - 1], row, SO, NO_KEY)
    }
  }
  const completed = returnEvent.map((event, row) => (outcome[row] === OK ? event : NEVER))
  const spans: Spans = { length, session: process, invoked: callEvent, completed, isTied: true }
  addSessions(edges, spans, counts)
  budget.look(edges.length)
  return serialOrder(graphOf(edges, length), eventsOf(spans, counts)) !== undefined
}
