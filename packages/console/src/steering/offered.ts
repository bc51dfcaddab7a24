import { faultDefinitions } from '@chaosproxy/faults'
import type { PlannedRun } from '@chaosproxy/runner'
import type { OfferedKind } from '../browser/frames.ts'

/** The kinds that need no parameters beyond those the page asks for, in its order. */
const KINDS = ['kill', 'pause', 'partition', 'latency', 'reset', 'refuse', 'failover'] as const
const OF_NODES: readonly string[] = ['kill', 'pause', 'failover']

/** What the page can inject into this target and, for the rest, why not. */
export function offeredKinds({ target }: Pick<PlannedRun, 'target'>): readonly OfferedKind[] {
  return KINDS.map((kind) => {
    const summary = faultDefinitions.find((definition) => definition.kind === kind)?.summary ?? kind
    const places = OF_NODES.includes(kind) ? (['nodes'] as const) : (['links', 'clients'] as const)
    const suffering = places.map((place) => target.suffers(kind, place === 'clients' ? 'clients' : 'nodes'))
    const on = places.filter((_, i) => suffering[i] === true)
    const refusal = suffering.find((each) => each !== true)
    const refused = refusal === undefined ? 'it cannot suffer this' : `${refusal.not}; ${refusal.instead}`
    return { kind, summary, on, ...(on.length > 0 ? {} : { refused }) }
  })
}
