import { bankLoss } from './bank.ts'
import { counterLoss } from './counter.ts'
import { listLoss } from './list-append.ts'
import { lockLoss } from './lock.ts'
import { logLoss } from './log.ts'
import type { FindLoss, Loss, LossInput } from './loss.ts'
import { multiRegisterLoss } from './multi-register.ts'
import { queueLoss } from './queue.ts'
import { registerLoss } from './register.ts'
import { setLoss } from './set.ts'
import { idsLoss } from './unique-ids.ts'
import { watchLoss } from './watch.ts'

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
}

export const lossOf = (input: LossInput): Loss | undefined =>
  input.report.transactions === undefined && Object.hasOwn(losses, input.report.model)
    ? losses[input.report.model]?.(input)
    : undefined
