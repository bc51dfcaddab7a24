import { type Event, printJsonLine } from '@chaos/history'

/**
 * Where what clients saw parts, of two runs that should be the same, in words; undefined where it does not. Faults are
 * named anew whenever they are played, and shift the numbers of the events after them: they are left out.
 */
export function firstDifference(one: readonly Event[], other: readonly Event[]): string | undefined {
  const [ones, others] = [ofClients(one), ofClients(other)]
  for (let i = 0; i < Math.max(ones.length, others.length); i++) {
    const [first, second] = [printed(ones[i]), printed(others[i])]
    if (first !== second) return `event ${i} of the clients was ${first}, and then ${second}`
  }
  return undefined
}

const ofClients = (events: readonly Event[]) => events.filter(({ process }) => process !== 'nemesis')

const printed = (event: Event | undefined): string =>
  event === undefined ? 'nothing more' : printJsonLine({ ...event, index: 0 })
