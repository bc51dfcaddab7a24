import { entryAt, lastIndex } from '../log.ts'
import { applyCommand } from '../object.ts'
import type { StoreResult } from '../store.ts'
import type { PrimaryReplicaState } from './state.ts'

/** Carries the next entry out on this node's copy; undefined where there is none, or it is a no-op. */
export function applyNext(state: PrimaryReplicaState): StoreResult | undefined {
  const entry = entryAt(state.log, state.applied + 1)
  if (entry === undefined) return undefined
  state.applied++
  return entry.command === null ? undefined : applyCommand(state.values, entry.command)
}

/** A replica carries out what it has, acknowledged or not. */
export function applyAll(state: PrimaryReplicaState): void {
  while (state.applied < lastIndex(state.log)) applyNext(state)
}

/** The log was cut back to before what the copy shows: the copy is made anew. */
export function rebuildCopy(state: PrimaryReplicaState): void {
  state.values = new Map()
  state.applied = 0
  applyAll(state)
}
