import type { NodeId } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'
import type { Heard, Recollection, RunSummary } from '../result/run-summary.ts'
import type { LiveViolation } from './live-judge.ts'
import type { NodeCommand } from './target.ts'

export interface RunOutcome extends Pick<RunSummary, 'faults' | 'trouble' | 'notes' | 'heard' | 'interrupted'> {
  /** Those of the cluster that ran. */
  readonly nodes: readonly NodeId[]
  /** When the last fault was healed and the last client had stopped. */
  readonly healedAt: Nanos
  readonly endedAt: Nanos
  /** How the nodes were started, if they are processes. */
  readonly commands?: { readonly [node: NodeId]: NodeCommand } | undefined
  /** Why the record says less than its operations seem to. */
  readonly doubts?: readonly string[] | undefined
  /** What nodes sent each other, as far as that was kept. Absent if it was not. */
  readonly recall?: ((asked: Pick<Recollection, 'listening' | 'known' | 'keys'>) => Heard) | undefined
  /** The violation of the strongest level that was noticed while the history was recorded. */
  readonly violation?: LiveViolation | undefined
  /** Nodes on which the protocol's deliberate bug made a difference. */
  readonly marked: readonly NodeId[]
  /** What the proxy knows about outcomes the clients could not tell; absent if it kept no record. */
  readonly settled: Settled | undefined
  /** From healing until all nodes gave the same answers; absent if they did not in time. */
  readonly convergedAfter: Nanos | undefined
  /** Absent if nothing was asked after healing. */
  readonly recovery?: Recovery | undefined
}

/** What the proxy knows about outcomes that the clients could not tell. */
export interface Settled {
  /** Operations indefinite to their clients whose requests never left for a node: certainly without effect. */
  readonly neverLeft: number
  /** Operations indefinite to their clients that a node did answer. */
  readonly untold: number
}

export type Recovery =
  | { readonly type: 'answered' }
  /** Nothing was, in this time. */
  | { readonly type: 'unanswered'; readonly waited: Nanos }

export type RunStage = 'working' | 'healing' | 'final reads' | 'ended'
