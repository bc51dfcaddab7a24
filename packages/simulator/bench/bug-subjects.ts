import { type ProtocolDefinition, promiseOf } from '@chaosproxy/protocols'
import type { SearchedProtocol } from '@chaosproxy/simulator'
import { findWorkload, register, type Workload } from '@chaosproxy/workloads'

/** The settings that expose the bug, or those that make the strongest promise. */
function heldTo(
  protocol: ProtocolDefinition,
  bug: string,
  { object }: Workload,
): Pick<SearchedProtocol, 'targetSettings' | 'level'> {
  // The sizes that its bugs declare are for runs of thousands of operations; a search tries its own.
  if (protocol.name === 'raft') return { targetSettings: {}, level: 'linearizable' }
  const under = protocol.bugs.find(({ name }) => name === bug)?.under
  const targetSettings = under?.settings ?? protocol.strictest ?? {}
  const promised = promiseOf(protocol, targetSettings, object)
  // By an invariant alone, if nothing is promised.
  return { targetSettings, level: promised === 'none' ? 'eventual' : promised }
}

/** The workload that exposes it, or registers. */
export const workloadFor = ({ bugs }: ProtocolDefinition, bug: string): Workload =>
  findWorkload(bugs.find(({ name }) => name === bug)?.under?.workload ?? register.name) ?? register

/** Checked against its promise, or the one it would make without its bug, with settings that make it a promise. */
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
