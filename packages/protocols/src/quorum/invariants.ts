import type { NodeId } from '@chaosproxy/faults'
import type { Invariant, InvariantWatch } from '../definition.ts'
import type { QuorumMessage, QuorumState } from './state.ts'
import { compareTags, type Version } from './tag.ts'

type Watch = InvariantWatch<QuorumState, QuorumMessage>

export const quorumInvariants: readonly Invariant[] = [
  /** A tag names one write, even after the node that gave it has restarted (Lynch & Shvartsman 1997). */
  { name: 'one value per tag', watch: watchTags },
  /** After a replica has received a version, it stores this version or a later one (ABD). */
  { name: 'the latest is kept', watch: watchLatest },
  /**
   * Before a client gets an answer, W replicas have the answered version or a later one (ABD). Checked only if reads
   * write back.
   */
  { name: 'answers are held', watch: watchHeld },
]

function watchTags(): Watch {
  const values = new Map<string, Version>()
  return () => (_, event) => {
    if (event?.type !== 'message' || event.message.type !== 'put') return undefined
    const { version } = event.message
    const name = `${version.key} ${version.tag.counter} ${version.tag.writer}`
    const known = values.get(name)
    if (known === undefined) values.set(name, version)
    else if (JSON.stringify(known.value) !== JSON.stringify(version.value))
      return `${JSON.stringify(known.value)} and ${JSON.stringify(version.value)} are both written to ${name}`
    return undefined
  }
}

function watchLatest(): Watch {
  return (node) => (state, event) => {
    if (event?.type !== 'message' || event.message.type !== 'put' || event.message.owner !== null) return undefined
    const { key, tag } = event.message.version
    const own = state.versions.get(key)
    if (own !== undefined && compareTags(own.tag, tag) >= 0) return undefined
    return `${node} was sent version ${tag.counter} of ${key} by ${tag.writer} and has ${own?.tag.counter ?? 'none'}`
  }
}

function watchHeld(): Watch {
  const states = new Map<NodeId, QuorumState>()
  return (node) => (state) => {
    states.set(node, state)
    const { vouched, sizes } = state
    if (vouched === undefined) return undefined
    const { key, tag } = vouched.version
    const holders = vouched.replicas.filter((replica) => {
      const held = states.get(replica)?.versions.get(key)
      return held !== undefined && compareTags(held.tag, tag) >= 0
    })
    if (holders.length >= sizes.w) return undefined
    return `${node} vouches for version ${tag.counter} of ${key}, which ${holders.length} of ${sizes.w} replicas have`
  }
}
