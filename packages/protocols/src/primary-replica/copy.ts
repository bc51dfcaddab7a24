import type { Completion } from '@chaosproxy/history'
import { entryAt, lastIndex } from '../log.ts'
import type { AnyObject } from '../objects/object.ts'
import { applyOnce, createCopy } from '../routing/sessions.ts'
import type { PrimaryReplicaState } from './state.ts'

/** Applies the next entry and returns its result; undefined for none or a no-op. */
export function applyNext(object: AnyObject, state: PrimaryReplicaState): Completion | undefined {
  const entry = entryAt(state.log, state.applied + 1)
  if (entry === undefined) return undefined
  state.applied++
  return entry.command === null ? undefined : applyOnce(object, state.copy, entry.command)
}

/** Applies a replica's whole log, acknowledged or not. */
export function applyAll(object: AnyObject, state: PrimaryReplicaState): void {
  while (state.applied < lastIndex(state.log)) applyNext(object, state)
}

/** Rebuilds the copy after applied entries were dropped. */
export function rebuildCopy(object: AnyObject, state: PrimaryReplicaState): void {
  state.copy = createCopy(object)
  state.applied = 0
  applyAll(object, state)
}
