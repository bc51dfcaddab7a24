import type { Millis, Nanos } from '@chaos/history'
import type { CutMode, Fault, NodeEffect } from '../fault.ts'

/** Which nodes, as data; resolved when the fault is injected, because who leads is known only then. */
export type NodeSelector = 'one' | 'minority' | 'leader' | 'all' | { readonly nodes: readonly string[] }

/** How a partition cuts the cluster; resolved to links when injected. */
export type PartitionShape = 'halves' | 'majority-ring' | 'isolate-leader' | 'isolate-one' | 'one-way' | 'bridge'

/** A fault as planned, before its selectors are resolved. */
export type FaultPlan =
  | { readonly kind: 'partition'; readonly shape: PartitionShape; readonly mode: CutMode }
  | { readonly kind: 'kill'; readonly nodes: NodeSelector }
  | { readonly kind: 'crash'; readonly nodes: NodeSelector; readonly before: NodeEffect; readonly nth: number }
  | { readonly kind: 'pause'; readonly nodes: NodeSelector }
  | { readonly kind: 'clock'; readonly nodes: NodeSelector; readonly offsetMs: Millis; readonly driftPpm: number }
  | { readonly kind: 'latency'; readonly latencyMs: Millis; readonly jitterMs: Millis }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  | { readonly kind: 'loss'; readonly probability: number }
  | { readonly kind: 'duplicate'; readonly probability: number }
  | { readonly kind: 'reorder'; readonly probability: number; readonly withinMs: Millis }
  | { readonly kind: 'corrupt'; readonly probability: number }
  | { readonly kind: 'reset' }
  /** Already concrete: what a replay injects. */
  | { readonly kind: 'concrete'; readonly fault: Fault }

/** What breaks and when, as data: printable, replayable, shrinkable. In order of `from`. */
export type Schedule = readonly ScheduledFault[]

export interface ScheduledFault {
  /** `fault-1`, `fault-2`, …: names it in the history, the report, and the stream of randomness that resolves it. */
  readonly id: string
  readonly from: Nanos
  readonly to: Nanos
  readonly plan: FaultPlan
}
