import type { TrafficFault } from '@chaosproxy/faults'

interface NotedFault {
  readonly name: string
  readonly fault: TrafficFault
}

/** Receives faults that begin and heal. A change is both. */
export interface FaultNotes {
  began(fault: NotedFault): void
  /** `hits` counts since the fault began. */
  ended(fault: NotedFault & { readonly hits: number }): void
}

export interface FaultJournal extends FaultNotes {
  epoch: number
}
