import { UserError } from '@chaosproxy/history'
import { objectEntry } from '../objects/entry.ts'
import { bankFromAny } from '../start/objects/bank.ts'
import { counterFromAny } from '../start/objects/counter.ts'
import { listAppendFromAny } from '../start/objects/list-append.ts'
import { lockFromAny } from '../start/objects/lock.ts'
import { logFromAny } from '../start/objects/log.ts'
import { bagFromAny, queueFromAny } from '../start/objects/messages.ts'
import { multiRegisterFromAny } from '../start/objects/multi-register.ts'
import { setFromAny } from '../start/objects/set.ts'
import { watchEntry } from '../watch/entry.ts'
import { bag } from './bag.ts'
import { bank } from './bank.ts'
import { counter } from './counter.ts'
import type { ModelEntry } from './entry.ts'
import { listAppend } from './list-append.ts'
import { lock } from './lock.ts'
import { log } from './log.ts'
import type { Model } from './model.ts'
import { multiRegister } from './multi-register.ts'
import { modelEntry } from './own.ts'
import { queue } from './queue.ts'
import { registerEntry } from './register-entry.ts'
import { set } from './set.ts'
import { uniqueIds } from './unique-ids.ts'

/**
 * Every built-in model: help, documents and tests iterate over this list. An object is listed with how it is judged if
 * its initial value is unknown; a `Model` as users write it is listed as `modelEntry(stack)`.
 */
export const models: readonly ModelEntry<string>[] = [
  registerEntry,
  objectEntry(multiRegister, multiRegisterFromAny),
  objectEntry(counter, counterFromAny),
  objectEntry(set, setFromAny),
  objectEntry(queue, queueFromAny),
  objectEntry(bag, bagFromAny),
  objectEntry(lock, lockFromAny),
  objectEntry(listAppend, listAppendFromAny),
  objectEntry(bank, bankFromAny),
  // The ids given out before are never known, so the initial value makes no difference.
  objectEntry(uniqueIds, 'alike'),
  objectEntry(log, logFromAny),
  watchEntry,
]

/** The levels of every judge, strongest first. */
export const levelNames = (): readonly string[] => [...new Set(models.flatMap(({ judge }) => judge.ladder.levels))]

/**
 * The levels by which the histories of a model are judged, strongest first.
 *
 * @throws UserError if there is none of that name.
 */
export const levelsOf = (model: string | Model<unknown>): readonly string[] => entryOf(model).judge.ladder.levels

/** The model with this name or alias. */
export const findModel = (name: string): ModelEntry<string> | undefined =>
  models.find((entry) => entry.name === name || entry.aliases.includes(name))

/**
 * The entry that judges by a model, built-in or the user's own.
 *
 * @throws UserError if there is none of that name.
 */
export function entryOf(model: string | Model<unknown>): ModelEntry<string> {
  if (typeof model !== 'string') return modelEntry(model)
  const known = findModel(model)
  if (known !== undefined) return known
  const names = models.map(({ name }) => name).join(', ')
  throw new UserError('usage', `there is no model "${model}". There are: ${names}; or give a Model of your own.`)
}
