import type { NodeId } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import type { Generator } from '../generator.ts'
import type { Entry, Log } from '../log.ts'
import type { Effect } from '../machine.ts'
import { majorityOf as majority } from '../members.ts'
import type { Origin, RoutedMessage, RoutedTimer, RoutingConfig, RoutingState } from '../routing/routing.ts'
import type { SavedCopy } from '../routing/sessions.ts'
import { type MessageHandlers, type MessageOf, type MessagesOf, type RecordsOf, Turn, type Types } from '../turn.ts'

// Sections are those of "In Search of an Understandable Consensus Algorithm (Extended Version)", Ongaro & Ousterhout
// 2014, or, when marked "thesis", of "Consensus: Bridging Theory and Practice", Ongaro 2014.

export interface RaftConfig extends RoutingConfig {
  readonly preVote: boolean
  readonly heartbeatMs: Millis
  readonly electionMinMs: Millis
  readonly electionMaxMs: Millis
  /** Entries per message. */
  readonly batch: number
  readonly pipeline: number
  readonly snapshotEntries: number
  readonly reads: 'read-index' | 'lease'
  /**
   * How long a leader may assume that there is no other leader, from the beginning of a confirmed round of heartbeats.
   */
  readonly leaseMs: Millis
  readonly trueLeaseMs: Millis
  /** The time after which a leader transfers its leadership to another node; 0 for never. */
  readonly transferMs: Millis
  /** The interval at which a leader removes a voter or adds one back; 0 for never. */
  readonly resizeMs: Millis
}

interface Candidacy {
  readonly term: number
  /**
   * Whether a leader asked the candidate to start this election: "I have permission to disrupt the leader—it told me
   * to!" (thesis §4.2.3)
   */
  readonly transfer: boolean
  readonly lastIndex: number
  readonly lastTerm: number
}

interface Vote {
  readonly term: number
  readonly asked: number
  readonly granted: boolean
}

export type RaftMessage =
  | MessagesOf<{
      'pre-vote': Candidacy
      vote: Candidacy
      'pre-vote-reply': Vote
      'vote-reply': Vote
      append: {
        term: number
        prevIndex: number
        prevTerm: number
        entries: readonly Entry[]
        commit: number
        /** The round of this message. A reply proves that the sender still led when the round began. */
        round: number
      }
      'append-reply': {
        term: number
        round: number
        prevIndex: number
        success: boolean
        /** On success: the index up to which the follower's log equals the leader's. */
        match: number
        /**
         * On refusal: the term of the conflicting entry (0 if the log is too short), and the follower's first index of
         * that term.
         */
        conflictTerm: number
        conflictIndex: number
      }
      snapshot: { term: number; snapshot: Snapshot; round: number }
      'timeout-now': { term: number }
    }>
  | RoutedMessage

export type Append = MessageOf<RaftMessage, 'append'>
export type VoteReply = MessageOf<RaftMessage, 'pre-vote-reply' | 'vote-reply'>

export type RaftRecord = RecordsOf<{
  vote: { term: number; votedFor: NodeId | null }
  /** Replaces all entries of the log from index `from` on. */
  entries: { from: number; entries: readonly Entry[] }
  /** Replaces the log up to the snapshot's last entry. If the log has this entry, the entries after it are kept. */
  snapshot: { snapshot: Snapshot }
}>

/** The state after the first `index` entries were applied (§7). */
export interface Snapshot {
  readonly index: number
  readonly term: number
  readonly members: readonly NodeId[]
  readonly copy: SavedCopy
}

/** The voting members of the cluster, valid from the log entry at `index` on. */
export interface Configuration {
  readonly index: number
  readonly members: readonly NodeId[]
}

export type RaftEffect = Effect<RaftMessage, RaftRecord>

type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader'

export interface Progress {
  voter: boolean
  next: number
  match: number
  /** Whether the leader is searching for the index where the logs diverge. */
  probing: boolean
  readonly inFlight: number[]
  ackedRound: number
  /** Whether the leader has sent the follower any message since the last heartbeat. */
  addressed: boolean
  heard: boolean
}

export interface RaftState extends RoutingState {
  readonly peers: readonly NodeId[]
  readonly generator: Generator
  // Persistent (Figure 2).
  term: number
  votedFor: NodeId | null
  readonly log: Log
  snapshot: Snapshot | undefined
  /** The configuration that the log begins with, followed by those in the log, oldest first. */
  readonly configurations: Configuration[]
  /** The latest configuration, which is in force whether committed or not. */
  configuration: Configuration
  voter: boolean
  // Volatile.
  role: Role
  /**
   * Whether the node may have heard from a leader within the shortest election timeout. This is also true after a
   * restart, because the node may have heard from a leader just before.
   */
  loyal: boolean
  commitIndex: number
  votes: NodeId[]
  /**
   * The last entry that the node has on disk, or is writing to disk. Only a leader uses this member and those below.
   */
  stored: number
  progress: Map<NodeId, Progress>
  noopIndex: number
  roundEnd: number
  roundStartedAt: Millis
  /** The end of the lease by this node's monotonic clock. `roundStartedAt` is a time by the same clock. */
  leaseUntil: Millis
  /**
   * Whether the leader has asked another node to take over. That node may start an election at any time, so there are
   * no more leases in this term.
   */
  leaseForfeited: boolean
  transferTo: NodeId | undefined
  /** The proposals by index of their entry. */
  readonly proposals: Map<number, { readonly term: number; readonly origin: Origin }>
}

export type Raft = Types<
  RaftConfig,
  RaftState,
  RaftMessage,
  RaftRecord,
  'election' | 'silence' | 'heartbeat' | 'quorum' | 'transfer' | 'resize' | RoutedTimer
>

/**
 * A step in progress. Term and vote are persisted first: "updated on stable storage before responding to RPCs" (Figure
 * 2).
 */
export class RaftTurn extends Turn<Raft> {
  /** Whether the term or the vote has changed since an effect last persisted both. */
  declare voteChanged: boolean
  declare lastAppend: { readonly limit: number; readonly message: Append } | undefined

  constructor(
    config: RaftConfig,
    state: RaftState,
    now: Millis,
    steady: Millis,
    handlers: MessageHandlers,
    gathered: RaftEffect[],
  ) {
    super(config, state, now, steady, handlers, gathered)
    this.voteChanged = false
    this.lastAppend = undefined
  }

  protected override emit(effect: RaftEffect): void {
    this.saveVote()
    this.put(effect)
  }

  saveVote(): void {
    if (!this.voteChanged) return
    this.voteChanged = false
    const { term, votedFor } = this.state
    if (this.config.bug === 'forget-vote') this.mark()
    else this.put({ type: 'persist', record: { kind: 'vote', term, votedFor } })
  }

  /** The bug: effects that should wait for the disk are executed first. */
  persistLast(): void {
    const { effects } = this
    const records = effects.filter((effect) => effect.type === 'persist')
    const others = effects.filter((effect) => effect.type !== 'persist')
    if (records.length === 0 || others.length === 0) return
    this.empty()
    for (const effect of [...others, ...records]) this.put(effect)
    this.mark()
  }
}

export function majorityOf(turn: RaftTurn): number {
  // The bug: half of the nodes count as a majority, so two disjoint halves can each form one.
  return turn.config.bug === 'quorum-off-by-one' ? trueMajorityOf(turn) - 1 : trueMajorityOf(turn)
}

export const trueMajorityOf = ({ state }: RaftTurn): number => majority(state.configuration.members.length)
