import { millis } from '@chaosproxy/history'
import type { ProtocolDefinition } from '../definition.ts'
import { defineProtocol } from '../options.ts'
import { paxosInvariants } from './invariants.ts'
import { createPaxos, serve } from './machine.ts'

export const paxos: ProtocolDefinition = defineProtocol({
  name: 'paxos',
  summary: 'multi-Paxos: one instance of consensus for each slot of a log, and a stable leader chosen by ballots',
  defaultNodes: 5,
  knobs: [
    { name: 'heartbeat-ms', summary: 'milliseconds between heartbeats of a leader', default: 50 },
    { name: 'silence-min-ms', summary: 'shortest silence after which a node prepares a ballot', default: 250 },
    { name: 'silence-max-ms', summary: 'longest silence after which a node prepares a ballot', default: 500 },
    {
      name: 'reads',
      summary: 'reads wait for a round that confirms the leader, or take a slot of the log like anything else',
      default: 'round',
      values: ['round', 'log'],
      worthTrying: ['log'],
    },
    { name: 'leader-wait-ms', summary: 'how long a request waits for a leader before it is refused', default: 300 },
    {
      name: 'retry-ms',
      summary: 'how long a request waits for the answer of its leader before it is sent there again; 0: never again',
      default: 250,
    },
    { name: 'request-timeout-ms', summary: 'how long a request that a leader has waits for its answer', default: 1000 },
  ],
  bugs: [
    {
      name: 'ignore-highest-accepted',
      summary: 'a new leader goes by what it has accepted itself, whatever higher-numbered proposals promises report',
      under: { faults: ['isolate-leader', 'partition'] },
    },
    {
      name: 'ignore-promise',
      summary: 'acceptors accept proposals of lower ballots than they promised',
      under: { faults: ['isolate-leader', 'partition'] },
    },
    {
      name: 'forget-promise',
      summary: 'promises are kept in memory only, so a restart forgets them',
      under: { faults: ['kill', 'isolate-leader'] },
    },
    {
      name: 'quorum-off-by-one',
      summary: 'half of the nodes, rounded down, are taken for a majority',
      under: { faults: ['halves'] },
    },
    {
      name: 'stale-read',
      summary: 'a leader answers reads without confirming that it still leads',
      under: { faults: ['isolate-leader'], knobs: { reads: 'round' } },
    },
  ],
  invariants: paxosInvariants,
  promises: () => 'linearizable',
  create(chosen) {
    const silenceMinMs = chosen.number('silence-min-ms')
    return createPaxos({
      serve,
      heartbeatMs: chosen.ms('heartbeat-ms'),
      silenceMinMs: millis(silenceMinMs),
      silenceMaxMs: millis(Math.max(silenceMinMs, chosen.number('silence-max-ms'))),
      reads: chosen.value('reads') === 'log' ? 'log' : 'round',
      leaderWaitMs: chosen.ms('leader-wait-ms'),
      retryMs: chosen.ms('retry-ms'),
      requestTimeoutMs: chosen.ms('request-timeout-ms'),
      object: chosen.object,
      bug: chosen.bug,
    })
  },
})
