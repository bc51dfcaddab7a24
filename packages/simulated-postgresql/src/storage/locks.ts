import type { Subtransaction } from './model.ts'
import { bitOf, conflictsOf, type LockMode } from './modes.ts'

/** The locked object: a table, a tuple, a subtransaction, or the text of an advisory lock. */
export type LockTag = object | string

/** A process that holds locks. It waits for at most one lock at a time. */
export interface LockHolder {
  readonly pid: number
  readonly grants: Grant[]
  waiter: Waiter | undefined
}

export interface Grant {
  readonly lock: Lock
  readonly mode: LockMode
  /** The subtransaction that releases the lock; undefined for session-level advisory locks. */
  readonly scope: Subtransaction | undefined
  /**
   * Whether no process has requested a strong lock since this weak lock was granted. PostgreSQL then stores the weak
   * lock with its process (FastPathTag).
   */
  isAlone: boolean
}

export interface Lock {
  readonly tag: LockTag
  readonly name: string
  /** The modes of each process, as a bit mask. */
  readonly held: Map<LockHolder, number>
  queue: Waiter[]
}

export interface Waiter {
  readonly holder: LockHolder
  readonly lock: Lock
  readonly mode: LockMode
  readonly scope: Subtransaction | undefined
  granted(): void
}

/**
 * Locks with PostgreSQL's queues (lock.c, proc.c): first come, first served, except where this would cause a deadlock.
 */
export class LockTable {
  readonly #locks = new Map<LockTag, Lock>()

  /** Grants the lock, or joins the queue and returns how to wait. */
  request(
    holder: LockHolder,
    target: { readonly tag: LockTag; readonly name: string },
    mode: LockMode,
    scope: Subtransaction | undefined,
  ): { enqueue(granted: () => void): 'granted' | 'waits' | 'deadlock' } | undefined {
    const lock = this.#lockOf(target)
    if (isStrong(mode)) share(lock)
    if (this.holds(holder, target.tag, mode) || !isBlocked(lock, holder, mode)) {
      grant(lock, holder, mode, scope)
      return undefined
    }
    return { enqueue: (granted) => enqueue(lock, { holder, lock, mode, scope, granted }) }
  }

  isDenied(holder: LockHolder, tag: LockTag, mode: LockMode): boolean {
    const lock = this.#locks.get(tag)
    return lock !== undefined && !this.holds(holder, tag, mode) && isBlocked(lock, holder, mode)
  }

  holds(holder: LockHolder, tag: LockTag, mode: LockMode): boolean {
    return ((this.#locks.get(tag)?.held.get(holder) ?? 0) & bitOf(mode)) !== 0
  }

  withdraw(waiter: Waiter): void {
    waiter.lock.queue = waiter.lock.queue.filter((other) => other !== waiter)
    waiter.holder.waiter = undefined
    this.wake(waiter.lock)
  }

  /** Releases one grant, if there is any. */
  release(holder: LockHolder, tag: LockTag, mode: LockMode, scope: Subtransaction | undefined): boolean {
    const at = holder.grants.findLastIndex(
      (each) => each.lock.tag === tag && each.mode === mode && each.scope === scope,
    )
    const found = holder.grants[at]
    if (found === undefined) return false
    holder.grants.splice(at, 1)
    this.#drop(found.lock, holder)
    return true
  }

  /** Releases the grants for which `ends` is true, in the order of the grants. */
  releaseWhere(holder: LockHolder, ends: (grant: Grant) => boolean): void {
    const ended = holder.grants.filter(ends)
    if (ended.length === 0) return
    const kept = holder.grants.filter((each) => !ended.includes(each))
    holder.grants.splice(0, holder.grants.length, ...kept)
    for (const lock of new Set(ended.map((each) => each.lock))) this.#drop(lock, holder)
  }

  /** Grants the locks of waiters that conflict neither with a holder nor with an earlier waiter (ProcLockWakeup). */
  wake(lock: Lock): void {
    let ahead = 0
    for (const waiter of [...lock.queue]) {
      if ((conflictsOf(waiter.mode) & ahead) !== 0 || conflictsWithHolders(lock, waiter.holder, waiter.mode)) {
        ahead |= bitOf(waiter.mode)
        continue
      }
      lock.queue = lock.queue.filter((other) => other !== waiter)
      waiter.holder.waiter = undefined
      grant(lock, waiter.holder, waiter.mode, waiter.scope)
      waiter.granted()
    }
    // A lock that nobody holds has no waiters either.
    if (lock.held.size === 0) this.#locks.delete(lock.tag)
  }

  #lockOf(target: { readonly tag: LockTag; readonly name: string }): Lock {
    const known = this.#locks.get(target.tag)
    if (known !== undefined) return known
    const lock: Lock = { tag: target.tag, name: target.name, held: new Map(), queue: [] }
    this.#locks.set(target.tag, lock)
    return lock
  }

  /** Recomputes the modes in which the process still holds the lock. */
  #drop(lock: Lock, holder: LockHolder): void {
    let held = 0
    for (const each of holder.grants) if (each.lock === lock) held |= bitOf(each.mode)
    if (held === 0) lock.held.delete(holder)
    else lock.held.set(holder, held)
    this.wake(lock)
  }
}

/** Returns the processes that block a waiter: holders, and earlier waiters (`soft`). */
export function blockersOf(waiter: Waiter): readonly { readonly holder: LockHolder; readonly soft: boolean }[] {
  const found: { holder: LockHolder; soft: boolean }[] = []
  const mask = conflictsOf(waiter.mode)
  for (const [holder, held] of waiter.lock.held)
    if (holder !== waiter.holder && (held & mask) !== 0) found.push({ holder, soft: false })
  for (const ahead of waiter.lock.queue) {
    if (ahead === waiter) break
    if ((bitOf(ahead.mode) & mask) !== 0) found.push({ holder: ahead.holder, soft: true })
  }
  return found
}

function isBlocked(lock: Lock, holder: LockHolder, mode: LockMode): boolean {
  const isBehind = lock.queue.some((waiter) => (conflictsOf(mode) & bitOf(waiter.mode)) !== 0)
  return isBehind || conflictsWithHolders(lock, holder, mode)
}

function conflictsWithHolders(lock: Lock, holder: LockHolder, mode: LockMode): boolean {
  for (const [other, held] of lock.held) if (other !== holder && (held & conflictsOf(mode)) !== 0) return true
  return false
}

function grant(lock: Lock, holder: LockHolder, mode: LockMode, scope: Subtransaction | undefined): void {
  const isAlone =
    bitOf(mode) < bitOf('ShareUpdateExclusiveLock') &&
    ![...lock.held.values()].some((held) => held >= STRONG) &&
    !lock.queue.some((waiter) => isStrong(waiter.mode))
  holder.grants.push({ lock, mode, scope, isAlone })
  lock.held.set(holder, (lock.held.get(holder) ?? 0) | bitOf(mode))
}

/** This mode and all later modes are strong: each conflicts with some weak mode (ConflictsWithRelationFastPath). */
const STRONG = bitOf('ShareLock')
const isStrong = (mode: LockMode): boolean => bitOf(mode) >= STRONG

/** Moves all grants of a lock to the shared lock table. */
function share(lock: Lock): void {
  for (const holder of lock.held.keys()) for (const each of holder.grants) if (each.lock === lock) each.isAlone = false
}

/**
 * Adds a waiter at the end of the queue. If a waiter in the queue waits for a lock that the new waiter's process holds,
 * adds the new waiter before it (ProcSleep).
 */
function enqueue(lock: Lock, waiter: Waiter): 'granted' | 'waits' | 'deadlock' {
  const held = lock.held.get(waiter.holder) ?? 0
  let place = lock.queue.length
  if (held !== 0) {
    let ahead = 0
    for (const [at, other] of lock.queue.entries()) {
      if ((conflictsOf(other.mode) & held) !== 0) {
        if ((conflictsOf(waiter.mode) & (lock.held.get(other.holder) ?? 0)) !== 0) return 'deadlock'
        if ((conflictsOf(waiter.mode) & ahead) === 0 && !conflictsWithHolders(lock, waiter.holder, waiter.mode)) {
          grant(lock, waiter.holder, waiter.mode, waiter.scope)
          return 'granted'
        }
        place = at
        break
      }
      ahead |= bitOf(other.mode)
    }
  }
  lock.queue.splice(place, 0, waiter)
  waiter.holder.waiter = waiter
  return 'waits'
}
