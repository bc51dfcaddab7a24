import type { HarmOf } from '../definition/definition.ts'
import { defineFamily, type FaultOf } from '../definition/family.ts'
import { bytes, optional } from '../definition/parameter.ts'
import { client, counting, times } from '../definition/trigger.ts'
import { bandwidth, corrupt, packetLoss, slice } from '../kinds/bytes.ts'
import {
  blackhole,
  halfOpen,
  limitBytes,
  limitTime,
  partition,
  refuse,
  reset,
  resetPeer,
  slowClose,
  slowConnect,
  timeout,
} from '../kinds/connections.ts'
import { latency } from '../kinds/latency.ts'

/**
 * Connections are numbered from 1; those that are open when the fault begins come first. A probability is drawn once
 * for each connection and direction, from the connection's own random stream.
 */
const when = {
  ...counting('connection'),
  afterBytes: optional(bytes('skip this many bytes at the start of each connection')),
  ...times,
  client,
}

/** Faults on bytes and connections. Toxiproxy's toxics are a subset. */
export const tcpFamily = defineFamily({
  name: 'tcp',
  summary: 'bytes and connections, whatever they carry',
  noun: 'fault',
  kinds: [
    partition,
    blackhole,
    latency,
    bandwidth,
    packetLoss,
    reset,
    resetPeer,
    timeout,
    halfOpen,
    slowClose,
    slowConnect,
    refuse,
    slice,
    limitBytes,
    limitTime,
    corrupt,
  ],
  match: {},
  when,
})

export type TcpHarm = HarmOf<(typeof tcpFamily.kinds)[number]>
/** What a partition does with bytes: it holds them until it is healed, or drops them. */
export type CutMode = Extract<TcpHarm, { readonly kind: 'partition' }>['mode']
export type TcpFault = FaultOf<typeof tcpFamily.kinds, typeof tcpFamily.match, typeof when>
