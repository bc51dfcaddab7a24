import type { NodeId } from '@chaosproxy/faults'
import type { Invariant, InvariantWatch } from '../definition.ts'
import type { MachineEvent } from '../machine.ts'
import type { MasterMasterMessage, MasterMasterState } from './machine.ts'
import { compareStamps, type Stamp } from './version.ts'

// Copies converge because of what holds at every step: a node never goes back to an older version, takes the newest one
// that it is sent, keeps what it has confirmed, and is sent each version until it confirms it.

type Watch = InvariantWatch<MasterMasterState, MasterMasterMessage>
type SeenEvent = MachineEvent<MasterMasterMessage> | undefined

export const masterMasterInvariants: readonly Invariant[] = [
  {
    name: 'the newest is taken',
    summary: 'of two versions a node keeps the one with the later stamp',
    watch: watchNewest,
  },
  {
    name: 'confirmed versions are kept',
    summary: 'a version that a node has confirmed, or a newer one, is still there after a restart',
    watch: watchConfirmed,
  },
  {
    name: 'writes are owed',
    summary: 'a node that took a write goes on telling every peer that has not confirmed it',
    watch: watchOwed,
  },
]

function watchNewest(): Watch {
  return (node) => {
    let newest: Map<string, Stamp> | undefined
    return ({ versions, wrote }, event) => {
      if (event === undefined || newest === undefined) {
        newest = new Map([...versions].map(([key, { stamp }]) => [key, stamp]))
        return undefined
      }
      for (const key of keysOf(event, wrote)) {
        const own = versions.get(key)?.stamp
        const older = newest.get(key)
        if (older !== undefined && (own === undefined || compareStamps(own, older) < 0))
          return `${node} had ${describe(key, older)} and went back to ${describe(key, own)}`
        if (own !== undefined) newest.set(key, own)
      }
      if (event.type !== 'message' || event.message.type !== 'versions') return undefined
      for (const { key, stamp } of event.message.versions) {
        const own = versions.get(key)?.stamp
        if (own === undefined || compareStamps(own, stamp) < 0)
          return `${node} was told of ${describe(key, stamp)} and has ${describe(key, own)}`
      }
      return undefined
    }
  }
}

/** The keys an event may have changed. */
function keysOf(event: MachineEvent<MasterMasterMessage>, wrote: string | undefined): string[] {
  if (event.type === 'request') return wrote === undefined ? [] : [wrote]
  return event.type === 'message' && event.message.type === 'versions'
    ? event.message.versions.map(({ key }) => key)
    : []
}

/** The newest stamp of each key that a node confirmed to a peer. */
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
  return (node) =>
    ({ versions }, event) => {
      confirmed.note(event)
      if (event !== undefined) return undefined
      for (const [key, stamp] of confirmed.of(node) ?? []) {
        const own = versions.get(key)
        if (own === undefined || compareStamps(own.stamp, stamp) < 0)
          return `${node} confirmed ${describe(key, stamp)} and starts with ${describe(key, own?.stamp)}`
      }
      return undefined
    }
}

function watchOwed(): Watch {
  const confirmed = createConfirmations()
  return (node) =>
    ({ versions, owed, wrote: key }, event) => {
      confirmed.note(event)
      if (event?.type !== 'request' || key === undefined) return undefined
      const own = versions.get(key)
      if (own === undefined || own.stamp.node !== node) return undefined
      for (const [peer, keys] of owed) {
        if (keys.has(key)) continue
        const had = confirmed.of(peer)?.get(key)
        if (had === undefined || compareStamps(had, own.stamp) < 0)
          return `${node} took ${describe(key, own.stamp)} and will not tell ${peer}, which does not have it`
      }
      return undefined
    }
}

const describe = (key: string, stamp: Stamp | undefined): string =>
  stamp === undefined ? `nothing of ${key}` : `${key} of ${stamp.node} at ${stamp.time}`
