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
  input: Input,
  keeping: Keeping,
  change: Change,
): Promise<Completion> {
  if (keeping.update === 'lock') return heldUpdate(operation, input, keeping, change)
  const name = object(input.key ?? '')
  do {
    const found = await get(operation, name)
    if (isTrouble(found)) return found
    const { held } = found
    const { next, completion } = change(held?.value)
    const done = await commit(operation, [unchanged(name, held)], [putStep(name, next)])
    if (isTrouble(done)) return done
    if (done.succeeded) return completion
  } while (await operation.pause())
  return { type: 'fail', error: 'another client interfered each time' }
}

const unchanged = (name: string, held: Held | undefined): Compare =>
  held === undefined ? createdAt(name, 0) : modifiedAt(name, held.modified)

function heldUpdate(
  operation: Operation,
  { key = '' }: Input,
  { locks }: Keeping,
  change: Change,
): Promise<Completion> {
  const name = object(key)
  return underLock(locks.of(operation, key), async (token) => {
    const found = await get(operation, name)
    if (isTrouble(found)) return found
    const { next, completion } = change(found.held?.value)
    const done = await commit(operation, locks.guard(key, token), [putStep(name, next)])
    if (isTrouble(done)) return done
    return done.succeeded ? completion : { type: 'fail', error: 'the lock was lost' }
  })
}
