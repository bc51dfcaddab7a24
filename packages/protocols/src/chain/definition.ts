import { millis } from '@chaosproxy/history'
import type { ProtocolDefinition } from '../definition.ts'
import { defineProtocol } from '../options.ts'
import { chainInvariants } from './invariants.ts'
import { createChain } from './machine.ts'
import { serve } from './updates.ts'

export const chain: ProtocolDefinition = defineProtocol({
  name: 'chain',
  summary: 'chain replication: updates go from head to tail, which answers; a majority reconfigures the chain',
  defaultNodes: 5,
  knobs: [
    {
      name: 'heartbeat-ms',
      summary: 'milliseconds between heartbeats of the head, and until something is sent along the chain again',
      default: 50,
    },
    { name: 'silence-min-ms', summary: 'shortest silence after which a node reconfigures the chain', default: 250 },
    { name: 'silence-max-ms', summary: 'longest silence after which a node reconfigures the chain', default: 500 },
    { name: 'leader-wait-ms', summary: 'how long a request waits for a head before it is refused', default: 300 },
    {
      name: 'retry-ms',
      summary: 'how long a request waits for its answer before it is sent to the same head again; 0: never again',
      default: 250,
    },
    { name: 'request-timeout-ms', summary: 'how long a request that a head has waits for its answer', default: 1000 },
  ],
  bugs: [
    {
      name: 'head-answers',
      summary: 'the head answers an update before it has gone along the chain',
      under: { faults: ['isolate-leader'] },
    },
    {
      name: 'no-inprocess-resend',
      summary: 'updates in process are not sent to the new successor when the chain changes',
      under: { faults: ['isolate-leader', 'pause', 'kill'] },
    },
    {
      name: 'read-from-anywhere',
      summary: 'every node answers queries from its own copy',
      under: { faults: ['delay', 'partition'] },
    },
  ],
  invariants: chainInvariants,
  promises: () => 'linearizable',
  create(chosen) {
    const silenceMinMs = chosen.number('silence-min-ms')
    return createChain({
      serve,
      heartbeatMs: chosen.ms('heartbeat-ms'),
      silenceMinMs: millis(silenceMinMs),
      silenceMaxMs: millis(Math.max(silenceMinMs, chosen.number('silence-max-ms'))),
      leaderWaitMs: chosen.ms('leader-wait-ms'),
      retryMs: chosen.ms('retry-ms'),
      requestTimeoutMs: chosen.ms('request-timeout-ms'),
      object: chosen.object,
      bug: chosen.bug,
    })
  },
})
