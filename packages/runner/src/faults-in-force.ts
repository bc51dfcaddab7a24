import type { Fault } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'
import type { FaultRecords } from './fault-records.ts'
import type { Cluster, Heal, Healed, Injected } from './ports.ts'

export interface ActiveFault {
  readonly id: string
  readonly fault: Fault
  readonly from: Nanos
  readonly to: Nanos
  heal: Heal | undefined
  healing: boolean
  /** Once it is healed. */
  outcome: Healed | undefined
  /** Called back then. */
  readonly waiting: ((outcome: Healed) => void)[]
}

/** The faults that a nemesis has injected and not yet healed. */
export interface FaultsInForce {
  /** By id. */
  readonly active: ReadonlyMap<string, ActiveFault>
  /** All that were injected, healed or not. */
  readonly injected: readonly ActiveFault[]
  /** Injects a fault that is meant to last until `to`, and calls back once it is in force or has failed. */
  enter(
    fault: Pick<ActiveFault, 'id' | 'fault' | 'to'>,
    entered: (outcome: Injected, current: ActiveFault) => void,
  ): void
  /** Heals a fault, once; has no effect on one that is not in force yet. */
  end(current: ActiveFault, healed?: (outcome: Healed) => void): void
}

/** `settled` is called back whenever a fault is over. */
export function createFaultsInForce(
  cluster: Pick<Cluster, 'inject'>,
  records: FaultRecords,
  since: () => Nanos,
  settled: () => void,
): FaultsInForce {
  const active = new Map<string, ActiveFault>()
  const injected: ActiveFault[] = []
  return {
    active,
    injected,
    enter({ id, fault, to }, entered) {
      const from = since()
      const current: ActiveFault = {
        id,
        fault,
        from,
        to,
        heal: undefined,
        healing: false,
        outcome: undefined,
        waiting: [],
      }
      injected.push(current)
      active.set(current.id, current)
      cluster.inject(current.fault, (outcome) => {
        if (outcome.type === 'failed') {
          records.failed(current, outcome.error)
          active.delete(current.id)
          injected.splice(injected.indexOf(current), 1)
          settled()
        } else {
          current.heal = outcome.heal
          records.began(current)
        }
        entered(outcome, current)
      })
    },
    end(current, healed) {
      if (current.heal === undefined) return
      if (current.outcome !== undefined) {
        healed?.(current.outcome)
        return
      }
      if (healed !== undefined) current.waiting.push(healed)
      if (current.healing) return
      current.healing = true
      current.heal((outcome) => {
        current.outcome = outcome
        records.ended(current, outcome)
        active.delete(current.id)
        for (const told of current.waiting) told(outcome)
        settled()
      })
    },
  }
}
