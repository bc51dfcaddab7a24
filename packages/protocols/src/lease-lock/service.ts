import type { Handlers } from '../turn.ts'
import type { Cell, Grant, LeaseLock, LeaseLockTurn } from './state.ts'

// Handles a request for a lock. A lock has one holder at a time, for the duration of its lease (Gray & Cheriton,
// "Leases", 1989), and a token that increases from holder to holder (the sequencer of Burrows, "The Chubby lock
// service", 2006, §2.4).

export const serviceMessages: Handlers<LeaseLock, 'acquire' | 'release' | 'load' | 'store'> = {
  acquire(turn, { key, section, attempt }, from) {
    const { state, config } = turn
    const lock = state.locks.get(key)
    const isHeld = lock?.section !== undefined && !isOver(turn, lock)
    // A section is one attempt of a worker under the lock. While another section holds the lock, the service does not
    // answer, and the worker asks again. If the same section already holds the lock, the service renews the lease and
    // answers again, because the worker may not have received the earlier answer.
    if (isHeld && lock.section !== section) return
    const token = lock !== undefined && keepsToken(turn, lock, section) ? lock.token : (lock?.token ?? 0) + 1
    const until = turn.now + config.leaseMs
    state.locks.set(key, { token, section, until, since: turn.steady })
    turn.persist({ kind: 'grant', key, grant: { token, section, until } })
    turn.send(from, { type: 'granted', key, section, attempt, token, until })
  },
  release(turn, { key, section }) {
    const { locks } = turn.state
    const lock = locks.get(key)
    if (lock === undefined || lock.section !== section) return
    locks.set(key, { ...lock, section: undefined })
    turn.persist({ kind: 'released', key })
  },
  load(turn, { key, section, token }, from) {
    const { state, config } = turn
    const cell = state.cells.get(key) ?? EMPTY
    if (config.fencing && token < cell.fence) {
      turn.send(from, { type: 'refused', key, section })
      return
    }
    if (config.fencing && token > cell.fence) raiseFence(turn, key, { ...cell, fence: token })
    turn.send(from, { type: 'loaded', key, section, content: cell.content, version: cell.version })
  },
  store(turn, message, from) {
    const { state, config } = turn
    const { key, section, token, content, base } = message
    const cell = state.cells.get(key) ?? EMPTY
    // The worker repeats the request until it is answered, so the store may already have performed it.
    const isDone = cell.section === section
    const isLate = !isDone && config.fencing && token < cell.fence
    // The bug: a token is compared when content is loaded, but not when it is stored afterwards.
    if (isLate && config.bug === 'fence-loads-only') turn.mark()
    else if (isLate) {
      turn.send(from, { type: 'refused', key, section })
      return
    }
    if (!isDone) {
      if (base !== cell.version)
        state.clash = `${section} stored a result of version ${base} of ${key}, but the store had version ${cell.version}`
      const stored: Cell = { content, version: cell.version + 1, section, fence: Math.max(token, cell.fence) }
      state.cells.set(key, stored)
      turn.persist({ kind: 'cell', key, cell: stored })
    }
    turn.send(from, { type: 'stored', key, section })
  },
}

function keepsToken(turn: LeaseLockTurn, { section: holder }: Grant, section: string): boolean {
  if (holder === section) return true
  // The bug: the token counts releases, so the lease after an expired lease has the same token.
  return holder !== undefined && turn.suffers('reuse-token')
}

const isOver = ({ config, now, steady }: LeaseLockTurn, { until, since }: Grant): boolean =>
  config.clock === 'wall' ? now >= until : steady >= since + config.leaseMs

// The rest of this file is the store. It refuses a token lower than the highest token that it has seen (Kleppmann, "How
// to do distributed locking", 2016). Tokens of loads count too: after a later holder has loaded a value, an earlier
// holder must not overwrite it.

const EMPTY: Cell = { content: null, version: 0, section: '', fence: 0 }

function raiseFence(turn: LeaseLockTurn, key: string, cell: Cell): void {
  const { state } = turn
  // The bug: a load does not raise the fence. An update that an earlier holder stores after the load is then lost.
  if (turn.suffers('fence-stores-only')) return
  state.cells.set(key, cell)
  turn.persist({ kind: 'cell', key, cell })
}
