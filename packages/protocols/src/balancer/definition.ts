import { type ProtocolDefinition, watchState } from '../definition.ts'
import { bug, defineProtocol } from '../options.ts'
import { createBalancer } from './machine.ts'
import type { BalancerState } from './state.ts'

export const balancer: ProtocolDefinition = defineProtocol({
  name: 'balancer',
  summary: 'servers that serve static files or share a store, behind a load balancer with health checks',
  defaultNodes: 4,
  settings: {
    backend: {
      summary: 'what servers serve: static files that never change, or a shared store',
      default: 'store',
      values: ['files', 'store'],
    },
    choice: {
      summary: 'how the server for a request is chosen',
      default: 'round-robin',
      values: ['round-robin', 'least-connections', 'consistent-hashing'],
    },
    attempts: {
      summary: 'the largest number of servers that a request is sent to, one after the other, until one answers',
      default: 2,
    },
    'check-ms': { summary: 'how often servers are checked', default: 100 },
    'missed-checks': {
      summary: 'the number of unanswered checks after which a server gets no more requests',
      default: 2,
    },
    'deep-checks': { summary: "whether a health check waits in the server's queue, like a request", default: false },
    'panic-share': {
      summary: 'if fewer servers than this share are up, send requests to all of them; 0: never',
      default: 0,
    },
    'requester-timeout-ms': { summary: 'how long a requester waits for the balancer', default: 500 },
    'balancer-timeout-ms': { summary: 'how long the balancer waits for a server', default: 150 },
    'server-timeout-ms': { summary: "how long a request may wait in a server's queue", default: 100 },
    'service-ms': { summary: 'how long a server works on one request; 0: no time', default: 0 },
    'queue-limit': {
      summary: "how many requests a server's queue holds, if service-ms is above 0",
      default: 100_000,
    },
  },
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

/** The number of consecutive rounds of health checks in which a server may go unchecked. */
const MOST_ROUNDS = 2

function unchecked({ health }: BalancerState): string | undefined {
  for (const [server, { unchecked: rounds }] of health)
    if (rounds > MOST_ROUNDS) return `${server} has not been checked for ${rounds} rounds`
  return undefined
}
