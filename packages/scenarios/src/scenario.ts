import { millisToNanos } from '@chaosproxy/history'
import type { Scenario } from '@chaosproxy/runner'
import type { Asking, Mishap, Tale } from './story.ts'

/** The beats in which a client asks something. */
export const askingsOf = ({ beats }: Tale): readonly Asking[] => beats.filter((beat) => beat.type === 'asking')

const mishapsOf = ({ beats }: Tale): readonly Mishap[] => beats.filter((beat) => beat.type === 'mishap')

/** A tale as it is played, in virtual time or on real processes. */
export const scenarioOf = (tale: Tale): Scenario => ({
  target: tale.target,
  workload: tale.workload,
  settings: {},
  bug: tale.bug,
  knobs: tale.knobs ?? {},
  nodes: tale.nodes,
  seed: tale.seed,
  timeoutMs: tale.timeoutMs,
  operations: askingsOf(tale).map(({ atMs, who, node, input }) => ({
    at: millisToNanos(atMs),
    client: tale.cast.indexOf(who),
    node,
    input,
  })),
  faults: mishapsOf(tale).map(({ atMs, untilMs, fault }) => ({
    from: millisToNanos(atMs),
    to: millisToNanos(untilMs),
    fault,
  })),
})
