import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { Turn, Types } from '../turn.ts'

export interface DnsConfig extends Subject {
  /** The number of nodes that copy the primary's zone. */
  readonly secondaries: number
  readonly firstSerial: number
  readonly ttlMs: Millis
  /** How long a name's absence may be cached. */
  readonly negativeTtlMs: Millis
  /** How often a secondary compares serials. */
  readonly refreshMs: Millis
  /** How long a secondary answers without the primary. */
  readonly expireMs: Millis
  /** Whether an update makes resolvers drop the name from their caches. */
  readonly flush: boolean
  /** Whether resolvers ask each other's caches first. */
  readonly forwarding: boolean
  readonly retransmitMs: Millis
}

/** An answer in transit; null for a name that does not exist. */
export interface Answer {
  readonly value: Json
  readonly serial: number
  /** The time since an authoritative server answered. */
  readonly ageMs: number
}

export type DnsMessage =
  | { readonly type: 'query'; readonly name: string; readonly id: number }
  /** Without an `answer`, the resolver must ask another server. */
  | { readonly type: 'answer'; readonly name: string; readonly id: number; readonly answer?: Answer | undefined }
  | { readonly type: 'update'; readonly requestId: string; readonly command: Command; readonly ticket: Ticket }
  | { readonly type: 'updated'; readonly requestId: string; readonly result: Completion }
  // From the primary.
  | { readonly type: 'flush'; readonly name: string; readonly serial: number }
  | { readonly type: 'notify' }
  // Without a serial, the secondary has no zone.
  | { readonly type: 'refresh'; readonly serial?: number | undefined }
  | { readonly type: 'soa'; readonly serial: number }
  | { readonly type: 'transfer' }
  | { readonly type: 'zone'; readonly serial: number; readonly content: Json }

interface DnsRecord {
  readonly input: Input
  readonly serial: number
}

export interface Zone {
  serial: number
  held: unknown
}

export interface CacheEntry extends Answer {
  /** By the resolver's monotonic clock. */
  readonly at: Millis
  readonly until: Millis
}

export interface Question {
  readonly id: number
  readonly askedAt: Millis
  readonly attempt: number
  readonly requestIds: readonly string[]
}

export interface DnsState {
  readonly id: NodeId
  readonly role: 'primary' | 'secondary' | 'resolver'
  readonly primary: NodeId
  readonly secondaries: readonly NodeId[]
  readonly resolvers: readonly NodeId[]
  /** Recognises duplicates of forwarded updates. */
  readonly forwarding: Forwarding
  // Undefined on a secondary before its first transfer.
  zone: Zone | undefined
  heardAt: Millis
  /** On the primary: secondaries with the current zone. */
  readonly current: Set<NodeId>
  /** On the primary: whether a node may have an old answer. */
  owes: boolean
  // A resolver.
  readonly cache: Map<string, CacheEntry>
  readonly questions: Map<string, Question>
  questionsAsked: number
  /** By name: the serial of its last update, before which no answer may be used. */
  readonly flushed: Map<string, number>
  /** An answer given after its time to live; for the invariant. */
  late: string | undefined
}

export type Dns = Types<DnsConfig, DnsState, DnsMessage, DnsRecord, 'again' | 'settled'>
export type DnsTurn = Turn<Dns>
