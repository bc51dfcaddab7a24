import { type ProtocolDefinition, promiseOf } from '@chaosproxy/protocols'
import type { Subject } from '@chaosproxy/simulator'
import { register } from '@chaosproxy/workloads'

/** Shown step by step in its protocol's tests: twenty seconds of searching do not find it. */
export const FOUND_BY_NO_SEARCH: readonly string[] = ['viewstamped recover-without-nonce']

/** Under the knobs that bring the mistake out, or those that make the strongest promise. */
function heldTo(protocol: ProtocolDefinition, bug: string): Pick<Subject, 'knobs' | 'level'> {
  if (protocol.name === 'primary-replica') return { knobs: { sync: 2, reads: 'primary' }, level: 'linearizable' }
  // Its mistakes name sizes for runs of thousands of operations; a search tries its own.
  if (protocol.name === 'raft') return { knobs: {}, level: 'linearizable' }
  const under = protocol.bugs.find(({ name }) => name === bug)?.under
  const knobs = under?.knobs ?? protocol.strictest ?? {}
  const promised = promiseOf(protocol, knobs)
  // By an invariant alone, where nothing is promised.
  return { knobs, level: promised === 'none' ? 'eventual' : promised }
}

/** Held to what it promises, or would without its mistake, with knobs that make it a promise. */
export const subjectWith = (protocol: ProtocolDefinition, bug: string): Subject => ({
  target: protocol.name,
  protocol,
  bug,
  ...heldTo(protocol, bug),
  workload: register,
  settings: {},
  nodes: undefined,
  operations: 60,
})
