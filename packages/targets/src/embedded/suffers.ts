import { type FaultKind, familyOf } from '@chaosproxy/faults'
import type { Suffering } from '@chaosproxy/runner'
import { processRefusal } from '../network/node-harms.ts'

const refused: { readonly [kind in FaultKind]?: Exclude<Suffering, true> } = {
  'corrupt-message': {
    not: 'messages have no checksum, so a flipped bit would pass as real data',
    instead: 'reset, or with --sim, where framing notices',
  },
  corrupt: {
    not: 'neither nodes nor clients have a checksum, so a flipped bit would pass as real data',
    instead: 'reset, or corrupt-message with --sim, where framing notices',
  },
  'fabricate-message': {
    not: 'no node is meant to survive a peer that lies',
    instead: 'drop-message or duplicate-message',
  },
  'forge-message': {
    not: 'a process that believes what is false may end by that, and there is nobody to start it again',
    instead: 'run it with --sim',
  },
  'forge-signed-message': {
    not: 'messages are not signed',
    instead: 'drop-message, which comes to the same',
  },
  crash: { not: 'a signal reaches a process at some time, not at some effect', instead: 'kill, or with --sim' },
  failover: { not: 'its protocols have no command for it: they elect by themselves', instead: 'kill or pause' },
  clock: { not: 'all processes of a machine read the same clock', instead: 'pause, or with --sim' },
}

/**
 * The faults that an embedded cluster can suffer: its nodes are real processes, and every link leads through the proxy.
 */
export function embeddedSuffers(kind: FaultKind): Suffering {
  const refusal = refused[kind] ?? processRefusal(kind)
  if (refusal !== undefined) return refusal
  const family = familyOf(kind)?.name
  if (family === 'udp')
    return {
      not: 'nodes and clients speak over connections, not datagrams',
      instead: kind.replace('datagram', 'message'),
    }
  if (family === 'http2') return { not: 'clients speak HTTP/1.1', instead: 'the faults of HTTP/1.1' }
  return true
}
