import { type Nanos, nanos } from '@chaosproxy/history'
import type { Cluster, FaultNoticed, Heal, Healed, Injected } from '../ports/cluster.ts'
import type { FaultRecord } from '../result/run-summary.ts'
import type { FaultRecords } from './fault-records.ts'

export interface ActiveFault extends Pick<FaultRecord, 'id' | 'fault' | 'from' | 'to'> {
  heal: Heal | undefined
  healingFrom: Nanos | undefined
  outcome: Healed | undefined
  /** Called back then. */
  readonly waiting: ((outcome: Healed) => void)[]
}

interface FaultsInForce {
  /** By id. */
  readonly active: ReadonlyMap<string, ActiveFault>
  /** Faults that were injected outside this run and are not yet healed. */
  readonly strangers: ReadonlyMap<string, Pick<ActiveFault, 'fault'>>
  readonly injected: readonly ActiveFault[]
  /** Injects a fault planned to last until `to`. Calls back once it is in force or has failed. */
  enter(
    fault: Pick<ActiveFault, 'id' | 'fault' | 'to'>,
    entered: (outcome: Injected, current: ActiveFault) => void,
  ): void
  /** Notes a fault that was injected outside this run. */
  noticed: FaultNoticed
  /** Returns the records of all faults, once this run's faults are healed. An external fault may still be in force. */
  concluded(): readonly FaultRecord[]
  end(current: ActiveFault, healed?: (outcome: Healed) => void): void
}

const NOT_ENDED = 'whoever injected it has not said that it is over'

/** Calls `settled` whenever a fault has ended. */
export function createFaultsInForce(
  cluster: Pick<Cluster, 'inject'>,
  records: FaultRecords,
  since: () => Nanos,
  settled: () => void,
): FaultsInForce {
  const active = new Map<string, ActiveFault>()
  const injected: ActiveFault[] = []
  const strangers = new Map<string, Pick<ActiveFault, 'id' | 'fault' | 'from'>>()
  /** How often an external fault of this name was injected. */
  const named = new Map<string, number>()
  return {
    active,
    strangers,
    injected,
    noticed(name, fault) {
      const count = (named.get(name) ?? 0) + 1
      named.set(name, count)
      const id = count === 1 ? name : `${name} (${count})`
      const current = { id, fault, from: since() }
      strangers.set(id, current)
      records.began(current)
      return (hits) => {
        if (strangers.delete(id)) records.ended(current, { type: 'healed', hits })
      }
    },
    concluded() {
      for (const current of strangers.values())
        records.ended(current, { type: 'healed', hits: 0, lost: { why: NOT_ENDED, knownAgo: nanos(0) } })
      strangers.clear()
      return records.inOrder()
    },
    enter({ id, fault, to }, entered) {
      const from = since()
      const current: ActiveFault = {
        id,
        fault,
        from,
        to,
        heal: undefined,
        healingFrom: undefined,
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
      if (current.healingFrom !== undefined) return
      current.healingFrom = since()
      current.heal((outcome) => {
        current.outcome = outcome
        records.ended(current, outcome)
        active.delete(current.id)
        for (const callback of current.waiting) callback(outcome)
        settled()
      })
    },
  }
}
