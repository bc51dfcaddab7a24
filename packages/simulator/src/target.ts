import type { ProtocolDefinition } from '@chaosproxy/protocols'
import { protocolTarget, type Target } from '@chaosproxy/runner'
import { simulatorSuffers } from './suffers.ts'

/** Prefix of a protocol's name or file: run it in the simulator instead of in processes. */
export const SIMULATED = 'sim:'

/**
 * A protocol in virtual time: a run is a function of its spec, byte for byte. A watched protocol, such as a user's own,
 * is stopped when it floods.
 */
export const simulatedTarget = (protocol: ProtocolDefinition, watched = false): Target => ({
  ...protocolTarget(protocol),
  name: `${SIMULATED}${protocol.name}`,
  tier: 'simulated',
  suffers: simulatorSuffers,
  // The code that runs it is loaded only for a run in virtual time.
  start: async (options) => (await import('./start.ts')).startInVirtualTime(protocol, options, watched),
})
