import type { ProtocolDefinition } from '../definition.ts'
import { defineProtocol } from '../options.ts'
import { dnsInvariants } from './invariants.ts'
import { createDns } from './machine.ts'

export const dns: ProtocolDefinition = defineProtocol({
  name: 'dns',
  summary: 'a zone, secondaries that copy it, and resolvers that keep answers for their time to live',
  defaultNodes: 4,
  objects: ['register'],
  knobs: {
    secondaries: {
      summary: 'how many nodes copy the zone; all others but the primary are resolvers',
      default: 1,
    },
    'first-serial': {
      summary: 'the serial the zone begins with; by default the third update wraps it',
      default: 2 ** 32 - 3,
    },
    'ttl-ms': { summary: 'how long resolvers keep an answer', default: 200, worthTrying: [50] },
    'negative-ttl-ms': { summary: 'how long resolvers believe that a name does not exist', default: 100 },
    'refresh-ms': { summary: 'how often a secondary looks for a new version of the zone', default: 100 },
    'expire-ms': { summary: 'how long a secondary answers without having reached the primary', default: 1_000 },
    flush: { summary: 'the primary tells resolvers which names to drop', default: true, worthTrying: [false] },
    forwarding: { summary: 'resolvers look into the cache of another one first', default: true },
    'retransmit-ms': { summary: 'how long a resolver waits before it asks another server', default: 40 },
  },
  bugs: {
    'refill-from-stale': {
      summary: 'a cache that was flushed is filled again from a secondary that lacks the update',
      under: { faults: ['delay', 'partition'] },
    },
    'ttl-anew': {
      summary: 'what comes from another cache is kept for its full time to live again',
      under: { faults: ['partition', 'loss'] },
    },
    'keep-negative': {
      summary: 'that a name does not exist is remembered for ever',
      under: { knobs: { flush: false }, faults: ['loss'] },
    },
    'serial-as-integer': {
      summary: 'serials are compared as integers, so a secondary ignores what comes after the wrap',
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
