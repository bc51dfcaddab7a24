import type { Completion, Input, Json } from '@chaosproxy/history'
import type { Keeping, Operation } from './operation.ts'
import { type Compare, commit, createdAt, get, type Held, isTrouble, modifiedAt, putStep } from './store.ts'

/** The name of the key that holds an object. */
export const object = (key: string): string => `object/${key}`

/** What becomes of an object, whose key may not exist, and what the client learns once it did. */
type Change = (held: Json | undefined) => { readonly next: Json; readonly completion: Completion }

/**
 * Reads, changes and writes without losing a concurrent update. Under a lock without fencing this holds only while the
 * lock does.
 */
export async function updated(
  operation: Operation,
  input: Input,
  keeping: Keeping,
  change: Change,
): Promise<Completion> {
  if (keeping.update === 'lock') return underLock(operation, input, keeping, change)
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

async function underLock(
  operation: Operation,
  { key = '' }: Input,
  { locks }: Keeping,
  change: Change,
): Promise<Completion> {
  const name = object(key)
  let taken = await locks.acquire(operation, operation.address, key)
  while (taken === 'held' && (await operation.pause())) taken = await locks.acquire(operation, operation.address, key)
  if (taken === 'held') return { type: 'fail', error: 'the lock was held all the time' }
  // The lock may have been acquired, but the object is unchanged.
  if (isTrouble(taken)) return { type: 'fail', error: taken.error }
  const { token } = taken
  const found = await get(operation, name)
  const changed = isTrouble(found) ? found : change(found.held?.value)
  const done = isTrouble(changed)
    ? changed
    : await commit(operation, locks.guard(key, token), [putStep(name, changed.next)])
  // Ignore the result: whether the change was made does not depend on the release.
  await locks.release(operation, key, token)
  if (isTrouble(changed)) return changed
  if (isTrouble(done)) return done
  return done.succeeded ? changed.completion : { type: 'fail', error: 'the lock was lost' }
}
