import type { NodeId } from '@chaosproxy/faults'
import type { MessageOf } from '../turn.ts'
import type { Cell, RedlockMessage, RedlockTurn } from './state.ts'

// What the lock is for. Only with fencing tokens can it tell that a holder is late (Kleppmann, "How to do distributed
// locking", 2016).

type Message<Type extends RedlockMessage['type']> = MessageOf<RedlockMessage, Type>

const EMPTY: Cell = { content: null, by: '', fence: 0 }

/** A load counts as well: a value that was loaded must not be overwritten by an earlier holder. */
export function handleLoad(turn: RedlockTurn, { key, value, token }: Message<'load'>, from: NodeId): void {
  const cell = turn.state.cells.get(key) ?? EMPTY
  if (turn.config.fencing && token < cell.fence) {
    turn.send(from, { type: 'refused', key, value })
    return
  }
  if (token > cell.fence) put(turn, key, { ...cell, fence: token })
  turn.send(from, { type: 'loaded', key, value, content: cell.content })
}

export function handleStore(turn: RedlockTurn, { key, value, token, content }: Message<'store'>, from: NodeId): void {
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
