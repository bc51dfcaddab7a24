import { millis } from '@chaosproxy/history'
import type { ProtocolDefinition } from '../definition.ts'
import { defineProtocol } from '../options.ts'
import { viewstampedInvariants } from './invariants.ts'
import { createViewstamped, serve } from './machine.ts'

export const viewstamped: ProtocolDefinition = defineProtocol({
  name: 'viewstamped',
  summary: 'Viewstamped Replication: a primary by turns, view changes, and recovery from the others or from disk',
  defaultNodes: 5,
  knobs: [
    { name: 'heartbeat-ms', summary: 'milliseconds between heartbeats of a primary', default: 50 },
    { name: 'silence-min-ms', summary: 'shortest silence after which a node starts a view change', default: 250 },
    { name: 'silence-max-ms', summary: 'longest silence after which a node starts a view change', default: 500 },
    {
      name: 'recovery',
      summary: 'whether a node that restarts has its log on disk, or asks the others for it, as in the paper',
      default: 'disk',
      values: ['disk', 'nonce'],
      worthTrying: ['nonce'],
    },
    {
      name: 'reads',
      summary: 'reads wait for a round that confirms the primary, or take a place in the log like anything else',
      default: 'round',
      values: ['round', 'log'],
      worthTrying: ['log'],
    },
    { name: 'leader-wait-ms', summary: 'how long a request waits for a primary before it is refused', default: 300 },
    {
      name: 'retry-ms',
      summary: 'how long a request waits for the answer of its primary before it is sent there again; 0: never again',
      default: 250,
    },
    {
      name: 'request-timeout-ms',
      summary: 'how long a request that a primary has waits for its answer',
      default: 1000,
    },
  ],
  bugs: [
    {
      name: 'stale-view-change',
      summary: 'a new primary takes the longest log, whatever the last view in which its sender was normal',
      under: { faults: ['isolate-leader', 'partition'] },
    },
    {
      name: 'answer-before-prepare-ok',
      summary: 'the primary answers before f backups have the request',
      under: { faults: ['isolate-leader'] },
    },
    {
      name: 'skip-recovery',
      summary: 'a node that has lost its log takes part again at once',
      under: { faults: ['kill'], knobs: { recovery: 'nonce' } },
    },
    {
      name: 'forget-view',
      summary: 'view numbers are kept in memory only, so a restart brings back a view that was left',
      under: { faults: ['kill', 'isolate-leader'], knobs: { recovery: 'disk' } },
    },
  ],
  invariants: viewstampedInvariants,
  promises: () => 'linearizable',
  // A majority that restarts without its log has nobody left to ask: §4.3 assumes that f nodes are recovering at most.
  mayStopUnder: ({ recovery }) => (recovery === 'nonce' ? ['kill', 'crash'] : []),
  impossible: ({ recovery }, nodes) =>
    recovery === 'nonce' && nodes < 3
      ? `recovery=nonce needs 3 nodes, because a node that restarts asks a majority of all; there are ${nodes}`
      : undefined,
  create(chosen) {
    const silenceMinMs = chosen.number('silence-min-ms')
    return createViewstamped({
      serve,
      heartbeatMs: chosen.ms('heartbeat-ms'),
      silenceMinMs: millis(silenceMinMs),
      silenceMaxMs: millis(Math.max(silenceMinMs, chosen.number('silence-max-ms'))),
      recovery: chosen.value('recovery') === 'nonce' ? 'nonce' : 'disk',
      reads: chosen.value('reads') === 'log' ? 'log' : 'round',
      leaderWaitMs: chosen.ms('leader-wait-ms'),
      retryMs: chosen.ms('retry-ms'),
      requestTimeoutMs: chosen.ms('request-timeout-ms'),
      object: chosen.object,
      bug: chosen.bug,
    })
  },
})
