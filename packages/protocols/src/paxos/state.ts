import type { NodeId } from '@chaosproxy/faults'
import type { Command } from '../command.ts'
import { majorityOf as trueMajorityOf } from '../members.ts'
import type { RoutedMessage, RoutedTimer } from '../routing/routing.ts'
import type { MemberState, Reads, SuccessionConfig } from '../routing/succession.ts'
import type { MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'

// Sections are those of Lamport, "Paxos Made Simple", 2001. "PMMC": van Renesse & Altinbuken, "Paxos Made Moderately
// Complex", 2015.

interface PaxosConfig extends SuccessionConfig {
  readonly reads: Reads
}

/** A value that is proposed for a slot. A null command is a no-op. */
export interface Proposal {
  readonly ballot: number
  readonly command: Command | null
}

/** The commands of consecutive slots; `from` is the first slot. */
export interface Slots {
  readonly from: number
  readonly commands: readonly (Command | null)[]
}

export type SlotProposal = readonly [slot: number, proposal: Proposal]

export type PaxosMessage =
  | MessagesOf<{
      /** Phase 1a, for all slots from `from` on (§3). */
      prepare: { ballot: number; from: number }
      /** Phase 1b. */
      promise: { ballot: number; accepted: readonly SlotProposal[] }
      /** Phase 2a. Every slot up to `chosen` is chosen. */
      accept: { ballot: number; chosen: number } & Slots
      /** Phase 2b. */
      accepted: { ballot: number; from: number; count: number }
      /**
       * Refuses a message: the sender, an acceptor, has promised `ballot`, which is not lower than the ballot of the
       * refused message (PMMC §4.3).
       */
      preempted: { ballot: number }
      heartbeat: { ballot: number; round: number; chosen: number }
      alive: { ballot: number; round: number }
      /** The sender lacks chosen slots from `from` on. */
      learn: { from: number }
      chosen: { ballot: number } & Slots
    }>
  | RoutedMessage

export type PaxosRecord = RecordsOf<{
  promise: { ballot: number }
  /** Every slot up to `chosen` is chosen. After a restart, the node need not learn these slots again. */
  accepted: { proposals: readonly SlotProposal[]; chosen: number }
}>

/** Slots 1 to `applied` are chosen and applied. */
export interface PaxosState extends MemberState {
  role: 'leader' | 'candidate' | 'follower'
  // The acceptor's, durable.
  promised: number
  /** The accepted proposals by slot. */
  readonly accepted: Map<number, Proposal>
  ballot: number
  /** The proposals that each acceptor had accepted when it promised the ballot. */
  promises: Map<NodeId, readonly SlotProposal[]>
  next: number
  /**
   * The key is a slot without a chosen value. The value lists the acceptors that are known to have accepted the
   * proposal for this slot.
   */
  votes: Map<number, NodeId[]>
  /** Slots below this one were proposed before the last heartbeat. */
  proposedBefore: number
  /** The last slot that phase 1 found. Reads wait until it is applied. */
  inherited: number
  /** The last round that each acceptor answered. */
  rounds: Map<NodeId, number>
  heard: NodeId[]
}

export type Paxos = Types<
  PaxosConfig,
  PaxosState,
  PaxosMessage,
  PaxosRecord,
  'silence' | 'reach' | 'heartbeat' | RoutedTimer
>
export type PaxosTurn = Turn<Paxos>

/**
 * Returns the node that owns a ballot number: "Different proposers choose their numbers from disjoint sets of numbers"
 * (§2.5). The index of the owner is the ballot number modulo the number of nodes.
 */
export const nodeOfBallot = ({ nodes }: PaxosState, ballot: number): NodeId | undefined => nodes[ballot % nodes.length]

/** The bug: half of the nodes, rounded down, count as a majority. */
const majorityOf = ({ state, config }: PaxosTurn): number =>
  config.bug === 'quorum-off-by-one'
    ? Math.max(1, Math.floor(state.nodes.length / 2))
    : trueMajorityOf(state.nodes.length)

/**
 * Whether this number of acceptors suffices. Any two majorities share a node, so a later leader learns of every value
 * that may be chosen (§2.1).
 */
export function isMajority(turn: PaxosTurn, count: number): boolean {
  if (count < majorityOf(turn)) return false
  if (count < trueMajorityOf(turn.state.nodes.length)) turn.mark()
  return true
}
