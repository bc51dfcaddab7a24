import { fnv1a, type NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Millis } from '@chaosproxy/history'
import type { MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'
import type { SizeSettings, Sizes } from './sizes.ts'
import type { Tag, Version } from './tag.ts'

// "ABD": Attiya, Bar-Noy & Dolev, "Sharing Memory Robustly in Message-Passing Systems", 1995; for many writers: Lynch &
// Shvartsman, "Robust Emulation of Shared Memory Using Dynamic Quorum-Acknowledged Broadcasts", 1997. "Dynamo": DeCandia
// et al., "Dynamo: Amazon's Highly Available Key-value Store", 2007.

interface QuorumConfig extends SizeSettings {
  /** Whether a read stores its value on W replicas before it returns the value. */
  readonly writeBack: boolean
  /** Whether a read sends the returned value to replicas that have an older one, without waiting for them. */
  readonly readRepair: boolean
  readonly sloppy: boolean
  /** The source of a write's tag: the highest tag of R replicas, or the clock of the node that accepts the write. */
  readonly tags: 'counter' | 'clock'
  readonly antiEntropy: boolean
  readonly syncMs: Millis
  readonly requestTimeoutMs: Millis
  readonly bug: string | undefined
}

export type QuorumMessage = MessagesOf<{
  query: { operation: string; key: string }
  queried: { operation: string; version: Version | null }
  /** `owner`: the replica that the receiver stands in for (Dynamo §4.6). */
  put: { operation: string; version: Version; owner: NodeId | null }
  stored: { operation: string }
  /** Versions that the receiver may lack. Sent for read repair, and as the answer to the message `want`. */
  versions: { versions: readonly Version[] }
  digest: { tags: readonly KeyTag[] }
  want: { keys: readonly string[] }
  handoff: { version: Version }
  taken: { key: string; tag: Tag }
}>

export type KeyTag = readonly [key: string, tag: Tag]

export type QuorumRecord = RecordsOf<{
  version: { version: Version }
  hint: { owner: NodeId; version: Version }
  handed: { owner: NodeId; key: string; tag: Tag }
}>

export interface Operation {
  readonly id: string
  /** The ids of the request; several if it arrived more than once. */
  readonly requestIds: string[]
  readonly client: string | undefined
  readonly input: Input
  readonly key: string
  readonly replicas: readonly NodeId[]
  /** The replica that each stand-in stands in for. */
  readonly standIns: Map<NodeId, NodeId>
  phase: 'query' | 'put'
  answered: NodeId[]
  /** The latest version found, or the one being stored. */
  version: Version | undefined
  holders: NodeId[]
  age: number
}

/** A client's last request, remembered because the network may deliver a request twice. */
interface LastRequest {
  readonly sequence: number
  readonly operation: string
  result: Completion | undefined
}

/** The version that this node just returned or wrote, and all replicas of its key. */
interface Vouched {
  readonly version: Version
  readonly replicas: readonly NodeId[]
}

export interface QuorumState {
  readonly id: NodeId
  readonly nodes: readonly NodeId[]
  readonly sizes: Sizes
  /** A number that differs between starts of the node, so that a tag is never assigned twice. */
  readonly life: number
  begun: number
  readonly operations: Map<string, Operation>
  readonly lastRequests: Map<string, LastRequest>
  /** The versions that this node stores as a replica. Durable, like the hints. */
  readonly versions: Map<string, Version>
  /** Versions stored for other replicas: by replica, then by key. */
  readonly hints: Map<NodeId, Map<string, Version>>
  /** The keys of `versions`, in order of arrival. */
  readonly keys: string[]
  /** A node sends digests to find versions that differ between replicas. The last one began at this index of `keys`. */
  digestFrom: number
  /** The receiver of the last digest, as an index into the list of the other nodes. */
  digestTo: number
  vouched: Vouched | undefined
}

export type Quorum = Types<QuorumConfig, QuorumState, QuorumMessage, QuorumRecord, 'sync' | 'sweep'>
export type QuorumTurn = Turn<Quorum>

/**
 * Returns the nodes in the order in which they store a key: the first N are its replicas, the next ones stand in for
 * them (the preference list, Dynamo §4.2, with one position on the ring for each node).
 */
export function preferenceList({ nodes }: QuorumState, key: string): readonly NodeId[] {
  const first = (fnv1a(key) >>> 0) % nodes.length
  return [...nodes.slice(first), ...nodes.slice(0, first)]
}

export const replicasOf = (state: QuorumState, key: string): readonly NodeId[] =>
  state.sizes.n === state.nodes.length ? state.nodes : preferenceList(state, key).slice(0, state.sizes.n)
