import { type Event, printJsonLine } from '@chaosproxy/history'

/**
 * Describes the first difference between what clients saw in two runs. Ignores fault events, because a replay gives
 * faults other names.
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
