import type { Completion } from '@chaos/history'
import { entryAt, lastIndex } from '../log.ts'
import { applyInput } from '../object.ts'
import type { PrimaryReplicaState } from './state.ts'

/** Carries the next entry out on this node's copy; undefined where there is none, or it is a no-op. */
export function applyNext(state: PrimaryReplicaState): Completion | undefined {
  const entry = entryAt(state.log, state.applied + 1)
  if (entry === undefined) return undefined
  state.applied++
  return entry.command === null ? undefined : applyInput(state.values, entry.command.input)
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
