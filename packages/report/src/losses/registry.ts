import { count } from '@chaosproxy/history'
import type { Claims } from '../claims/registry.ts'
import { finalStatesSheet } from '../sheets/final-states.ts'
import { elementSheet, messageSheet } from '../sheets/life.ts'
import type { LayOutSheet, Sheet, Shown } from '../sheets/sheet.ts'
import { bankLoss, bankSheet } from './bank.ts'
import { counterLosses, counterSheet } from './counter.ts'
import { listLoss } from './list-append.ts'
import { holdingsSheet, lockLoss } from './lock.ts'
import { logLoss } from './log.ts'
import type { FindLoss, Loss } from './loss.ts'
import { multiRegisterLoss } from './multi-register.ts'
import { queueLosses } from './queue.ts'
import { registerLosses } from './register.ts'
import { idsLoss, setLosses } from './set.ts'
import { streamLosses, watchLoss, workQueueLosses } from './watch.ts'

/** By model, most telling first. One without words of its own is told by the level that it broke. */
const losses: { readonly [model: string]: readonly FindLoss[] } = {
  register: registerLosses,
  counter: counterLosses,
  set: setLosses,
  queue: queueLosses,
  bag: queueLosses,
  lock: [lockLoss],
  bank: [bankLoss],
  'list-append': [listLoss],
  log: [logLoss],
  'dense-log': [logLoss],
  'multi-register': [multiRegisterLoss],
  'unique-ids': [idsLoss],
  watch: [watchLoss],
  stream: streamLosses,
  'work-queue': workQueueLosses,
}

/** `At least 3 updates were lost`, or what else the anomaly did. */
const transactionsLoss: FindLoss = ({ report: { model, transactions }, counterexample: { story } }) => {
  if (story === undefined) return undefined
  // What was appended to a list stays in it.
  const lost =
    story.name === 'lost update' && model !== 'list-append' ? (transactions?.anomalies['lost-update']?.count ?? 0) : 0
  return { title: lost > 1 ? `At least ${count(lost)} updates were lost` : story.title }
}

/** The most telling loss that may be said. */
export function lossOf(input: Shown, { may }: Pick<Claims, 'may'>): Loss | undefined {
  const { model, transactions } = input.report
  const known = transactions !== undefined ? [transactionsLoss] : Object.hasOwn(losses, model) ? losses[model] : []
  for (const find of known ?? []) {
    const loss = find(input)
    if (loss !== undefined && (loss.claim === undefined || may(loss.claim))) return loss
  }
  return undefined
}

/** By model: what shows best how it was broken, if that is not an axis of time. */
const sheets: { readonly [model: string]: LayOutSheet } = {
  bank: bankSheet,
  counter: counterSheet,
  queue: messageSheet,
  bag: messageSheet,
  set: elementSheet,
  lock: holdingsSheet,
}

export function sheetOf(input: Shown): Sheet | undefined {
  const { model, transactions } = input.report
  if (transactions !== undefined) return undefined
  return (Object.hasOwn(sheets, model) ? sheets[model]?.(input) : undefined) ?? finalStatesSheet(input)
}
