import type { Entry } from '../log.ts'
import type { Configuration, RaftState } from './state.ts'

/** The log has these entries from index `from` on, and nothing else: what they say of who votes is in force. */
export function noteConfigurations(state: RaftState, from: number, entries: readonly Entry[]): void {
  const { configurations } = state
  let latest = state.configuration
  // What came with an entry goes with it.
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

/** The log begins behind `base`; the configurations behind it stay where the log does. */
export function rebaseConfigurations(state: RaftState, base: Configuration, keepLater: boolean): void {
  const later = keepLater ? state.configurations.filter(({ index }) => index > base.index) : []
  state.configurations.splice(0, state.configurations.length, base, ...later)
  adopt(state, later.at(-1) ?? base)
}

/** The one in force after the entry at `index`, which this log has, or begins behind. */
export const configurationAt = ({ configurations, configuration }: RaftState, index: number): Configuration =>
  configurations.findLast((known) => known.index <= index) ?? configuration

/** "a server always uses the latest configuration in its log, regardless of whether the entry is committed" (§6). */
function adopt(state: RaftState, configuration: Configuration): void {
  state.configuration = configuration
  const { members } = configuration
  state.voter = members.includes(state.id)
  for (const [peer, progress] of state.progress) progress.voter = members.includes(peer)
}
