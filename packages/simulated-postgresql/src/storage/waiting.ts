import { SqlError } from '../sql/error.ts'
import { blockersOf, type LockHolder, type LockTable, type LockTag, type Waiter } from './locks.ts'
import type { Subtransaction } from './model.ts'
import type { LockMode } from './modes.ts'
import type { Coroutine, EngineTime } from './wait.ts'

export interface Backend extends LockHolder {
  statementDeadline: bigint | undefined
  waits: { readonly kind: 'lock' | 'sleep'; readonly event: string; readonly since: bigint } | undefined
  interrupt: ((error: SqlError) => void) | undefined
  /** Returns a timeout in milliseconds; 0 disables it. */
  milliseconds(setting: 'deadlock_timeout' | 'lock_timeout'): number
}

export interface LockTarget {
  readonly tag: LockTag
  readonly name: string
  /** `pg_stat_activity.wait_event` */
  readonly event: string
}

export class Waiting {
  readonly locks: LockTable
  readonly #time: EngineTime

  constructor(locks: LockTable, time: EngineTime) {
    this.locks = locks
    this.#time = time
  }

  /** Takes a lock if it is available without a wait. */
  tryLock(backend: Backend, target: LockTarget, mode: LockMode, scope: Subtransaction | undefined): boolean {
    return this.locks.request(backend, target, mode, scope) === undefined
  }

  *lock(backend: Backend, target: LockTarget, mode: LockMode, scope: Subtransaction | undefined): Coroutine {
    const request = this.locks.request(backend, target, mode, scope)
    if (request === undefined) return
    let waiter: Waiter | undefined
    yield* this.wait(backend, target.event, 'lock', (settle) => {
      const joined = request.enqueue(() => settle())
      waiter = backend.waiter
      if (joined === 'granted') settle()
      else if (joined === 'deadlock') settle(new SqlError('40P01', 'deadlock detected', { hint: LOG }))
      return () => {
        if (waiter !== undefined) this.locks.withdraw(waiter)
      }
    })
  }

  *wait(
    backend: Backend,
    reason: string,
    kind: 'lock' | 'sleep',
    start: (settle: (error?: SqlError) => void) => () => void,
  ): Coroutine {
    const state: { settled: boolean; error?: SqlError | undefined; go?: () => void } = { settled: false }
    const timers: (() => void)[] = []
    let withdraw = (): void => {}
    const settle = (error?: SqlError): void => {
      if (state.settled) return
      state.settled = true
      state.error = error
      backend.interrupt = undefined
      backend.waits = undefined
      for (const cancel of timers) cancel()
      if (error !== undefined) withdraw()
      state.go?.()
    }
    withdraw = start(settle)
    if (!state.settled) {
      backend.interrupt = settle
      backend.waits = { kind, event: reason, since: this.#time.now() }
      timers.push(...this.#timeouts(backend, kind, settle))
      yield {
        reason,
        ready: (callback) => {
          state.go = callback
          if (state.settled) callback()
        },
      }
    }
    if (state.error !== undefined) throw state.error
  }

  #timeouts(backend: Backend, kind: 'lock' | 'sleep', settle: (error?: SqlError) => void): (() => void)[] {
    const timers: (() => void)[] = []
    const after = (micros: number, run: () => void): void => {
      timers.push(this.#time.after(micros, run))
    }
    if (kind === 'lock') {
      const check = backend.milliseconds('deadlock_timeout')
      after(check * 1000, () => {
        const cycle = findDeadlock(backend, (moved) => this.locks.wake(moved.lock))
        if (cycle === undefined) return
        settle(new SqlError('40P01', 'deadlock detected', { detail: describeDeadlock(cycle), hint: LOG }))
      })
      const limit = backend.milliseconds('lock_timeout')
      if (limit > 0) after(limit * 1000, () => settle(new SqlError('55P03', 'canceling statement due to lock timeout')))
    }
    if (backend.statementDeadline !== undefined) {
      const left = Number(backend.statementDeadline - this.#time.now())
      after(Math.max(left, 0), () => settle(new SqlError('57014', 'canceling statement due to statement timeout')))
    }
    return timers
  }
}

const LOG = 'See server log for query details.'

interface Edge {
  readonly waiter: Waiter
  readonly blocker: LockHolder
  readonly soft: boolean
}

/**
 * Looks for a cycle of processes that wait for each other (deadlock.c). If only the order of a queue causes it,
 * reorders the queue.
 */
function findDeadlock(start: LockHolder, reordered: (waiter: Waiter) => void): readonly Edge[] | undefined {
  const cycle = cycleFrom(start)
  if (cycle === undefined) return undefined
  for (const edge of cycle) {
    if (!edge.soft) continue
    const lock = edge.waiter.lock
    const before = lock.queue
    const without = before.filter((each) => each !== edge.waiter)
    const at = without.findIndex((each) => each.holder === edge.blocker)
    lock.queue = [...without.slice(0, at), edge.waiter, ...without.slice(at)]
    if (cycleFrom(start) === undefined && cycleFrom(edge.waiter.holder) === undefined) {
      reordered(edge.waiter)
      return undefined
    }
    lock.queue = before
  }
  return cycle
}

function cycleFrom(start: LockHolder): readonly Edge[] | undefined {
  const visited = new Set<LockHolder>()
  const search = (holder: LockHolder, path: readonly Edge[]): readonly Edge[] | undefined => {
    const waiter = holder.waiter
    if (waiter === undefined) return undefined
    for (const { holder: blocker, soft } of blockersOf(waiter)) {
      const next = [...path, { waiter, blocker, soft }]
      if (blocker === start) return next
      if (visited.has(blocker)) continue
      visited.add(blocker)
      const found = search(blocker, next)
      if (found !== undefined) return found
    }
    return undefined
  }
  return search(start, [])
}

function describeDeadlock(cycle: readonly Edge[]): string {
  return cycle
    .map(
      ({ waiter, blocker }) =>
        `Process ${waiter.holder.pid} waits for ${waiter.mode} on ${waiter.lock.name}; blocked by process ${blocker.pid}.`,
    )
    .join('\n')
}
