import type { TrafficFault } from '@chaosproxy/faults'

interface NotedFault {
  readonly name: string
  readonly fault: TrafficFault
}

/** Receives every fault that begins or heals. A changed fault heals and begins again. */
export interface FaultNotes {
  began(fault: NotedFault): void
  /** `hits` counts the hits since the fault began. */
  ended(fault: NotedFault & { readonly hits: number }): void
}

export interface FaultJournal extends FaultNotes {
  epoch: number
}
