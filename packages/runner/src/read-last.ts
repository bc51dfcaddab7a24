import type { HealedRun } from './drive.ts'
import { readFinally } from './final-reads.ts'
import type { RunOutcome } from './ports/run-outcome.ts'
import type { FaultRecord } from './result/run-summary.ts'

/** Lets clients complete their outstanding work, reads every node a last time, and calls back with the outcome. */
export function readLast(run: HealedRun, ended: (outcome: RunOutcome) => void): void {
  const { clients, faults, trouble, since } = run
  const { cluster, workload, timeoutMs, quietMs } = run.options
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
    const request = { inputs, otherwise, timeoutMs, quietMs, isHealed }
    readFinally({ cluster, recorder, workload, ...request }, (read) => {
      run.enter('ended')
      const settled = clients.settle()
      const endedAt = since()
      const doubts = [...clients.doubts(), ...unhealed.map(neverHealed)]
      const { violation } = run.online.judged()
      ended({
        ...{ nodes: cluster.nodes, healedAt, endedAt, faults, trouble },
        // With `untilGone`, the run observes clients and has no time limit. An interruption is then its normal end.
        ...{
          interrupted: run.isInterrupted() && cluster.observed?.untilGone !== true,
          marked: cluster.marked(),
          settled,
        },
        // If a fault may still be in force, nodes may disagree or give no answers.
        convergedAfter: isHealed ? read.convergedAfter : undefined,
        recovery: showsRecovery && isHealed ? read.recovery : undefined,
        ...(doubts.length === 0 ? {} : { doubts }),
        ...(violation === undefined ? {} : { violation }),
      })
    })
  })
}

const neverHealed = ({ id, fault: { kind }, inDoubt }: FaultRecord): string =>
  `${id} (${kind}) is not known to have been healed before the last reads (${inDoubt?.why}). The last reads therefore cannot prove or refute what must hold after all faults are healed. Heal this fault before the end, and run its proxy where no fault cuts off the control address`
