import type { Completion } from '@chaosproxy/history'
import { entryAt, lastIndex } from '../log.ts'
import type { AnyObject } from '../objects/object.ts'
import { applyOnce, createCopy } from '../routing/sessions.ts'
import type { PrimaryReplicaState } from './state.ts'

/** Applies the next entry and returns its result; undefined if there is no entry, or it is a no-op. */
export function applyNext(object: AnyObject, state: PrimaryReplicaState): Completion | undefined {
  const entry = entryAt(state.log, state.applied + 1)
  if (entry === undefined) return undefined
  state.applied++
  return entry.command === null ? undefined : applyOnce(object, state.copy, entry.command)
}

export function applyAll(object: AnyObject, state: PrimaryReplicaState): void {
  while (state.applied < lastIndex(state.log)) applyNext(object, state)
}

/** Rebuilds the copy after the log was truncated below the entries that the copy has applied. */
export function rebuildCopy(object: AnyObject, state: PrimaryReplicaState): void {
  state.copy = createCopy(object)
  state.applied = 0
  applyAll(object, state)
}
