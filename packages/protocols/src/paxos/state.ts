import type { NodeId } from '@chaosproxy/faults'
import type { Command } from '../command.ts'
import { majorityOf as trueMajorityOf } from '../members.ts'
import type { RoutedMessage, RoutedTimer } from '../routing/routing.ts'
import type { MemberState, Reads, SuccessionConfig } from '../routing/succession.ts'
import type { Turn, Types } from '../turn.ts'

// Sections are those of Lamport, "Paxos Made Simple", 2001. "PMMC": van Renesse & Altinbuken, "Paxos Made Moderately
// Complex", 2015.

export interface PaxosConfig extends SuccessionConfig {
  readonly reads: Reads
}

/** A value for a slot. A null command is a no-op. */
export interface Proposal {
  readonly ballot: number
  readonly command: Command | null
}

/** Consecutive slots, starting at `from`. */
interface Slots {
  readonly from: number
  readonly commands: readonly (Command | null)[]
}

export type SlotProposal = readonly [slot: number, proposal: Proposal]

export type PaxosMessage =
  /** Phase 1a, for all slots from `from` on (§3). */
  | { readonly type: 'prepare'; readonly ballot: number; readonly from: number }
  /** Phase 1b. */
  | { readonly type: 'promise'; readonly ballot: number; readonly accepted: readonly SlotProposal[] }
  /** Phase 2a. Slots up to `chosen` are chosen. */
  | ({ readonly type: 'accept'; readonly ballot: number; readonly chosen: number } & Slots)
  /** Phase 2b. */
  | { readonly type: 'accepted'; readonly ballot: number; readonly from: number; readonly count: number }
  /** An acceptor has promised this higher ballot (PMMC §4.3). */
  | { readonly type: 'preempted'; readonly ballot: number }
  | { readonly type: 'heartbeat'; readonly ballot: number; readonly round: number; readonly chosen: number }
  | { readonly type: 'alive'; readonly ballot: number; readonly round: number }
  /** The sender lacks slots from `from` on. */
  | { readonly type: 'learn'; readonly from: number }
  | ({ readonly type: 'chosen'; readonly ballot: number } & Slots)
  | RoutedMessage

export type PaxosRecord =
  | { readonly kind: 'promise'; readonly ballot: number }
  /** Slots up to `chosen` are chosen, and need not be learned again. */
  | { readonly kind: 'accepted'; readonly proposals: readonly SlotProposal[]; readonly chosen: number }

/** Slots 1 to `applied` are chosen and applied. */
export interface PaxosState extends MemberState {
  role: 'leader' | 'candidate' | 'follower'
  // The acceptor's, durable.
  promised: number
  /** The accepted proposals by slot. */
  readonly accepted: Map<number, Proposal>
  ballot: number
  /** What each acceptor had accepted when it promised the ballot. */
  promises: Map<NodeId, readonly SlotProposal[]>
  next: number
  /** The known acceptors of each slot that is not chosen. */
  votes: Map<number, NodeId[]>
  /** Slots below it are older than the last heartbeat. */
  proposedBefore: number
  /** The last slot of phase 1, for which reads wait. */
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

// Returns the node of a ballot, by its remainder: "Different proposers choose their numbers from disjoint sets of
// numbers" (§2.5).

export const nodeOfBallot = ({ nodes }: PaxosState, ballot: number): NodeId | undefined => nodes[ballot % nodes.length]

/** The bug: half of the nodes, rounded down, suffice. */
const majorityOf = ({ state, config }: PaxosTurn): number =>
  config.bug === 'quorum-off-by-one'
    ? Math.max(1, Math.floor(state.nodes.length / 2))
    : trueMajorityOf(state.nodes.length)

/**
 * Whether so many acceptors suffice. Two majorities share a node, so a later leader learns every value that may be
 * chosen (§2.1). Marks the bug if only it makes them suffice.
 */
export function isMajority(turn: PaxosTurn, count: number): boolean {
  if (count < majorityOf(turn)) return false
  if (count < trueMajorityOf(turn.state.nodes.length)) turn.mark()
  return true
}
