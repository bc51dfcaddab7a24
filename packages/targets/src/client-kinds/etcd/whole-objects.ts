import type { Json } from '@chaosproxy/history'
import { objects } from '@chaosproxy/protocols'
import { isTrouble } from '../../clients/trouble.ts'
import type { Perform } from './operation.ts'
import { get } from './store.ts'
import { object as keyOf, updated } from './update.ts'

type WholeObject = (typeof objects)[number]

/**
 * Objects with an implementation of their own. For example, transactions span several keys, and a bank keeps the id of
 * every transfer.
 */
const OTHERS: readonly string[] = ['register', 'counter', 'set', 'lists', 'lock', 'transactions', 'bank']

/** Objects under a single key. An operation reads the key, applies the input, and writes the key back. */
export const wholeObjects: readonly WholeObject[] = objects.filter(({ name }) => !OTHERS.includes(name))

export const wholeOperation =
  (object: WholeObject): Perform =>
  async (operation, input, keeping) => {
    const applied = (held: Json | undefined) => {
      const state = held === undefined ? object.initial() : object.load(held)
      const completion = object.apply(state, input)
      return { next: object.save(state), completion }
    }
    if (!object.reads.includes(input.f)) return updated(operation, input, keeping, applied)
    const found = await get(operation, keyOf(input.key ?? ''))
    return isTrouble(found) ? found : applied(found.held?.value).completion
  }
