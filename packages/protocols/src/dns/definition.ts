import { millis } from '@chaosproxy/history'
import type { ProtocolDefinition } from '../definition.ts'
import { chooseOptions, type Declared } from '../options.ts'
import { dnsInvariants } from './invariants.ts'
import { createDns } from './machine.ts'

const declared = {
  name: 'dns',
  objects: ['register'],
  knobs: [
    {
      name: 'secondaries',
      summary: 'how many nodes copy the zone; all others but the primary are resolvers',
      default: 1,
    },
    {
      name: 'first-serial',
      summary: 'the serial the zone begins with; by default the third update wraps it',
      default: 2 ** 32 - 3,
    },
    { name: 'ttl-ms', summary: 'how long resolvers keep an answer', default: 200, worthTrying: [50] },
    { name: 'negative-ttl-ms', summary: 'how long resolvers believe that a name does not exist', default: 100 },
    { name: 'refresh-ms', summary: 'how often a secondary looks for a new version of the zone', default: 100 },
    { name: 'expire-ms', summary: 'how long a secondary answers without having reached the primary', default: 1_000 },
    { name: 'flush', summary: 'the primary tells resolvers which names to drop', default: true, worthTrying: [false] },
    { name: 'forwarding', summary: 'resolvers look into the cache of another one first', default: true },
    { name: 'retransmit-ms', summary: 'how long a resolver waits before it asks another server', default: 40 },
  ],
  bugs: [
    {
      name: 'refill-from-stale',
      summary: 'a cache that was flushed is filled again from a secondary that lacks the update',
      under: { faults: ['delay', 'partition'] },
    },
    {
      name: 'ttl-anew',
      summary: 'what comes from another cache is kept for its full time to live again',
      under: { faults: ['partition', 'loss'] },
    },
    {
      name: 'keep-negative',
      summary: 'that a name does not exist is remembered for ever',
      under: { knobs: { flush: false }, faults: ['loss'] },
    },
    {
      name: 'serial-as-integer',
      summary: 'serials are compared as integers, so a secondary ignores what comes after the wrap',
      under: { faults: ['delay'] },
    },
  ],
} as const satisfies Declared

export const dns: ProtocolDefinition = {
  ...declared,
  marks: true,
  invariants: dnsInvariants,
  summary: 'a zone, secondaries that copy it, and resolvers that keep answers for their time to live',
  defaultNodes: 4,
  promises: () => 'eventual',
  impossible: ({ secondaries = 1 }, nodes) =>
    typeof secondaries === 'number' && secondaries >= nodes
      ? `${secondaries} secondaries and a primary are more than ${nodes} nodes`
      : undefined,
  create(options) {
    const chosen = chooseOptions(declared, options)
    const ms = (knob: string) => millis(chosen.number(knob))
    return createDns({
      object: chosen.object,
      secondaries: chosen.number('secondaries'),
      firstSerial: chosen.number('first-serial'),
      ttlMs: ms('ttl-ms'),
      negativeTtlMs: ms('negative-ttl-ms'),
      refreshMs: ms('refresh-ms'),
      expireMs: ms('expire-ms'),
      flush: chosen.boolean('flush'),
      forwarding: chosen.boolean('forwarding'),
      retransmitMs: ms('retransmit-ms'),
      bug: chosen.bug,
    })
  },
}
