import { type ProtocolDefinition, promiseOf } from '@chaosproxy/protocols'
import type { SearchedProtocol } from '@chaosproxy/simulator'
import { findWorkload, register, type Workload } from '@chaosproxy/workloads'

/** Under the knobs that bring the mistake out, or those that make the strongest promise. */
function heldTo(
  protocol: ProtocolDefinition,
  bug: string,
  { object }: Workload,
): Pick<SearchedProtocol, 'knobs' | 'level'> {
  // Its mistakes name sizes for runs of thousands of operations; a search tries its own.
  if (protocol.name === 'raft') return { knobs: {}, level: 'linearizable' }
  const under = protocol.bugs.find(({ name }) => name === bug)?.under
  const knobs = under?.knobs ?? protocol.strictest ?? {}
  const promised = promiseOf(protocol, knobs, object)
  // By an invariant alone, where nothing is promised.
  return { knobs, level: promised === 'none' ? 'eventual' : promised }
}

/** What brings it out, or registers. */
export const workloadFor = ({ bugs }: ProtocolDefinition, bug: string): Workload =>
  findWorkload(bugs.find(({ name }) => name === bug)?.under?.workload ?? register.name) ?? register

/** Held to what it promises, or would without its mistake, with knobs that make it a promise. */
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
