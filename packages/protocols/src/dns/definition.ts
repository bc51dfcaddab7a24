import { type InvariantWatch, type ProtocolDefinition, watchState } from '../definition.ts'
import { bug, defineProtocol } from '../options.ts'
import { createDns } from './machine.ts'
import { type DnsMessage, type DnsState, settings } from './state.ts'
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
  settings,
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
