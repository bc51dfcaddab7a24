import { FLAG_FINAL, type History, type Json } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { range } from '../encoding/lists.ts'
import type { Budget } from '../limits/budget.ts'
import { explainObject } from './explain.ts'
import type { Convergence, ObjectModel } from './model/object-model.ts'
import { choose, type Functions, NO_OUTPUT, type Part, partsOf } from './model/part.ts'
import { decideObjects, type Judge, relatedByTime, shardsOf } from './search/decide.ts'

/**
 * Decides eventual consistency of any object by its final reads. One real-time order of all acknowledged updates and
 * some of unknown outcome must explain all final reads. Earlier reads and the results of updates are ignored, so every
 * linearizable history is eventual.
 *
 * @throws OutOfTime
 */
export function convergenceOfFinalReads(
  history: History,
  functions: Functions,
  object: ObjectModel,
  initial: Json,
  budget: Budget,
): Convergence {
  const parts = partsOf(history, functions, budget).flatMap((part) => atTheEnd(part, functions, budget))
  if (parts.length === 0) return UNREAD
  const judge: Judge = {
    model: functions.model,
    specification: object.specification(initial),
    isRead: functions.isRead,
    rule: 'no order of the updates explains what was read at the end',
    related: relatedByTime(functions.isRead),
    machine: object.machine && ((part, some) => object.machine?.(part, initial, some)),
  }
  const answer = decideObjects(shardsOf(parts, judge, budget), judge, budget)
  if (answer.result === 'unknown') return { ...answer, isOrder: true }
  if (answer.result === 'met') return { result: 'met', isOrder: true }
  const { sentence, operations } = explainObject(answer, judge, budget)
  return { result: 'violated', sentence, rows: operations.map(({ operation }) => operation) }
}

const UNREAD: Convergence = {
  result: 'unknown',
  reason: { kind: 'final reads', text: 'eventual is about final reads, and the history has none' },
}

/**
 * Returns the final reads and the updates as one part; nothing if there is no final read. Any result of an update is
 * accepted.
 */
function atTheEnd(part: Part, { isRead }: Functions, budget: Budget): readonly Part[] {
  const { flags } = part.history.operations
  const isFinal = (i: number): boolean => (flags[part.row[i]] & FLAG_FINAL) !== 0 && part.returns[i] !== NEVER
  const all = range(0, part.length)
  if (!all.some(isFinal)) return []
  const kept = all.filter((i) => isFinal(i) || !isRead(part.f[i]))
  const chosen = choose(part, kept, budget)
  return [{ ...chosen, output: chosen.output.map((id, at) => (isFinal(kept[at]) ? id : NO_OUTPUT)) }]
}
