import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { Turn, Types } from '../turn.ts'

export interface DnsConfig extends Subject {
  /** How many of the nodes after the primary copy its zone. */
  readonly secondaries: number
  readonly firstSerial: number
  readonly ttlMs: Millis
  /** The time to live of the answer that a name does not exist. */
  readonly negativeTtlMs: Millis
  /** How often a secondary compares its serial with the primary's … */
  readonly refreshMs: Millis
  /** … and how long it answers without reaching it. */
  readonly expireMs: Millis
  /** Whether an update makes resolvers drop the name from their caches. */
  readonly flush: boolean
  /** Whether resolvers ask each other's caches first. */
  readonly forwarding: boolean
  readonly retransmitMs: Millis
}

/** An answer on its way. The value of a name that does not exist is null. */
export interface Answer {
  readonly value: Json
  /** The version of the zone that it comes from. */
  readonly serial: number
  /** Time since an authoritative server gave it. */
  readonly ageMs: number
}

export type DnsMessage =
  // Between a resolver and the servers it asks.
  | { readonly type: 'query'; readonly name: string; readonly id: number }
  /** Without an answer, the server has none and the resolver must ask another. */
  | { readonly type: 'answer'; readonly name: string; readonly id: number; readonly answer?: Answer | undefined }
  // To the primary, and back.
  | { readonly type: 'update'; readonly requestId: string; readonly command: Command; readonly ticket: Ticket }
  | { readonly type: 'updated'; readonly requestId: string; readonly result: Completion }
  // From the primary.
  | { readonly type: 'flush'; readonly name: string; readonly serial: number }
  | { readonly type: 'notify' }
  // Between a secondary and the primary. The serial is absent if the secondary has no zone.
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
  /** By the resolver's monotonic clock: when it arrived, and when it must be dropped. */
  readonly at: Millis
  readonly until: Millis
}

export interface Question {
  readonly id: number
  readonly askedAt: Millis
  /** The number of servers asked before this one. */
  readonly attempt: number
  readonly requestIds: readonly string[]
}

export interface DnsState {
  readonly id: NodeId
  readonly role: 'primary' | 'secondary' | 'resolver'
  readonly primary: NodeId
  readonly secondaries: readonly NodeId[]
  readonly resolvers: readonly NodeId[]
  /** Distinguishes updates passed on to the primary from their duplicates. */
  readonly forwarding: Forwarding
  // An authoritative server; a secondary has none before its first transfer.
  zone: Zone | undefined
  /** On a secondary: when it last heard the primary's serial. */
  heardAt: Millis
  /** On the primary: secondaries known to have the current zone. */
  readonly current: Set<NodeId>
  /** On the primary: whether a node may still have an old answer. */
  owes: boolean
  // A resolver.
  readonly cache: Map<string, CacheEntry>
  readonly questions: Map<string, Question>
  questionsAsked: number
  /** By name: the zone of its last known update. Answers from an earlier zone must not be used. */
  readonly flushed: Map<string, number>
  /** An answer that was given after its time to live; for the invariant. */
  late: string | undefined
}

export type Dns = Types<DnsConfig, DnsState, DnsMessage, DnsRecord, 'again' | 'settled'>
export type DnsTurn = Turn<Dns>
