import type { Millis, Nanos } from '@chaosproxy/history'
import type { Workload } from '@chaosproxy/workloads'
import { readFinally } from './final-reads.ts'
import type { Cluster } from './ports.ts'
import type { FaultRecord } from './result/run-summary.ts'
import type { RunClients } from './run-clients.ts'
import type { RunOutcome, RunStage } from './run-outcome.ts'

/** A run whose faults are healed. */
interface HealedRun {
  readonly cluster: Cluster
  readonly clients: RunClients
  readonly workload: Workload
  readonly timeoutMs: Millis
  readonly quietMs: Millis
  readonly faults: readonly FaultRecord[]
  readonly trouble: readonly string[]
  isInterrupted(): boolean
  since(): Nanos
  enter(stage: RunStage): void
}

/** The end of every run: every node is read a last time, and the outcome is told. */
export function finishRun(run: HealedRun, ended: (outcome: RunOutcome) => void): void {
  const { cluster, clients, workload, timeoutMs, quietMs, faults, trouble, since } = run
  const { recorder } = clients
  run.enter('final reads')
  const healedAt = since()
  const unhealed = faults.filter(({ inDoubt }) => inDoubt !== undefined && inDoubt.until === undefined)
  const isHealed = unhealed.length === 0
  if (isHealed) recorder.nemesis('healed', null)
  else recorder.nemesis('unhealed', { ids: unhealed.map(({ id }) => id) })
  clients.follow(() => {
    const inputs = clients.inputs()
    const { otherwise } = clients
    const showsRecovery = clients.areLikeFinalReads && (inputs.length > 0 || otherwise !== undefined)
    const asked = { inputs, otherwise, timeoutMs, quietMs, isHealed }
    readFinally({ cluster, recorder, workload, ...asked }, (read) => {
      run.enter('ended')
      const settled = clients.settle()
      const endedAt = since()
      const marked = cluster.marked()
      const interrupted = run.isInterrupted()
      // What is not known to be healed need not agree, nor answer.
      const convergedAfter = isHealed ? read.convergedAfter : undefined
      const recovery = showsRecovery && isHealed ? read.recovery : undefined
      const doubts = [...clients.doubts(), ...unhealed.map(neverHealed)]
      ended({
        ...{
          nodes: cluster.nodes,
          healedAt,
          endedAt,
          faults,
          trouble,
          interrupted,
          marked,
          settled,
          convergedAfter,
          recovery,
        },
        ...(doubts.length === 0 ? {} : { doubts }),
      })
    })
  })
}

const neverHealed = ({ id, fault: { kind }, inDoubt }: FaultRecord): string =>
  `${id} (${kind}) is not known to have been healed before the last reads (${inDoubt?.why}): they show nothing final, so that what must hold once all is healed is unknown. Heal it before the end, and run it where nothing cuts off the control of its proxy`
