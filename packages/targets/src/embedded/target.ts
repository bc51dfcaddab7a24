import type { ProtocolDefinition } from '@chaos/protocols'
import { protocolTarget, type Target } from '@chaos/runner'
import { startEmbeddedCluster } from './cluster.ts'
import { NODE_CLIENTS } from './node-routes.ts'
import { embeddedSufferings } from './suffers.ts'

/** A protocol as processes of this machine, which load it by its reference: its name, or its file. */
export const embeddedTarget = (protocol: ProtocolDefinition, reference: string = protocol.name): Target => ({
  ...protocolTarget(protocol),
  name: protocol.name,
  tier: 'real',
  sessions: { by: NODE_CLIENTS, named: true },
  suffers: (fault) => embeddedSufferings[fault],
  start: ({ settings, asked, ...options }) =>
    startEmbeddedCluster({ ...options, protocol: reference, knobs: settings, recorded: asked }),
})
