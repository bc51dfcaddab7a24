import { millis, millisToNanos } from '@chaosproxy/history'
import type { PlannedOperation, Scenario } from '@chaosproxy/runner'
import type { Asking, Mishap, Tale } from './story.ts'

export const askingsOf = ({ beats }: Tale): readonly Asking[] => beats.filter((beat) => beat.type === 'asking')

const mishapsOf = ({ beats }: Tale): readonly Mishap[] => beats.filter((beat) => beat.type === 'mishap')

/** Returns the requests of a load. A client gets its next request only after the timeout of its previous one. */
function crowdOf({ load, timeoutMs }: Tale): readonly PlannedOperation[] {
  if (load === undefined) return []
  const { inputs, nodes, perSecond, untilMs } = load
  const clients = Math.ceil((perSecond * timeoutMs) / 1_000) + SPARE_CLIENTS
  return Array.from({ length: Math.floor((perSecond * untilMs) / 1_000) }, (_, i) => ({
    at: millisToNanos(millis((i * 1_000) / perSecond)),
    client: i % clients,
    node: nodes[i % nodes.length] ?? '',
    input: inputs[i % inputs.length] ?? inputs[0],
  }))
}

/**
 * Number of additional clients. Some requests end a little after their timeout; meanwhile, additional clients send the
 * next requests in time.
 */
const SPARE_CLIENTS = 20

/** Returns the scenario of a scripted story. The scenario can run in virtual time or on real processes. */
export const scenarioOf = (tale: Tale): Scenario => ({
  target: tale.target,
  workload: tale.workload,
  settings: {},
  bug: tale.bug,
  targetSettings: tale.targetSettings ?? {},
  nodes: tale.nodes,
  seed: tale.seed ?? 1,
  timeoutMs: tale.timeoutMs,
  operations: [
    ...askingsOf(tale).map(({ atMs, who, node, input }) => ({
      at: millisToNanos(atMs),
      client: tale.cast.indexOf(who),
      node,
      input,
    })),
    ...crowdOf(tale),
  ],
  faults: mishapsOf(tale).map(({ atMs, untilMs, fault }) => ({
    from: millisToNanos(atMs),
    to: millisToNanos(untilMs),
    fault,
  })),
})
