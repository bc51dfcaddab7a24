import { levels } from '../level.ts'
import type { ModelEntry } from '../objects/object-model.ts'
import { bag } from './bag.ts'
import { bank } from './bank.ts'
import { counter } from './counter.ts'
import { listAppend } from './list-append.ts'
import { lock } from './lock.ts'
import { log } from './log.ts'
import { multiRegister } from './multi-register.ts'
import type { ModelName } from './names.ts'
import { queue } from './queue.ts'
import { set } from './set.ts'
import { uniqueIds } from './unique-ids.ts'

/** The register has checkers of its own, for every level. */
const register: ModelEntry = {
  name: 'register',
  aliases: ['cas-register', 'kv-register', 'kv-cas-register', 'key-value'],
  summary: 'a value that is read, written, compared and set, and appended to',
  functions: ['read', 'write', 'cas', 'get', 'put', 'append'],
  levels,
}

const entries: { readonly [name in ModelName]: ModelEntry } = {
  register,
  'multi-register': multiRegister,
  counter,
  set,
  queue,
  bag,
  lock,
  'list-append': listAppend,
  bank,
  'unique-ids': uniqueIds,
  log,
}

/** Every model that comes with the checker: help, documents and tests iterate over them. */
export const models: readonly ModelEntry[] = Object.values(entries)

export const modelOf = (name: ModelName): ModelEntry => entries[name]

/** The model of this name, or that others call so. */
export const findModel = (name: string): ModelEntry | undefined =>
  models.find((entry) => entry.name === name || entry.aliases.includes(name))
