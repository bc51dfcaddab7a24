import { type ProtocolDefinition, watchState } from '../definition.ts'
import { isEverRead } from '../objects/registry.ts'
import { bug, defineProtocol } from '../options.ts'
import { createSingle } from './machine.ts'
import type { SingleState } from './state.ts'

const RETRIES = ['none', 'blind', 'key'] as const
const BACKOFFS = ['none', 'fixed', 'exponential', 'jitter'] as const

export const single: ProtocolDefinition = defineProtocol({
  name: 'single',
  weakness: ({ retry = 'key', degrade }, _nodes, object) =>
    retry === 'blind'
      ? 'a request without an answer is sent again without a key, and may take effect twice'
      : degrade === true && isEverRead(object)
        ? 'an app server that cannot read from the database answers with an older value'
        : undefined,
  summary:
    'app servers with one database; without an answer they do not retry, retry blindly, or retry with an idempotency key',
  defaultNodes: 3,
  settings: {
    retry: {
      summary:
        'what an app server does when no answer arrives: nothing, retry, or retry with the idempotency key of the first attempt',
      default: 'key',
      values: RETRIES,
    },
    'timeout-ms': { summary: 'how long an app server waits for an answer to one attempt', default: 100 },
    attempts: { summary: 'number of attempts per request, including the first', default: 4 },
    backoff: {
      summary:
        'the pause before each retry: none, fixed, doubled each time, or random up to the doubled one (full jitter)',
      default: 'jitter',
      values: BACKOFFS,
    },
    'backoff-ms': { summary: 'length of the first pause', default: 25 },
    'longest-backoff-ms': { summary: 'limit on the length of a pause', default: 1_000 },
    'retry-budget': { summary: 'retries allowed per first attempt, on average; 0: no limit', default: 0 },
    'breaker-failures': {
      summary: 'failures in a row that open the circuit, so that nothing is sent for a while; 0: it stays closed',
      default: 0,
      worthTrying: [2],
    },
    'cool-down-ms': { summary: 'how long nothing is sent once the circuit is open', default: 200 },
    degrade: {
      summary: 'whether a read that fails is answered with the last value this app server read',
      default: false,
    },
    'service-ms': { summary: 'how long the database works on one request; 0: no time', default: 0 },
    'queue-limit': {
      summary: "how many requests the database's queue holds, if service-ms is above 0",
      default: 100_000,
    },
  },
  bugs: {
    'key-in-memory': bug('the database remembers keys in memory only, so a restart forgets them', ['kill', 'delay'], {
      workload: 'counter',
    }),
    'key-after-effect': bug("the key is stored in its own transaction, after the effect's", ['kill'], {
      workload: 'counter',
    }),
    'key-before-effect': bug("the key is stored in its own transaction, before the effect's", ['kill'], {
      workload: 'counter',
    }),
    'key-per-attempt': bug('each attempt has its own key, so no retry is recognised', ['delay', 'pause'], {
      workload: 'counter',
    }),
    'refuse-after-sent': bug(
      'once the circuit is open, a request is reported as never sent, although an earlier attempt was sent',
      ['delay', 'pause'],
      { settings: { 'breaker-failures': 2 }, workload: 'counter' },
    ),
  },
  invariants: [
    /** A request with a key takes effect once, and is answered ok only if its effect is there (Helland 2012). */
    { name: 'once for each key', watch: watchState(({ wrong }: SingleState) => wrong) },
  ],
  // With blind retries, any request may take effect twice, and an old write may take effect after a later one.
  promises: (_, { retry, degrade }) => (retry === 'blind' ? 'none' : degrade === true ? 'eventual' : 'linearizable'),
  create: createSingle,
})
