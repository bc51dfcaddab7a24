import { duration, plural } from '@chaosproxy/history'
import type { Scenario } from '@chaosproxy/runner'
import { type PlannedDelay, type PlannedHold, USUAL_DELAY } from '@chaosproxy/simulator'

/** The maximum number of delays to list. A longer list would explain nothing. */
const MOST_TOLD = 3

/** Describes the unusual delays that the failure needs; undefined if the scenario lists none. */
export function unusualText({ delays, holds = [] }: Scenario): string | undefined {
  const texts = [...holds.map(heldText), ...(delays === undefined ? [] : [delaysText(delays)])]
  return texts.length === 0 ? undefined : texts.join('. ')
}

/**
 * Describes the hold of a request. A held request waits until other requests have passed a place, but only for a
 * limited time: `One request was held at server.ts:31 for 40.0 ms, or until another request had passed this place`.
 */
function heldText({ at, until, times, most }: PlannedHold): string {
  const others = times === 1 ? 'another request' : `${times} other requests`
  return `One request was held at ${at} for ${duration(most)}, or until ${others} had passed ${until === at ? 'this place' : until}`
}

/**
 * Describes the delays that a failure needs, such as `1 unusual delay is left: packet 4 from redis (n1>redis 1) takes
 * 9.0 ms; …`.
 */
function delaysText(delays: readonly PlannedDelay[]): string {
  const usual = `packet takes the usual ${duration(USUAL_DELAY)}`
  if (delays.length === 0) return `No unusual delay is needed: every ${usual}`
  const listed = delays.length > MOST_TOLD ? [] : delays.map(oneText)
  const left = `${plural(delays.length, 'unusual delay is', 'unusual delays are')} left`
  return `${left}${listed.length === 0 ? '' : `: ${listed.join(', ')}`}; every other ${usual}`
}

function oneText({ connection, from, packet, takes, least }: PlannedDelay): string {
  const matters = least === undefined ? '' : `, and anything longer than ${duration(least)} does it`
  return `packet ${packet + 1} from ${from} (${connection}) takes ${duration(takes)}${matters}`
}
