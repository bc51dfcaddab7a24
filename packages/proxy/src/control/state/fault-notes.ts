import type { TrafficFault } from '@chaosproxy/faults'

interface NotedFault {
  readonly name: string
  readonly fault: TrafficFault
}

/** Gets every fault that begins or heals. A changed fault heals and begins again. */
export interface FaultNotes {
  began(fault: NotedFault): void
  /** With how often it hit since it began. */
  ended(fault: NotedFault & { readonly hits: number }): void
}

/** Also gets the epoch, so that histories show when each was in force. */
export interface FaultJournal extends FaultNotes {
  epoch: number
}
