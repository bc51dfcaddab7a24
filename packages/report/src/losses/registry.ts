import { count } from '@chaosproxy/history'
import type { Claims } from '../claims/registry.ts'
import { finalStatesSheet } from '../sheets/final-states.ts'
import { elementSheet, messageSheet } from '../sheets/life.ts'
import type { LayOutSheet, Sheet, SheetInput } from '../sheets/sheet.ts'
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

/**
 * By model: the functions that find what users lost, the most specific first. If none finds a loss, the title of a page
 * is the verdict on the level.
 */
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

const transactionsLoss: FindLoss = ({ report: { model, transactions }, counterexample: { story } }) => {
  if (story === undefined) return undefined
  // The title does not count lost updates of a list: appended elements stay in a list, so no update is lost.
  const lost =
    story.name === 'lost update' && model !== 'list-append' ? (transactions?.anomalies['lost-update']?.count ?? 0) : 0
  return { title: lost > 1 ? `At least ${count(lost)} updates were lost` : story.title }
}

/** Returns the most specific loss that the record confirms. */
export function lossOf(input: SheetInput, { may }: Pick<Claims, 'may'>): Loss | undefined {
  const { model, transactions } = input.report
  const known = transactions !== undefined ? [transactionsLoss] : Object.hasOwn(losses, model) ? losses[model] : []
  for (const find of known ?? []) {
    const loss = find(input)
    if (loss !== undefined && (loss.claim === undefined || may(loss.claim))) return loss
  }
  return undefined
}

/** The table that best shows a model's violations. Other models have a table of final states or a time axis. */
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
