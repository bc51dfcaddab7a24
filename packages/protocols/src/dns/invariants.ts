import { type Invariant, type InvariantWatch, watchState } from '../definition.ts'
import { isLater } from './serial.ts'
import type { DnsMessage, DnsState } from './state.ts'

type Watch = InvariantWatch<DnsState, DnsMessage>

export const dnsInvariants: readonly Invariant[] = [
  {
    name: 'no answer outlives its time',
    summary: 'an answer from a cache is no older than its time to live, however many caches it came through',
    watch: watchState(({ late }: DnsState) => late),
  },
  {
    name: 'nothing is refilled from before its update',
    summary: 'once a cache has heard of an update of a name, it keeps no answer from an earlier version of the zone',
    watch: watchState(refill),
  },
  {
    name: 'zones go forward',
    summary: 'the serial of a copy of the zone only increases, as RFC 1982 orders serials',
    watch: watchSerials,
  },
]

function refill({ id, cache, flushed }: DnsState): string | undefined {
  for (const [name, serial] of flushed) {
    const kept = cache.get(name)?.serial
    if (kept !== undefined && isLater(serial, kept))
      return `${id} keeps ${name} as of serial ${kept}, and has heard of its update in ${serial}`
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
