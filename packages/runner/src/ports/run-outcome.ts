import type { NodeId } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'
import type { Heard, Recollection, RunSummary } from '../result/run-summary.ts'
import type { LiveViolation } from './live-judge.ts'
import type { NodeCommand } from './target.ts'

export interface RunOutcome extends Pick<RunSummary, 'faults' | 'trouble' | 'notes' | 'heard' | 'interrupted'> {
  /** The nodes of the cluster that ran. */
  readonly nodes: readonly NodeId[]
  /** Time at which the last fault was healed and the last client had stopped. */
  readonly healedAt: Nanos
  readonly endedAt: Nanos
  /** The commands that started the nodes, if the nodes are processes. */
  readonly commands?: { readonly [node: NodeId]: NodeCommand } | undefined
  /** The reasons why the record proves less than its operations suggest. */
  readonly doubts?: readonly string[] | undefined
  /** Returns the recorded messages between nodes that the argument selects. Absent if no messages were recorded. */
  readonly recall?: ((recollection: Pick<Recollection, 'listening' | 'known' | 'keys'>) => Heard) | undefined
  /** The violation of the strongest level that was noticed while the history was recorded. */
  readonly violation?: LiveViolation | undefined
  /** Nodes on which the protocol's deliberate bug took effect. */
  readonly marked: readonly NodeId[]
  /** What the proxy knows about outcomes that are unknown to the clients; absent if it kept no record. */
  readonly settled: Settled | undefined
  /** Time from healing until all nodes gave equal answers; undefined if they never did while the run waited. */
  readonly convergedAfter: Nanos | undefined
  /** Whether the cluster answered after healing; absent if the final operations do not show this. */
  readonly recovery?: Recovery | undefined
}

/** What the proxy knows about operations of unknown outcome. */
export interface Settled {
  /** Operations whose requests were never sent to a node, so they had no effect. */
  readonly neverLeft: number
  /** Number of operations that a node answered although the client got no answer. */
  readonly untold: number
}

export type Recovery =
  | { readonly type: 'answered' }
  /**
   * No operation was answered within `waited`. `misread`: some answers arrived, but the clients did not understand
   * them.
   */
  | { readonly type: 'unanswered'; readonly waited: Nanos; readonly misread: boolean }

export type RunStage = 'working' | 'healing' | 'final reads' | 'ended'
