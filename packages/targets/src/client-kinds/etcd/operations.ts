import type { Completion, Input, Json } from '@chaosproxy/history'
import { acquired, released } from '../../clients/lock.ts'
import { isTrouble } from '../../clients/trouble.ts'
import type { Keeping, Operation, Perform } from './operation.ts'
import { commit, createdAt, deleteStep, get, holds, list, putStep, type Step } from './store.ts'
import { object, updated } from './update.ts'
import { readAll, watchOperations } from './watch-operations.ts'

/**
 * All operations by function, except `watchOperations`. Those are separate because watches read whole ranges of keys,
 * so watches cannot share an etcd with other programs.
 */
export const ownOperations: { readonly [f: string]: Perform } = {
  async read(operation, input, keeping) {
    const { as, initial } = keeping
    const { key } = input
    if (key === undefined) return readAll(operation, input, keeping)
    if (as === 'elements') {
      const listing = await list(operation, `${object(key)}/`)
      return isTrouble(listing) ? listing : { type: 'ok', value: listing.held.map(({ value }) => value) }
    }
    const found = await get(operation, object(key))
    return isTrouble(found) ? found : { type: 'ok', value: found.held?.value ?? initial }
  },

  write(operation, { key = '', value }) {
    const name = object(key)
    return changing(operation, value === null ? deleteStep(name) : putStep(name, value), value)
  },

  async cas(operation, { key = '', value }) {
    const name = object(key)
    const [old = null, next = null] = value as readonly Json[]
    const condition = old === null ? createdAt(name, 0) : holds(name, old)
    const done = await commit(operation, [condition], [next === null ? deleteStep(name) : putStep(name, next)])
    if (isTrouble(done)) return done
    return done.succeeded ? { type: 'ok', value } : { type: 'fail', error: 'mismatch', answered: true }
  },

  append: (operation, input, keeping) =>
    changed(operation, input, keeping, (held) => {
      if (typeof input.value === 'string') return `${typeof held === 'string' ? held : ''}${input.value}`
      return [...(Array.isArray(held) ? (held as Json[]) : []), input.value]
    }),

  async add(operation, input, keeping) {
    if (keeping.as === 'value') return changed(operation, input, keeping, (held) => Number(held) + Number(input.value))
    return changing(operation, putStep(element(input), input.value), input.value)
  },

  subtract: (operation, input, keeping) =>
    changed(operation, input, keeping, (held) => Number(held) - Number(input.value)),

  remove: (operation, input) => changing(operation, deleteStep(element(input)), input.value),

  async contains(operation, input) {
    const found = await get(operation, element(input))
    return isTrouble(found) ? found : { type: 'ok', value: found.held !== undefined }
  },

  acquire: (operation, { key = '' }, { locks }) => acquired(locks.of(operation, key)),

  release: (operation, { key = '', value }, { locks }) => released(locks.of(operation, key), value),
}

export const operations: { readonly [f: string]: Perform } = { ...watchOperations, ...ownOperations }

const element = ({ key = '', value }: Input): string => `${object(key)}/${JSON.stringify(value)}`

/** Makes a change that does not depend on what is stored. */
async function changing(operation: Operation, step: Step, value: Json): Promise<Completion> {
  const done = await commit(operation, [], [step])
  return isTrouble(done) ? done : { type: 'ok', value }
}

const changed = (
  operation: Operation,
  input: Input,
  keeping: Keeping,
  change: (held: Json) => Json,
): Promise<Completion> =>
  updated(operation, input, keeping, (held) => ({
    next: change(held ?? keeping.initial),
    completion: { type: 'ok', value: input.value },
  }))
