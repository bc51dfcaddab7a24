import { type FaultKind, familyOf } from '@chaosproxy/faults'
import type { Suffering } from '@chaosproxy/runner'
import { processRefusal } from '../network/node-harms.ts'

/**
 * The faults that an embedded cluster can suffer: its nodes are real processes, and every link leads through the proxy.
 */
export function embeddedSuffers(kind: FaultKind): Suffering {
  const refusal = processRefusal(kind)
  if (refusal !== undefined) return refusal
  if (kind === 'corrupt-message')
    return {
      not: 'messages have no checksum, so a flipped bit would pass as real data',
      instead: 'reset, or with --sim, where framing notices',
    }
  if (kind === 'failover')
    return { not: 'its protocols elect leaders by themselves, and have no command for that', instead: 'kill or pause' }
  const family = familyOf(kind)?.name
  if (family === 'udp')
    return {
      not: 'nodes and clients speak over connections, not datagrams',
      instead: kind.replace('datagram', 'message'),
    }
  if (family === 'http2') return { not: 'clients speak HTTP/1.1', instead: 'the faults of HTTP/1.1' }
  return true
}
