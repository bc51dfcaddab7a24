import { count } from '@chaosproxy/history'
import { finalStatesSheet } from '../sheets/final-states.ts'
import { elementSheet, messageSheet } from '../sheets/life.ts'
import type { LayOutSheet, Sheet, SheetInput } from '../sheets/sheet.ts'
import { bankLoss, bankSheet } from './bank.ts'
import { counterLoss, counterSheet } from './counter.ts'
import { listLoss } from './list-append.ts'
import { holdingsSheet, lockLoss } from './lock.ts'
import { logLoss } from './log.ts'
import type { FindLoss, Loss, LossInput } from './loss.ts'
import { multiRegisterLoss } from './multi-register.ts'
import { queueLoss } from './queue.ts'
import { registerLoss } from './register.ts'
import { idsLoss, setLoss } from './set.ts'
import { streamLoss, watchLoss, workQueueLoss } from './watch.ts'

/** By model. One without words of its own is told by the level that it broke. */
const losses: { readonly [model: string]: FindLoss } = {
  register: registerLoss,
  counter: counterLoss,
  set: setLoss,
  queue: queueLoss,
  bag: queueLoss,
  lock: lockLoss,
  bank: bankLoss,
  'list-append': listLoss,
  log: logLoss,
  'dense-log': logLoss,
  'multi-register': multiRegisterLoss,
  'unique-ids': idsLoss,
  watch: watchLoss,
  stream: streamLoss,
  'work-queue': workQueueLoss,
}

/** `At least 3 updates were lost`, or what else the anomaly did. */
const transactionsLoss: FindLoss = ({ report: { model, transactions }, counterexample: { story } }) => {
  if (story === undefined) return undefined
  // What was appended to a list stays in it.
  const lost =
    story.name === 'lost update' && model !== 'list-append' ? (transactions?.anomalies['lost-update']?.count ?? 0) : 0
  return { title: lost > 1 ? `At least ${count(lost)} updates were lost` : story.title }
}

export const lossOf = (input: LossInput): Loss | undefined =>
  input.report.transactions !== undefined
    ? transactionsLoss(input)
    : Object.hasOwn(losses, input.report.model)
      ? losses[input.report.model]?.(input)
      : undefined

/** By model: what shows best how it was broken, if that is not an axis of time. */
const sheets: { readonly [model: string]: LayOutSheet } = {
  bank: bankSheet,
  counter: counterSheet,
  queue: messageSheet,
  bag: messageSheet,
  set: elementSheet,
  lock: holdingsSheet,
}

export function sheetOf(input: SheetInput): Sheet | undefined {
  const { model, transactions } = input.report
  if (transactions !== undefined) return undefined
  return (Object.hasOwn(sheets, model) ? sheets[model]?.(input) : undefined) ?? finalStatesSheet(input)
}
