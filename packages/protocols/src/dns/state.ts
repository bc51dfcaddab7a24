import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { MessagesOf, Turn, Types } from '../turn.ts'

interface DnsConfig extends Subject {
  /** The number of nodes after the primary that copy its zone. */
  readonly secondaries: number
  readonly firstSerial: number
  readonly ttlMs: Millis
  /** The time to live of a negative answer, which says that a name does not exist. */
  readonly negativeTtlMs: Millis
  /** The interval at which a secondary compares its serial with the primary's. */
  readonly refreshMs: Millis
  /** How long a secondary continues to answer while it cannot reach the primary. */
  readonly expireMs: Millis
  /** Whether an update makes resolvers drop the name from their caches. */
  readonly flush: boolean
  /** Whether resolvers ask each other's caches first. */
  readonly forwarding: boolean
  readonly retransmitMs: Millis
}

/** An answer in transit. The value of a name that does not exist is null. */
export interface Answer {
  readonly value: Json
  readonly serial: number
  /** The time since an authoritative server gave the answer. */
  readonly ageMs: number
}

export type DnsMessage = MessagesOf<{
  query: { name: string; id: number }
  /** If `answer` is absent, the resolver must ask another server. */
  answer: { name: string; id: number; answer?: Answer | undefined }
  update: { requestId: string; command: Command; ticket: Ticket }
  updated: { requestId: string; result: Completion }
  // From the primary.
  flush: { name: string; serial: number }
  notify: unknown
  // Without a serial, the secondary has no zone.
  refresh: { serial?: number | undefined }
  soa: { serial: number }
  transfer: unknown
  zone: { serial: number; content: Json }
}>

interface DnsRecord {
  readonly input: Input
  readonly serial: number
}

export interface Zone {
  serial: number
  held: unknown
}

export interface CacheEntry extends Answer {
  /** `at` and `until` are times by the resolver's monotonic clock. */
  readonly at: Millis
  readonly until: Millis
}

export interface Question {
  readonly id: number
  readonly sentAt: Millis
  readonly attempt: number
  readonly requestIds: readonly string[]
}

export interface DnsState {
  readonly id: NodeId
  readonly role: 'primary' | 'secondary' | 'resolver'
  readonly primary: NodeId
  readonly secondaries: readonly NodeId[]
  readonly resolvers: readonly NodeId[]
  readonly forwarding: Forwarding
  // The zone of an authoritative server; undefined on a secondary before its first transfer.
  zone: Zone | undefined
  heardAt: Millis
  /** On the primary: secondaries known to have the current zone. */
  readonly current: Set<NodeId>
  /** On the primary: whether a secondary or a resolver may still answer with data from before the last update. */
  owes: boolean
  // A resolver.
  readonly cache: Map<string, CacheEntry>
  readonly questions: Map<string, Question>
  questionsAsked: number
  /** By name: the serial of its last known update. An answer with an earlier serial must not be used. */
  readonly flushed: Map<string, number>
  /** Describes an answer that was given after its time to live had ended. The invariant checks that there is none. */
  late: string | undefined
}

export type Dns = Types<DnsConfig, DnsState, DnsMessage, DnsRecord, 'again' | 'settled'>
export type DnsTurn = Turn<Dns>
