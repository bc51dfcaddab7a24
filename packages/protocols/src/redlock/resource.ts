import type { Handler } from '../turn.ts'
import type { Cell, Redlock, RedlockTurn } from './state.ts'

// The resource that the lock protects. Only fencing tokens can show that a holder is late (Kleppmann, "How to do
// distributed locking", 2016).

const EMPTY: Cell = { content: null, by: '', fence: 0 }

/** A load counts as well: an earlier holder must not overwrite a value that was loaded. */
export const handleLoad: Handler<Redlock, 'load'> = (turn, { key, value, token }, from) => {
  const cell = turn.state.cells.get(key) ?? EMPTY
  if (turn.config.fencing && token < cell.fence) {
    turn.send(from, { type: 'refused', key, value })
    return
  }
  if (token > cell.fence) put(turn, key, { ...cell, fence: token })
  turn.send(from, { type: 'loaded', key, value, content: cell.content })
}

export const handleStore: Handler<Redlock, 'store'> = (turn, { key, value, token, content }, from) => {
  const cell = turn.state.cells.get(key) ?? EMPTY
  const isDone = cell.by === value
  if (!isDone && turn.config.fencing && token < cell.fence) {
    turn.send(from, { type: 'refused', key, value })
    return
  }
  if (!isDone) put(turn, key, { content, by: value, fence: Math.max(token, cell.fence) })
  turn.send(from, { type: 'stored', key, value })
}

function put(turn: RedlockTurn, key: string, cell: Cell): void {
  turn.state.cells.set(key, cell)
  turn.persist({ kind: 'cell', key, cell })
}
