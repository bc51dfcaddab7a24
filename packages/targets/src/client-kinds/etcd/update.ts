import type { Completion, Input, Json } from '@chaosproxy/history'
import { underLock } from '../../clients/lock.ts'
import { isTrouble } from '../../clients/trouble.ts'
import type { Keeping, Operation } from './operation.ts'
import { type Compare, commit, createdAt, get, type Held, modifiedAt, putStep } from './store.ts'

export const object = (key: string): string => `object/${key}`

/** Computes the next value of an object, and the completion of the operation if the update succeeds. */
type Change = (held: Json | undefined) => { readonly next: Json; readonly completion: Completion }

/**
 * Reads, changes and writes an object without losing a concurrent update. Without fencing, a client that has lost the
 * lock may cause a lost update.
 */
export async function updated(
  operation: Operation,
  { key = '' }: Input,
  { update, locks }: Keeping,
  change: Change,
): Promise<Completion> {
  const name = object(key)
  /** Tries the update once. Undefined if a condition is not met. */
  async function attempt(conditions: (held: Held | undefined) => readonly Compare[]): Promise<Completion | undefined> {
    const found = await get(operation, name)
    if (isTrouble(found)) return found
    const { held } = found
    const { next, completion } = change(held?.value)
    const done = await commit(operation, conditions(held), [putStep(name, next)])
    if (isTrouble(done)) return done
    return done.succeeded ? completion : undefined
  }
  if (update === 'lock')
    return underLock(
      locks.of(operation, key),
      async (token) => (await attempt(() => locks.guard(key, token))) ?? { type: 'fail', error: 'the lock was lost' },
    )
  do {
    const completion = await attempt((held) => [
      held === undefined ? createdAt(name, 0) : modifiedAt(name, held.modified),
    ])
    if (completion !== undefined) return completion
  } while (await operation.pause())
  return { type: 'fail', error: 'another client changed the object during each attempt' }
}
