import type { NodeId } from '@chaosproxy/faults'
import { type Cell, persist, type RedlockMessage, send, type Turn } from './state.ts'

// What the lock is for. Only with fencing tokens can it tell that a holder is late (Kleppmann, "How to do distributed
// locking", 2016).

type Message<Type extends RedlockMessage['type']> = Extract<RedlockMessage, { readonly type: Type }>

const EMPTY: Cell = { content: null, by: '', fence: 0 }

/** A load counts as well: whoever loads must not have what it read overwritten by an earlier holder. */
export function handleLoad(turn: Turn, from: NodeId, { key, value, token }: Message<'load'>): void {
  const cell = turn.state.cells.get(key) ?? EMPTY
  if (turn.config.fencing && token < cell.fence) {
    send(turn, from, { type: 'refused', key, value })
    return
  }
  if (token > cell.fence) put(turn, key, { ...cell, fence: token })
  send(turn, from, { type: 'loaded', key, value, content: cell.content })
}

export function handleStore(turn: Turn, from: NodeId, { key, value, token, content }: Message<'store'>): void {
  const cell = turn.state.cells.get(key) ?? EMPTY
  const isDone = cell.by === value
  if (!isDone && turn.config.fencing && token < cell.fence) {
    send(turn, from, { type: 'refused', key, value })
    return
  }
  if (!isDone) put(turn, key, { content, by: value, fence: Math.max(token, cell.fence) })
  send(turn, from, { type: 'stored', key, value })
}

function put(turn: Turn, key: string, cell: Cell): void {
  turn.state.cells.set(key, cell)
  persist(turn, { kind: 'cell', key, cell })
}
