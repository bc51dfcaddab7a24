import type { Input, Millis, Nanos } from '@chaosproxy/history'
import type { Workload } from '@chaosproxy/workloads'
import { readFinally } from './final-reads.ts'
import type { Cluster } from './ports.ts'
import type { Recorder } from './recorder.ts'
import type { FaultRecord } from './result/run-summary.ts'
import type { RunOutcome, RunStage } from './run-outcome.ts'
import type { Settled } from './settlement.ts'

/** A run whose faults are healed. */
interface HealedRun {
  readonly cluster: Cluster
  readonly recorder: Recorder
  readonly workload: Workload
  readonly timeoutMs: Millis
  readonly quietMs: Millis
  readonly faults: readonly FaultRecord[]
  readonly trouble: readonly string[]
  isInterrupted(): boolean
  since(): Nanos
  enter(stage: RunStage): void
  /** Lets each client finish what it started, such as reading the rest of a stream, and calls back. */
  follow(followed: () => void): void
  /** What to read of each node; called once clients use no more keys. */
  inputs(): readonly Input[]
  /** What to ask for if nothing is to be read; absent: nothing, and it does not show whether the system recovered. */
  readonly otherwise?: (() => Input) | undefined
  /** Ends the proxy's record, if there is one. */
  settle(): Settled | undefined
}

/** The end of every run: every node is read a last time, and the outcome is told. */
export function finishRun(run: HealedRun, ended: (outcome: RunOutcome) => void): void {
  const { cluster, recorder, workload, timeoutMs, quietMs, faults, trouble, since } = run
  run.enter('final reads')
  const healedAt = since()
  recorder.nemesis('healed', null)
  run.follow(() => {
    const inputs = run.inputs()
    const { otherwise } = run
    const isAsked = inputs.length > 0 || otherwise !== undefined
    readFinally({ cluster, recorder, workload, inputs, otherwise, timeoutMs, quietMs }, (read) => {
      run.enter('ended')
      const settled = run.settle()
      const endedAt = since()
      const marked = cluster.marked()
      const interrupted = run.isInterrupted()
      const { convergedAfter } = read
      const recovery = isAsked ? read.recovery : undefined
      ended({ healedAt, endedAt, faults, trouble, interrupted, marked, settled, convergedAfter, recovery })
    })
  })
}
