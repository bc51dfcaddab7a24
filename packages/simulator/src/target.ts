import type { ProtocolDefinition } from '@chaosproxy/protocols'
import { protocolTarget, type Target } from '@chaosproxy/runner'
import { simulatorFaultSupport } from './fault-support.ts'

/** The prefix of a protocol's name or file that selects the simulator instead of processes. */
export const SIMULATED = 'sim:'

/**
 * Returns a target that runs a protocol in virtual time. The same specification gives the same history, byte for byte.
 *
 * @param watched whether to stop the run if the protocol causes far too many events within a short virtual time. A
 *   user-defined protocol may do so by mistake.
 */
export const simulatedTarget = (protocol: ProtocolDefinition, watched = false): Target => ({
  ...protocolTarget(protocol),
  name: `${SIMULATED}${protocol.name}`,
  tier: 'simulated',
  supports: simulatorFaultSupport,
  // Imported only here, because only a run in virtual time needs the module.
  start: async (options) => (await import('./start.ts')).startInVirtualTime(protocol, options, watched),
})
