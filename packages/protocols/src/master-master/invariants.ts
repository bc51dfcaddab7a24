import type { NodeId } from '@chaosproxy/faults'
import type { Invariant, InvariantWatch } from '../definition.ts'
import type { MachineEvent } from '../machine.ts'
import { heldOf, includes } from './conflict.ts'
import type { MasterMasterMessage, MasterMasterState } from './state.ts'
import { compareStamps, type Stamp } from './version.ts'

// This file checks the four properties that make copies converge.
//
// - A node never returns to an older version.
// - A node takes the newest version that it is sent.
// - A node keeps what it has confirmed.
// - A node is sent each version until it confirms it.

type Watch = InvariantWatch<MasterMasterState, MasterMasterMessage>
type SeenEvent = MachineEvent<MasterMasterMessage> | undefined

export const masterMasterInvariants: readonly Invariant[] = [
  /** A node keeps each version that it has or receives until another version replaces it. */
  { name: 'the newest is taken', watch: watchNewest },
  /** After a restart a node still has each version that it confirmed, or a newer one. */
  { name: 'confirmed versions are kept', watch: watchConfirmed },
  /** A node that took a write keeps sending it to every peer that has not confirmed it. */
  { name: 'writes are owed', watch: watchOwed },
  /**
   * Under logical clocks and version vectors, a write is later than every version that the node had when it took the
   * write.
   */
  { name: 'a write replaces what its node had', watch: watchReplaced },
]

function watchNewest(): Watch {
  return (node) => {
    let had: Map<string, readonly Stamp[]> | undefined
    return (state, event) => {
      if (event === undefined || had === undefined) {
        had = new Map([...state.versions.keys()].map((key) => [key, stampsOf(state, key)]))
        return undefined
      }
      for (const key of keysOf(event, state.wrote)) {
        const gone = had.get(key)?.find((stamp) => !includes(state, key, stamp))
        if (gone !== undefined) return `${node} had ${describe(key, gone)} and went back to ${describeAll(state, key)}`
        had.set(key, stampsOf(state, key))
      }
      if (event.type !== 'message' || event.message.type !== 'versions') return undefined
      const missing = event.message.versions.find(({ key, stamp }) => !includes(state, key, stamp))
      if (missing === undefined) return undefined
      return `${node} was told of ${describe(missing.key, missing.stamp)} but has ${describeAll(state, missing.key)} instead`
    }
  }
}

const stampsOf = (state: MasterMasterState, key: string): readonly Stamp[] =>
  heldOf(state, key).map(({ stamp }) => stamp)

function keysOf(event: MachineEvent<MasterMasterMessage>, wrote: readonly string[]): readonly string[] {
  if (event.type === 'request') return wrote
  return event.type === 'message' && event.message.type === 'versions'
    ? event.message.versions.map(({ key }) => key)
    : []
}

function createConfirmations() {
  const stamps = new Map<NodeId, Map<string, Stamp>>()
  return {
    of: (node: NodeId): ReadonlyMap<string, Stamp> | undefined => stamps.get(node),
    note(event: SeenEvent): void {
      if (event?.type !== 'message' || event.message.type !== 'received') return
      const known = stamps.get(event.from) ?? new Map<string, Stamp>()
      stamps.set(event.from, known)
      for (const { key, stamp } of event.message.keys) {
        const before = known.get(key)
        if (before === undefined || compareStamps(before, stamp) < 0) known.set(key, stamp)
      }
    },
  }
}

function watchConfirmed(): Watch {
  const confirmed = createConfirmations()
  return (node) => (state, event) => {
    confirmed.note(event)
    if (event !== undefined) return undefined
    for (const [key, stamp] of confirmed.of(node) ?? [])
      if (!includes(state, key, stamp))
        return `${node} confirmed ${describe(key, stamp)} and starts with ${describeAll(state, key)}`
    return undefined
  }
}

function watchOwed(): Watch {
  const confirmed = createConfirmations()
  return (node) =>
    ({ versions, owed, wrote }, event) => {
      confirmed.note(event)
      if (event?.type !== 'request') return undefined
      for (const key of wrote) {
        const own = versions.get(key)
        if (own === undefined || own.stamp.node !== node) continue
        for (const [peer, keys] of owed) {
          if (keys.has(key)) continue
          const had = confirmed.of(peer)?.get(key)
          if (had === undefined || compareStamps(had, own.stamp) < 0)
            return `${node} took ${describe(key, own.stamp)} and will not tell ${peer}, which does not have it`
        }
      }
      return undefined
    }
}

function watchReplaced(): Watch {
  return (node) => (state, event) => {
    if (event?.type !== 'request' || state.conflicts === 'timestamp') return undefined
    for (const key of state.wrote) {
      const [current, sibling] = heldOf(state, key)
      if (current?.stamp.node !== node || current.stamp.count > state.count)
        return `${node} wrote ${key} and kept ${describe(key, current?.stamp)}`
      if (sibling !== undefined) return `${node} wrote ${key} and kept ${describe(key, sibling.stamp)} as well`
    }
    return undefined
  }
}

const describeAll = (state: MasterMasterState, key: string): string => describe(key, state.versions.get(key)?.stamp)

const describe = (key: string, stamp: Stamp | undefined): string =>
  stamp === undefined ? `nothing of ${key}` : `${key} of ${stamp.node} at ${stamp.time}`
