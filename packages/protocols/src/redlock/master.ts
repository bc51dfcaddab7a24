import { remember } from '../memory.ts'
import type { Handlers } from '../turn.ts'
import { nameOfToken, type Redlock, type RedlockRecord, type RedlockState, type RedlockTurn } from './state.ts'

// One of N masters that are independent of each other (redis.io, "Distributed Locks with Redis").

export const masterMessages: Handlers<Redlock, 'set' | 'delete' | 'raise'> = {
  /** `SET key value NX PX ttl`: sets the key unless it is set, and removes it after the time to live. */
  set(turn, { key, value }, from) {
    const { state, config } = turn
    if (!state.locks.has(key) && !state.gone.has(value)) {
      state.locks.set(key, value)
      keep(turn, { kind: 'set', key, value })
      turn.setTimer(`expire ${key}`, config.ttlMs)
    }
    const isMine = state.locks.get(key) === value
    turn.send(from, { type: 'set-done', key, value, isMine, counter: state.counters.get(key) ?? 0 })
  },
  /**
   * Deletes a key if it still has this value, like Redlock's script: `if redis.call("get", key) == value then return
   * redis.call("del", key)`
   */
  delete(turn, { key, value }, from) {
    const { state, config } = turn
    const there = state.locks.get(key)
    const isMine = there !== undefined && (there === value || isToken(state, key, there, value))
    const wasMine = isMine || state.gone.get(value) === true
    remember(state.gone, value, wasMine)
    const isOthers = there !== undefined && !isMine
    // The bug: the key is deleted even if another client holds the lock.
    if (isOthers && config.bug === 'release-any') turn.mark()
    if (isMine || (isOthers && config.bug === 'release-any')) {
      turn.cancelTimer(`expire ${key}`)
      remove(turn, key, true)
    }
    turn.send(from, { type: 'deleted', key, value, wasMine })
  },
  /**
   * Writes a fencing token to a majority. It is greater than all earlier tokens. Redlock itself has no fencing tokens.
   */
  raise(turn, { key, value, token }, from) {
    const { state } = turn
    if (state.locks.get(key) !== value) return
    const record = { kind: 'raised', key, value, token } as const
    replay(state, record)
    keep(turn, record)
    turn.send(from, { type: 'raised', key, value })
  },
}

/**
 * Stores a record on disk, like "fsync=always". Without the record, a restarted master would have to stay offline until
 * all its locks have expired.
 */
function keep(turn: RedlockTurn, record: RedlockRecord): void {
  turn.persistUnless('forget-on-restart', record)
}

export const expire = (turn: RedlockTurn, key: string): void => remove(turn, key, false)

function remove(turn: RedlockTurn, key: string, isReleased: boolean): void {
  const { locks } = turn.state
  const value = locks.get(key)
  if (value === undefined) return
  locks.delete(key)
  keep(turn, { kind: 'deleted', key, value, isReleased })
}

function isToken({ tokens }: RedlockState, key: string, there: string, value: string): boolean {
  const raised = tokens.get(key)
  return raised?.value === there && nameOfToken(key, raised.token) === value
}

/** Remembers the token of a released lock, because a client may repeat its request after a restart. */
function rememberToken(
  state: RedlockState,
  { key, value, isReleased }: Extract<RedlockRecord, { kind: 'deleted' }>,
): void {
  const raised = state.tokens.get(key)
  if (raised?.value === value) remember(state.gone, nameOfToken(key, raised.token), isReleased)
}

export function replay(state: RedlockState, record: RedlockRecord): void {
  switch (record.kind) {
    case 'set':
      state.locks.set(record.key, record.value)
      return
    case 'deleted':
      state.locks.delete(record.key)
      remember(state.gone, record.value, record.isReleased)
      rememberToken(state, record)
      return
    case 'raised':
      state.tokens.set(record.key, record)
      state.counters.set(record.key, Math.max(record.token, state.counters.get(record.key) ?? 0))
      return
    case 'cell':
      state.cells.set(record.key, record.cell)
      return
    default:
      record satisfies never
  }
}
