import type { ProtocolDefinition } from '@chaosproxy/protocols'
import { protocolTarget, type Target } from '@chaosproxy/runner'
import { NODE_CLIENTS } from '../node/node-routes.ts'
import { startEmbeddedCluster } from './cluster.ts'
import { embeddedSuffers } from './suffers.ts'

/** A protocol as processes of this machine. They load it by its reference: a name, or a path. */
export const embeddedTarget = (protocol: ProtocolDefinition, reference: string = protocol.name): Target => ({
  ...protocolTarget(protocol),
  name: protocol.name,
  tier: 'real',
  sessions: { by: NODE_CLIENTS, named: true },
  suffers: embeddedSuffers,
  requireElsewhere() {},
  start: ({ settings, asked, ...options }) =>
    startEmbeddedCluster({ ...options, protocol: reference, knobs: settings, recorded: asked }),
})
