import type { ProtocolDefinition } from '@chaos/protocols'
import { protocolTarget, type Target } from '@chaos/runner'
import { startEmbeddedCluster } from './cluster.ts'
import { embeddedSufferings } from './suffers.ts'

/** A protocol as processes of this machine, which load it by its reference: its name, or its file. */
export const embeddedTarget = (protocol: ProtocolDefinition, reference: string = protocol.name): Target => ({
  ...protocolTarget(protocol),
  name: protocol.name,
  tier: 'real',
  suffers: (fault) => embeddedSufferings[fault],
  start: ({ nodes, settings, bug, seed, dataDir, logDir, signal }) =>
    startEmbeddedCluster({ protocol: reference, bug, knobs: settings, nodes, dataDir, logDir, seed, signal }),
})
