import type { Endpoint } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import { type PlannedDelay, USUAL_DELAY } from '@chaosproxy/simulator'

export interface Delays {
  /**
   * Returns a packet's delay in nanoseconds. `drawn` is the delay that the seed determines; a plan of delays overrides
   * it.
   */
  of(connection: string, from: Endpoint, packet: number, drawn: number): number
}

/**
 * Returns the planned delays. Packets outside the plan have the usual delay. Without a plan, the seed draws all delays.
 */
export function delaysOf(
  planned: readonly PlannedDelay[] | undefined,
  onPlanned?: ((delay: PlannedDelay) => void) | undefined,
): Delays {
  const nameOf = (connection: string, from: Endpoint, packet: number): string => `${connection} ${from} ${packet}`
  const unusual = new Map(planned?.map((delay) => [nameOf(delay.connection, delay.from, delay.packet), delay.takes]))
  return {
    of(connection, from, packet, drawn) {
      const takes = planned === undefined ? drawn : (unusual.get(nameOf(connection, from, packet)) ?? USUAL_DELAY)
      onPlanned?.({ connection, from, packet, takes: nanos(Math.round(takes)) })
      return takes
    },
  }
}
