import type { NodeId } from '@chaos/faults'
import type { Completion, Json, Millis } from '@chaos/history'
import type { Command } from '../command.ts'
import type { Forwarding, Ticket } from '../forwarding.ts'
import type { Generator } from '../generator.ts'
import type { Entry, Log } from '../log.ts'
import type { Effect } from '../machine.ts'
import type { Read } from '../reads.ts'
import type { LastRequest, SessionedObject } from './sessions.ts'

// Sections are those of "In Search of an Understandable Consensus Algorithm (Extended Version)", Ongaro & Ousterhout
// 2014, and, where it says "thesis", of "Consensus: Bridging Theory and Practice", Ongaro 2014.

export interface RaftConfig {
  readonly preVote: boolean
  readonly heartbeatMs: Millis
  readonly electionMinMs: Millis
  readonly electionMaxMs: Millis
  /** Entries per message. */
  readonly batch: number
  /** Messages with entries on their way to one follower. */
  readonly pipeline: number
  /** Entries carried out since the last snapshot that call for the next one. */
  readonly snapshotEntries: number
  readonly reads: 'read-index' | 'lease'
  /** How long after a round of heartbeats began a leader takes itself for the only one, where a majority answered it. */
  readonly leaseMs: Millis
  /** The same, but for the mistake. */
  readonly trueLeaseMs: Millis
  /** How long a leader leads before it hands over to another; 0: as long as it can. */
  readonly transferMs: Millis
  /** How often a leader removes a node from those that vote, or takes one back; 0: never. */
  readonly resizeMs: Millis
  /** How long a request waits for a leader to turn up before it is refused. */
  readonly leaderWaitMs: Millis
  /** How long a request that was handed to a leader waits for its answer. */
  readonly requestTimeoutMs: Millis
  readonly bug: string | undefined
}

/** Where the answer to a request belongs: the node the client asked, and that node's how-manieth try. */
export interface Origin {
  readonly node: NodeId
  readonly requestId: string
  readonly attempt: number
}

interface Candidacy {
  readonly term: number
  /** "I have permission to disrupt the leader—it told me to!" (thesis §4.2.3) */
  readonly transfer: boolean
  readonly lastIndex: number
  readonly lastTerm: number
}

export type RaftMessage =
  | ({ readonly type: 'pre-vote' } & Candidacy)
  | ({ readonly type: 'vote' } & Candidacy)
  | {
      readonly type: 'pre-vote-reply' | 'vote-reply'
      readonly term: number
      /** The term that was asked about. */
      readonly asked: number
      readonly granted: boolean
    }
  | {
      readonly type: 'append'
      readonly term: number
      readonly prevIndex: number
      readonly prevTerm: number
      readonly entries: readonly Entry[]
      readonly commit: number
      /** The round of heartbeats this belongs to: a reply to it shows that the sender still led when the round began. */
      readonly round: number
    }
  | {
      readonly type: 'append-reply'
      readonly term: number
      readonly round: number
      readonly prevIndex: number
      readonly success: boolean
      /** On success: the follower's log equals the leader's up to here. */
      readonly match: number
      /** On refusal: the term of the entry in the way, 0 where the log is too short, and the first index it has. */
      readonly conflictTerm: number
      readonly conflictIndex: number
    }
  | { readonly type: 'snapshot'; readonly term: number; readonly snapshot: Snapshot; readonly round: number }
  | { readonly type: 'timeout-now'; readonly term: number }
  | {
      readonly type: 'forward'
      readonly origin: Origin
      readonly command: Command
      readonly ticket: Ticket
    }
  | { readonly type: 'answer'; readonly origin: Origin; readonly result: Completion }

export type RaftRecord =
  | { readonly kind: 'vote'; readonly term: number; readonly votedFor: NodeId | null }
  /** Replaces whatever the log had from index `from` on. */
  | { readonly kind: 'entries'; readonly from: number; readonly entries: readonly Entry[] }
  /** Replaces the log up to the snapshot's last entry; what follows stays only where the log has that entry. */
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }

/** What the first `index` entries come to (§7). */
export interface Snapshot {
  readonly index: number
  /** Of the last entry. */
  readonly term: number
  readonly members: readonly NodeId[]
  readonly values: readonly (readonly [string, Json])[]
  readonly sessions: readonly (readonly [string, LastRequest])[]
}

/** Who votes from the entry at `index` on. */
export interface Configuration {
  readonly index: number
  readonly members: readonly NodeId[]
}

export type RaftEffect = Effect<RaftMessage, RaftRecord>

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader'

/** What a leader knows of one follower. */
export interface Progress {
  /** Counts for majorities. */
  voter: boolean
  next: number
  match: number
  /** Looking for the place where the logs part: no entries are sent until it is found. */
  probing: boolean
  /** The last index of each message with entries on its way. */
  readonly inFlight: number[]
  ackedRound: number
  /** Was sent something since the last heartbeats. */
  addressed: boolean
  /** Answered since the last check that a majority still does. */
  heard: boolean
}

/** A request a client put to this node, until it is answered. */
export interface Request {
  readonly command: Command
  /** Sweeps since it came, or since it was first handed to a leader. */
  age: number
  attempts: number
  /** Attempts that a leader has, or may have, and that were neither answered nor refused. */
  open: readonly number[]
  lastLeader: NodeId | undefined
}

export interface RaftState {
  readonly id: NodeId
  readonly peers: readonly NodeId[]
  readonly generator: Generator
  readonly forwarding: Forwarding
  // Persistent (Figure 2).
  term: number
  votedFor: NodeId | null
  readonly log: Log
  snapshot: Snapshot | undefined
  /** Those in the log, oldest first, behind the one that it begins with. */
  readonly configurations: Configuration[]
  /** The last of them: in force, committed or not. */
  configuration: Configuration
  /** Whether this node is one of its members. */
  voter: boolean
  // Volatile.
  role: Role
  leader: NodeId | undefined
  /** Heard from a leader within the shortest election timeout, or may have, in an earlier life. */
  loyal: boolean
  commitIndex: number
  applied: number
  object: SessionedObject
  votes: NodeId[]
  /** Of a leader. */
  progress: Map<NodeId, Progress>
  noopIndex: number
  roundStarted: number
  roundConfirmed: number
  roundStartedAt: Millis
  /** By this node's clock, as the round is. */
  leaseUntil: Millis
  lastStepAt: Millis
  /** Told another to take over, which may do so at any time: there are no more leases in this term. */
  leaseForfeited: boolean
  transferTo: NodeId | undefined
  reads: Read<Origin>[]
  /** By the index of the entry. */
  readonly proposals: Map<number, { readonly term: number; readonly origin: Origin }>
  readonly requests: Map<string, Request>
}

/** One step in the making. */
export interface Turn {
  readonly config: RaftConfig
  readonly state: RaftState
  /** By this node's clock. */
  readonly now: Millis
  effects: RaftEffect[]
  /** The term or the vote changed and is not yet among the effects. */
  voteChanged: boolean
}

/** Of the members of the latest configuration. */
export function majorityOf(turn: Turn): number {
  // The mistake: two halves that know nothing of each other are each a majority.
  return turn.config.bug === 'quorum-off-by-one' ? trueMajorityOf(turn) - 1 : trueMajorityOf(turn)
}

export const trueMajorityOf = ({ state }: Turn): number => Math.floor(state.configuration.members.length / 2) + 1

/** The mistake has made a difference. */
export const mark = (turn: Turn): void => {
  turn.effects.push({ type: 'mark' })
}

/** Term and vote are "updated on stable storage before responding to RPCs" (Figure 2): so they go first. */
export function emit(turn: Turn, effect: RaftEffect): void {
  saveVote(turn)
  turn.effects.push(effect)
}

export function saveVote(turn: Turn): void {
  if (!turn.voteChanged) return
  turn.voteChanged = false
  const { term, votedFor } = turn.state
  // The mistake: term and vote live in memory only.
  if (turn.config.bug === 'forget-vote') {
    mark(turn)
    return
  }
  turn.effects.push({ type: 'persist', record: { kind: 'vote', term, votedFor } })
}

export const send = (turn: Turn, to: NodeId, message: RaftMessage): void => emit(turn, { type: 'send', to, message })
