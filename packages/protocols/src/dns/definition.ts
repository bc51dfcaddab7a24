import { type InvariantWatch, type ProtocolDefinition, watchState } from '../definition.ts'
import { bug, defineProtocol } from '../options.ts'
import { createDns } from './machine.ts'
import type { DnsMessage, DnsState } from './state.ts'
import { isLater } from './zone.ts'

type Watch = InvariantWatch<DnsState, DnsMessage>

function refill({ id, cache, flushed }: DnsState): string | undefined {
  for (const [name, serial] of flushed) {
    const kept = cache.get(name)?.serial
    if (kept !== undefined && isLater(serial, kept))
      return `${id} has ${name} as of serial ${kept} in its cache, although it was told of an update in serial ${serial}`
  }
  return undefined
}

function watchSerials(): Watch {
  return (node) => {
    let last: number | undefined
    return ({ zone }, event) => {
      if (event === undefined) last = undefined
      if (zone === undefined) return undefined
      if (last !== undefined && isLater(last, zone.serial)) return `${node} went from serial ${last} to ${zone.serial}`
      last = zone.serial
      return undefined
    }
  }
}

export const dns: ProtocolDefinition = defineProtocol({
  name: 'dns',
  /** Caches and copies are stale by design. */
  weakness: () => 'resolvers answer from caches, and secondaries from copies, that may be out of date',
  summary: 'a zone, secondaries that copy it, and resolvers that keep answers for their time to live',
  defaultNodes: 4,
  objects: ['register'],
  settings: {
    secondaries: {
      summary: 'how many nodes copy the zone; all others but the primary are resolvers',
      default: 1,
    },
    'first-serial': {
      summary: 'the first serial number of the zone; with the default, the third update wraps it',
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
    'refill-from-stale': bug('a flushed cache is filled again from a secondary that lacks the update', [
      'delay',
      'partition',
    ]),
    'ttl-anew': bug('an answer from another cache starts over with its full time to live', ['partition', 'loss']),
    'keep-negative': bug('the answer that a name does not exist is kept for ever', ['loss'], {
      settings: { flush: false },
    }),
    'serial-as-integer': bug('serials are compared as integers, so a secondary ignores updates after the wrap', [
      'delay',
    ]),
  },
  invariants: [
    /** An answer from a cache is no older than its time to live, however many caches it came through. */
    { name: 'no answer outlives its time', watch: watchState(({ late }: DnsState) => late) },
    /** Once a cache has heard of an update of a name, it keeps no answer from an earlier version of the zone. */
    { name: 'nothing is refilled from before its update', watch: watchState(refill) },
    /** The serial of a copy of the zone only increases, as RFC 1982 orders serials. */
    { name: 'zones go forward', watch: watchSerials },
  ],
  promises: () => 'eventual',
  impossible: ({ secondaries = 1 }, nodes) =>
    typeof secondaries === 'number' && secondaries >= nodes
      ? `${secondaries} secondaries and a primary are more than ${nodes} nodes`
      : undefined,
  create: createDns,
})
