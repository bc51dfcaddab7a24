import type { Handler } from '../turn.ts'
import type { Grant, LeaseLock, LeaseLockTurn } from './state.ts'

// The lock service: one holder at a time, for as long as its lease lasts (Gray & Cheriton, "Leases", 1989), with a token that
// grows from holder to holder (the sequencer of Burrows, "The Chubby lock service", 2006, §2.4).

export const handleAcquire: Handler<LeaseLock, 'acquire'> = (turn, { key, section, attempt }, from) => {
  const { state, config } = turn
  const lock = state.locks.get(key)
  const isHeld = lock?.section !== undefined && !isOver(turn, lock)
  // Busy: the worker asks again. A worker's own lease is renewed from now on, since the reply may have been lost.
  if (isHeld && lock.section !== section) return
  const token = lock !== undefined && keepsToken(turn, lock, section) ? lock.token : (lock?.token ?? 0) + 1
  const until = turn.now + config.leaseMs
  state.locks.set(key, { token, section, until, since: turn.steady })
  turn.persist({ kind: 'grant', key, grant: { token, section, until } })
  turn.send(from, { type: 'granted', key, section, attempt, token, until })
}

function keepsToken(turn: LeaseLockTurn, { section: holder }: Grant, section: string): boolean {
  if (holder === section) return true
  // The bug: the token counts releases, so a lease that expired is granted anew under its old token.
  const ranOut = turn.config.bug === 'reuse-token' && holder !== undefined
  if (ranOut) turn.mark()
  return ranOut
}

const isOver = ({ config, now, steady }: LeaseLockTurn, { until, since }: Grant): boolean =>
  config.clock === 'wall' ? now >= until : steady >= since + config.leaseMs

export const handleRelease: Handler<LeaseLock, 'release'> = (turn, { key, section }) => {
  const { locks } = turn.state
  const lock = locks.get(key)
  if (lock === undefined || lock.section !== section) return
  locks.set(key, { ...lock, section: undefined })
  turn.persist({ kind: 'released', key })
}
