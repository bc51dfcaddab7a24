import type { ProtocolDefinition } from '../definition.ts'
import { defineProtocol } from '../options.ts'
import { dnsInvariants } from './invariants.ts'
import { createDns } from './machine.ts'

export const dns: ProtocolDefinition = defineProtocol({
  name: 'dns',
  summary: 'a zone, secondaries that copy it, and resolvers that keep answers for their time to live',
  defaultNodes: 4,
  objects: ['register'],
  settings: {
    secondaries: {
      summary: 'how many nodes copy the zone; all others but the primary are resolvers',
      default: 1,
    },
    'first-serial': {
      summary: 'the first serial of the zone; by default the third update wraps it',
      default: 2 ** 32 - 3,
    },
    'ttl-ms': { summary: 'how long resolvers keep an answer', default: 200, worthTrying: [50] },
    'negative-ttl-ms': { summary: 'how long resolvers believe that a name does not exist', default: 100 },
    'refresh-ms': { summary: 'how often a secondary looks for a new version of the zone', default: 100 },
    'expire-ms': { summary: 'how long a secondary answers without reaching the primary', default: 1_000 },
    flush: {
      summary: 'whether the primary tells resolvers which names to drop from their caches',
      default: true,
      worthTrying: [false],
    },
    forwarding: { summary: "whether resolvers ask another resolver's cache first", default: true },
    'retransmit-ms': { summary: 'how long a resolver waits before it asks another server', default: 40 },
  },
  bugs: {
    'refill-from-stale': {
      summary: 'a flushed cache is filled again from a secondary that lacks the update',
      under: { faults: ['delay', 'partition'] },
    },
    'ttl-anew': {
      summary: 'an answer from another cache starts over with its full time to live',
      under: { faults: ['partition', 'loss'] },
    },
    'keep-negative': {
      summary: 'the answer that a name does not exist is kept for ever',
      under: { settings: { flush: false }, faults: ['loss'] },
    },
    'serial-as-integer': {
      summary: 'serials are compared as integers, so a secondary ignores updates after the wrap',
      under: { faults: ['delay'] },
    },
  },
  invariants: dnsInvariants,
  promises: () => 'eventual',
  impossible: ({ secondaries = 1 }, nodes) =>
    typeof secondaries === 'number' && secondaries >= nodes
      ? `${secondaries} secondaries and a primary are more than ${nodes} nodes`
      : undefined,
  create(chosen) {
    return createDns({
      object: chosen.object,
      bug: chosen.bug,
      secondaries: chosen.number('secondaries'),
      firstSerial: chosen.number('first-serial'),
      ttlMs: chosen.ms('ttl-ms'),
      negativeTtlMs: chosen.ms('negative-ttl-ms'),
      refreshMs: chosen.ms('refresh-ms'),
      expireMs: chosen.ms('expire-ms'),
      flush: chosen.boolean('flush'),
      forwarding: chosen.boolean('forwarding'),
      retransmitMs: chosen.ms('retransmit-ms'),
    })
  },
})
