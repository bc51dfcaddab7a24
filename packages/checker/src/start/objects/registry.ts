import type { ModelName } from '../../models/names.ts'
import type { AnyStart } from './any-start.ts'
import { bankFromAny } from './bank.ts'
import { counterFromAny } from './counter.ts'
import { listAppendFromAny } from './list-append.ts'
import { lockFromAny } from './lock.ts'
import { logFromAny } from './log.ts'
import { bagFromAny, queueFromAny } from './messages.ts'
import { multiRegisterFromAny } from './multi-register.ts'
import { setFromAny } from './set.ts'

/** By model: how it is judged from an unknown start. Undefined where it does not matter what was there. */
export const anyStarts: { readonly [name in ModelName]: AnyStart | undefined } = {
  // It has checkers of its own.
  register: undefined,
  'multi-register': multiRegisterFromAny,
  counter: counterFromAny,
  set: setFromAny,
  queue: queueFromAny,
  bag: bagFromAny,
  lock: lockFromAny,
  'list-append': listAppendFromAny,
  bank: bankFromAny,
  // Ids that were given out before are not known to anybody.
  'unique-ids': undefined,
  log: logFromAny,
}
