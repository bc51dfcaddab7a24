import { type ProtocolDefinition, watchState } from '../definition.ts'
import { bug, defineProtocol } from '../options.ts'
import { createBalancer } from './machine.ts'
import { type BalancerState, settings } from './state.ts'

export const balancer: ProtocolDefinition = defineProtocol({
  name: 'balancer',
  summary: 'servers that serve static files or share a store, behind a load balancer with health checks',
  defaultNodes: 4,
  settings,
  bugs: {
    'retry-writes': bug(
      'the balancer sends a request without an answer to another server, even if it is not idempotent',
      ['delay', 'pause'],
      { workload: 'counter' },
    ),
    'never-back': bug(
      'a server that is down is no longer checked, so it never gets requests again',
      ['pause', 'kill', 'partition'],
      {
        workload: 'counter',
      },
    ),
  },
  invariants: [
    /** Servers that get no requests are checked in each round too, so that they can return. */
    { name: 'every server is checked', watch: watchState(unchecked) },
  ],
  // Files never change.
  functions: ({ backend }) => (backend === 'files' ? ['read'] : undefined),
  promises: () => 'linearizable',
  create: createBalancer,
})

/** The number of health-check rounds that may pass without a check of a server. */
const MOST_ROUNDS = 2

function unchecked({ health }: BalancerState): string | undefined {
  for (const [server, { unchecked: rounds }] of health)
    if (rounds > MOST_ROUNDS) return `${server} has not been checked for ${rounds} rounds`
  return undefined
}
