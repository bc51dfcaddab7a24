import { type ProtocolDefinition, promiseOf } from '@chaosproxy/protocols'
import type { SearchedProtocol } from '@chaosproxy/simulator'
import { findWorkload, register, type Workload } from '@chaosproxy/workloads'

/**
 * Returns the settings under which the bug shows, or else the strictest ones, and the level that the protocol promises
 * under these settings.
 */
function heldTo(
  protocol: ProtocolDefinition,
  bug: string,
  { object }: Workload,
): Pick<SearchedProtocol, 'targetSettings' | 'level'> {
  // The settings that Raft's bugs declare are meant for runs of thousands of operations. A search therefore tries its
  // own settings.
  if (protocol.name === 'raft') return { targetSettings: {}, level: 'linearizable' }
  const under = protocol.bugs.find(({ name }) => name === bug)?.under
  const targetSettings = under?.settings ?? protocol.strictest ?? {}
  const promised = promiseOf(protocol, targetSettings, object)
  // If the protocol promises no level, only an invariant can show the bug.
  return { targetSettings, level: promised === 'none' ? 'eventual' : promised }
}

/** Returns the workload that exposes the bug; by default registers. */
export const workloadFor = ({ bugs }: ProtocolDefinition, bug: string): Workload =>
  findWorkload(bugs.find(({ name }) => name === bug)?.under?.workload ?? register.name) ?? register

/**
 * Returns a protocol with one of its bugs as the subject of a search. The search checks the level that the protocol
 * promises under the settings.
 */
export function subjectWith(protocol: ProtocolDefinition, bug: string): SearchedProtocol {
  const workload = workloadFor(protocol, bug)
  return {
    target: protocol.name,
    protocol,
    bug,
    ...heldTo(protocol, bug, workload),
    workload,
    settings: {},
    nodes: undefined,
    operations: 60,
  }
}
