import type { Handler } from '../turn.ts'
import type { Cell, LeaseLock, LeaseLockTurn } from './state.ts'

// The store: it refuses a token lower than one that it has seen (Kleppmann, "How to do distributed locking", 2016). A
// load counts as well: an earlier holder must not overwrite a value that was loaded.

const EMPTY: Cell = { content: null, version: 0, section: '', fence: 0 }

export const handleLoad: Handler<LeaseLock, 'load'> = (turn, { key, section, token }, from) => {
  const { state, config } = turn
  const cell = state.cells.get(key) ?? EMPTY
  if (config.fencing && token < cell.fence) {
    turn.send(from, { type: 'refused', key, section })
    return
  }
  if (config.fencing && token > cell.fence) raiseFence(turn, key, { ...cell, fence: token })
  turn.send(from, { type: 'loaded', key, section, content: cell.content, version: cell.version })
}

function raiseFence(turn: LeaseLockTurn, key: string, cell: Cell): void {
  const { state, config } = turn
  // The bug: a load does not count, so an earlier holder can still store, and its value is then overwritten.
  if (config.bug === 'fence-stores-only') {
    turn.mark()
    return
  }
  state.cells.set(key, cell)
  turn.persist({ kind: 'cell', key, cell })
}

export const handleStore: Handler<LeaseLock, 'store'> = (turn, message, from) => {
  const { state, config } = turn
  const { key, section, token, content, base } = message
  const cell = state.cells.get(key) ?? EMPTY
  // The worker repeats this until it is answered.
  const isDone = cell.section === section
  const isLate = !isDone && config.fencing && token < cell.fence
  // The bug: tokens are compared at a load but not at the store that follows it.
  if (isLate && config.bug === 'fence-loads-only') turn.mark()
  else if (isLate) {
    turn.send(from, { type: 'refused', key, section })
    return
  }
  if (!isDone) {
    if (base !== cell.version)
      state.clash = `${section} stored ${key} made from version ${base}, when it was at version ${cell.version}`
    const stored: Cell = { content, version: cell.version + 1, section, fence: Math.max(token, cell.fence) }
    state.cells.set(key, stored)
    turn.persist({ kind: 'cell', key, cell: stored })
  }
  turn.send(from, { type: 'stored', key, section })
}
