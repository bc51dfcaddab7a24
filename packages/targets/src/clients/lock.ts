import type { Completion, Json } from '@chaosproxy/history'
import { isTrouble, type Trouble } from './trouble.ts'

export interface Lock {
  /** Acquires the lock; with `waits`, tries until no time is left. `held`: another client has the lock. */
  acquire(waits: boolean): Promise<Token | 'held' | Trouble>
  /** Releases the lock. Resolves with whether the lock was still held. */
  release(token: number): Promise<boolean | Trouble>
}

export interface Token {
  readonly token: number
}

export async function acquired(lock: Lock): Promise<Completion> {
  const taken = await lock.acquire(false)
  if (taken === 'held') return { type: 'fail', error: 'held', answered: true }
  return isTrouble(taken) ? taken : { type: 'ok', value: taken.token }
}

export async function released(lock: Lock, token: Json): Promise<Completion> {
  // Without a token there is no lock to release.
  if (typeof token !== 'number')
    return { type: 'fail', error: 'the server was not asked, because the client has no token' }
  const done = await lock.release(token)
  if (isTrouble(done)) return done
  return done ? { type: 'ok', value: token } : { type: 'fail', error: 'the lock was lost', answered: true }
}

/** Acquires the lock, makes a change, and releases the lock. The lock may be lost during the change. */
export async function underLock(lock: Lock, change: (token: number) => Promise<Completion>): Promise<Completion> {
  const taken = await lock.acquire(true)
  if (taken === 'held') return { type: 'fail', error: 'another client held the lock until no time was left' }
  // The lock may have been acquired, but no change has been made, so the operation has failed.
  if (isTrouble(taken)) return { type: 'fail', error: taken.error }
  const completion = await change(taken.token)
  // Whether the release succeeds does not matter for the change.
  await lock.release(taken.token)
  return completion
}
