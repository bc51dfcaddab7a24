import { type ProtocolDefinition, watchState } from '../definition.ts'
import { defineProtocol } from '../options.ts'
import { createBalancer } from './machine.ts'
import type { BalancerConfig, BalancerState } from './state.ts'

export const balancer: ProtocolDefinition = defineProtocol({
  name: 'balancer',
  summary: 'servers behind a load balancer with health checks, which have static files or share a store',
  defaultNodes: 4,
  knobs: {
    backend: {
      summary: 'what servers have: static files that never change, or a store that they share',
      default: 'store',
      values: ['files', 'store'],
    },
    choice: {
      summary: 'which server gets a request',
      default: 'round-robin',
      values: ['round-robin', 'least-connections', 'consistent-hashing'],
    },
    attempts: { summary: 'servers that get a request, one after the other, until one answers', default: 2 },
    'check-ms': { summary: 'how often servers are checked', default: 100 },
    'missed-checks': { summary: 'checks without an answer after which a server is out', default: 2 },
    'deep-checks': { summary: 'whether a check waits its turn at the server, like a request', default: false },
    'panic-share': { summary: 'with a smaller share of servers up, all get requests; 0: never', default: 0 },
    'requester-timeout-ms': { summary: 'how long a requester waits for the balancer', default: 500 },
    'balancer-timeout-ms': { summary: 'how long the balancer waits for a server', default: 150 },
    'server-timeout-ms': { summary: 'how long a request may wait for its turn at a server', default: 100 },
    'service-ms': { summary: 'how long a server works on one request; 0: no time', default: 0 },
    'queue-limit': { summary: 'requests that a server lets wait, if it takes time', default: 100_000 },
  },
  bugs: {
    'retry-writes': {
      summary: 'the balancer sends what was not answered to another server, also if it is not idempotent',
      under: { faults: ['delay', 'pause'], workload: 'counter' },
    },
    'never-back': {
      summary: 'a server that is out is not checked any more, so that it stays out',
      under: { faults: ['pause', 'kill', 'partition'], workload: 'counter' },
    },
  },
  invariants: [
    {
      name: 'every server is checked',
      summary: 'also a server that is out is checked in each round, or it would never be taken back',
      watch: watchState(unchecked),
    },
  ],
  // Files never change: they can only be read.
  functions: ({ backend }) => (backend === 'files' ? ['read'] : undefined),
  promises: () => 'linearizable',
  create(chosen) {
    return createBalancer({
      object: chosen.object,
      bug: chosen.bug,
      backend: chosen.value('backend') === 'files' ? 'files' : 'store',
      choice: chosen.value('choice') as BalancerConfig['choice'],
      attempts: chosen.number('attempts'),
      checkMs: chosen.ms('check-ms'),
      missedChecks: chosen.number('missed-checks'),
      deepChecks: chosen.boolean('deep-checks'),
      panicShare: chosen.number('panic-share'),
      requesterTimeoutMs: chosen.ms('requester-timeout-ms'),
      balancerTimeoutMs: chosen.ms('balancer-timeout-ms'),
      serverTimeoutMs: chosen.ms('server-timeout-ms'),
      serviceMs: chosen.ms('service-ms'),
      queueLimit: chosen.number('queue-limit'),
    })
  },
})

/** A round may pass without one. */
const MOST_ROUNDS = 2

function unchecked({ health }: BalancerState): string | undefined {
  for (const [server, { unchecked: rounds }] of health)
    if (rounds > MOST_ROUNDS) return `${server} has not been checked for ${rounds} rounds`
  return undefined
}
