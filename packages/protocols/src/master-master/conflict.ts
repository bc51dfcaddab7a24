import type { MasterMasterState, MasterMasterTurn } from './state.ts'
import { compareStamps, covers, type Stamp, type Version } from './version.ts'

const NONE: readonly Version[] = []

/** Returns the versions of an item. Reads answer with the first. */
export function heldOf(
  { versions, siblings }: Pick<MasterMasterState, 'versions' | 'siblings'>,
  key: string,
): readonly Version[] {
  const current = versions.get(key)
  if (current === undefined) return NONE
  const others = siblings.get(key)
  return others === undefined ? [current] : [current, ...others]
}

/** Whether a node has the version with this stamp, or a version that replaces it. */
export function includes(state: MasterMasterState, key: string, stamp: Stamp): boolean {
  const current = state.versions.get(key)
  if (current === undefined) return false
  return current.seen === undefined
    ? compareStamps(current.stamp, stamp) >= 0
    : heldOf(state, key).some((own) => covers(own, stamp))
}

export const isSame = ({ versions }: MasterMasterState, { key, stamp }: Version): boolean => {
  const current = versions.get(key)
  return current !== undefined && compareStamps(stamp, current.stamp) === 0
}

export function isNewer(turn: MasterMasterTurn, version: Version): boolean {
  const { state, config } = turn
  if (version.seen !== undefined) return !heldOf(state, version.key).some((own) => covers(own, version.stamp))
  const current = state.versions.get(version.key)
  if (current === undefined) return true
  const newer = compareStamps(version.stamp, current.stamp) > 0
  if (config.bug !== 'no-tie-break' || current.stamp.node === version.stamp.node) return newer
  // The bug: of two writes with the same time, each node keeps the one that it already has.
  const later = version.stamp.time > current.stamp.time
  if (later !== newer) turn.mark()
  return later
}

/** Stores a newer version, and removes those that it replaces. Returns the version that reads now return. */
export function replace(turn: MasterMasterTurn, version: Version): Version {
  const { state } = turn
  const { key } = version
  const concurrent = version.seen === undefined ? NONE : heldOf(state, key).filter((own) => !covers(version, own.stamp))
  const kept = [version, ...(isForgetful(turn, concurrent) ? NONE : concurrent)]
  kept.sort((one, other) => compareStamps(other.stamp, one.stamp))
  const current = kept[0] ?? version
  state.versions.set(key, current)
  if (kept.length > 1) state.siblings.set(key, kept.slice(1))
  else state.siblings.delete(key)
  return current
}

function isForgetful(turn: MasterMasterTurn, concurrent: readonly Version[]): boolean {
  // The bug: merging depends on the order of arrival.
  return concurrent.length > 0 && turn.suffers('merge-by-arrival')
}
