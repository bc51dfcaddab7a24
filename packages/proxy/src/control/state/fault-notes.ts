import type { TrafficFault } from '@chaosproxy/faults'

interface NotedFault {
  readonly name: string
  readonly fault: TrafficFault
}

/** Receives every fault that begins or heals. A changed fault is reported as healed, and as begun again. */
export interface FaultNotes {
  began(fault: NotedFault): void
  /** `hits` counts the hits since the fault began. */
  ended(fault: NotedFault & { readonly hits: number }): void
}

/** Receives the epoch too, so that histories show when each fault was in force. */
export interface FaultJournal extends FaultNotes {
  epoch: number
}
