import type { Completion, Input, Json } from '@chaosproxy/history'
import { acquired, isTrouble, released, underLock } from '@chaosproxy/targets/database'
import type { Locks } from './locks.ts'
import type { Asking, SessionTrouble } from './session.ts'
import { ANY_VERSION, BAD_VERSION, create, get, isCode, isThere, NO_NODE, pathOf, set, setWhile } from './znodes.ts'

/** How the objects of a workload are stored. */
export interface Keeping {
  /** Whether a `sync` precedes each read. */
  readonly sync: boolean
  /**
   * The value of an object that was never written. Its node may exist with the value null, if its lock was acquired.
   */
  readonly initial: Json
  /** How a counter is changed: at the version that was read, or under a lock. */
  readonly update: 'version' | 'lock'
  /** Whether a change under a lock requires that the lock's node exists. */
  readonly fencing: boolean
  readonly locks: Locks
}

export async function onObject(asking: Asking, { f, key = '', value }: Input, keeping: Keeping): Promise<Completion> {
  const path = pathOf(key)
  switch (f) {
    case 'read': {
      const held = await get(asking, path, keeping.sync)
      if (isTrouble(held)) return held
      return { type: 'ok', value: held.value ?? keeping.initial }
    }
    case 'write':
      return write(asking, path, value)
    case 'cas':
      return updated(asking, path, keeping, comparing(value))
    case 'add': {
      const add = adding(value)
      return keeping.update === 'lock'
        ? heldUpdate(asking, { key, path }, keeping, add)
        : updated(asking, path, keeping, add)
    }
    case 'acquire':
      return acquired(keeping.locks.of(asking, key))
    case 'release':
      return released(keeping.locks.of(asking, key), value)
    default:
      throw new Error(`ZooKeeper's clients do not support the operation ${f}`)
  }
}

async function write(asking: Asking, path: string, value: Json): Promise<Completion> {
  const done = await set(asking, path, value, ANY_VERSION)
  if (!isCode(done, NO_NODE)) return completionOf(done, value)
  const made = await create(asking, path, value)
  if (!isThere(made)) return completionOf(made, value)
  return completionOf(await set(asking, path, value, ANY_VERSION), value)
}

const completionOf = (done: Buffer | SessionTrouble, value: Json): Completion =>
  isTrouble(done) ? { type: done.type, error: done.error } : { type: 'ok', value }

/** Returns an object's next value and the result, or the failure. */
type Change = (held: Json) => { readonly next: Json; readonly value: Json } | Extract<Completion, { type: 'fail' }>

const adding =
  (amount: Json): Change =>
  (held) => ({ next: Number(held) + Number(amount), value: amount })

function comparing(pair: Json): Change {
  const [old = null, next = null] = pair as readonly Json[]
  const expected = JSON.stringify(old)
  return (held) =>
    JSON.stringify(held) === expected ? { next, value: pair } : { type: 'fail', error: 'mismatch', answered: true }
}

async function updated(asking: Asking, path: string, { sync, initial }: Keeping, change: Change): Promise<Completion> {
  do {
    const held = await get(asking, path, sync)
    if (isTrouble(held)) return held
    const changed = change(held.value ?? initial)
    if ('type' in changed) return changed
    const { next, value } = changed
    const done =
      held.version === undefined ? await create(asking, path, next) : await set(asking, path, next, held.version)
    if (!isThere(done) && !isCode(done, BAD_VERSION)) return completionOf(done, value)
  } while (await asking.pause())
  return { type: 'fail', error: 'every attempt conflicted with a write of another client' }
}

/** Updates an object under a lock. Without fencing, an update may be lost after the lock has expired. */
function heldUpdate(
  asking: Asking,
  { key, path }: { readonly key: string; readonly path: string },
  { sync, initial, fencing, locks }: Keeping,
  change: Change,
): Promise<Completion> {
  return underLock(locks.of(asking, key), async (token) => {
    const held = await get(asking, path, sync)
    if (isTrouble(held)) return held
    const changed = change(held.value ?? initial)
    if ('type' in changed) return changed
    const { next, value } = changed
    const done = await (fencing
      ? setWhile(asking, locks.pathOf(token), { path, value: next })
      : set(asking, path, next, ANY_VERSION))
    return isCode(done, NO_NODE) ? { type: 'fail', error: 'the lock was lost' } : completionOf(done, value)
  })
}
