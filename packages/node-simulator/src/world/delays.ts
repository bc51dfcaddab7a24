import type { Endpoint } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import { type PlannedDelay, USUAL_DELAY } from '@chaosproxy/simulator'

/** Determines how long each packet takes before faults are applied. */
export interface Delays {
  /** `drawn` is the seed's choice, in nanoseconds. */
  of(connection: string, from: Endpoint, packet: number, drawn: number): number
}

/** Returns delays as drawn by the seed, unless unusual delays are planned. `told` is called with every delay. */
export function delaysOf(
  planned: readonly PlannedDelay[] | undefined,
  told?: ((delay: PlannedDelay) => void) | undefined,
): Delays {
  const nameOf = (connection: string, from: Endpoint, packet: number): string => `${connection} ${from} ${packet}`
  const unusual = new Map(planned?.map((delay) => [nameOf(delay.connection, delay.from, delay.packet), delay.takes]))
  return {
    of(connection, from, packet, drawn) {
      const takes = planned === undefined ? drawn : (unusual.get(nameOf(connection, from, packet)) ?? USUAL_DELAY)
      told?.({ connection, from, packet, takes: nanos(Math.round(takes)) })
      return takes
    },
  }
}
