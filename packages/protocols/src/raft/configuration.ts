import type { Entry } from '../log.ts'
import type { Configuration, RaftState } from './state.ts'

/** Applies the membership changes of new entries. Must be called after entries replace the log from index `from` on. */
export function noteConfigurations(state: RaftState, from: number, entries: readonly Entry[]): void {
  const { configurations } = state
  let latest = state.configuration
  while (latest.index >= from && configurations.length > 1) {
    configurations.pop()
    latest = configurations.at(-1) ?? latest
  }
  for (let i = 0; i < entries.length; i++) {
    const members = entries[i]?.members
    if (members === undefined) continue
    latest = { index: from + i, members }
    configurations.push(latest)
  }
  if (latest !== state.configuration) adopt(state, latest)
}

/** Drops the configurations before `base`, where the log now begins. */
export function rebaseConfigurations(state: RaftState, base: Configuration, keepLater: boolean): void {
  const later = keepLater ? state.configurations.filter(({ index }) => index > base.index) : []
  state.configurations.splice(0, state.configurations.length, base, ...later)
  adopt(state, later.at(-1) ?? base)
}

/**
 * Returns the configuration in force after the entry at `index`. The entry is in the log, or is the last entry before
 * the beginning of the log.
 */
export const configurationAt = ({ configurations, configuration }: RaftState, index: number): Configuration =>
  configurations.findLast((known) => known.index <= index) ?? configuration

/** "a server always uses the latest configuration in its log, regardless of whether the entry is committed" (§6). */
function adopt(state: RaftState, configuration: Configuration): void {
  state.configuration = configuration
  const { members } = configuration
  state.voter = members.includes(state.id)
  for (const [peer, progress] of state.progress) progress.voter = members.includes(peer)
}
