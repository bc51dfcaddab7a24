import { faultDefinitions, nodeNames, refusalText } from '@chaosproxy/faults'
import { plural } from '@chaosproxy/history'
import type { PlannedRun } from '@chaosproxy/runner'
import type { Hello, OfferedKind } from '../browser/frames.ts'

interface Circumstances {
  readonly number: number
  readonly version: string
  readonly unrepeatable: string | undefined
}

/** Returns the data of a run that stays constant, for a page that shows the run. */
export function helloOf(
  { run, again }: { readonly run: PlannedRun; readonly again: string },
  { number, version, unrepeatable }: Circumstances,
): Hello {
  const { spec, target, workload, expect } = run
  const servers = spec.target.traffic?.servers.map(({ name }) => name)
  const nodes = servers ?? nodeNames(spec.nodes)
  const kinds = offeredKinds(run)
  const bug = spec.target.bug === undefined ? '' : ` with the bug ${spec.target.bug}`
  return {
    type: 'hello',
    run: number,
    version,
    title: `${target.name}${bug}, ${plural(nodes.length, 'node')}`,
    workload: workload.name,
    model: typeof workload.model === 'string' ? workload.model : workload.model.name,
    seed: spec.seed,
    clients: spec.clients,
    timeMs: spec.timeMs,
    expected: expect?.level,
    nodes,
    tells: target.clients !== 'observed',
    meshed: nodes.length > 1 && kinds.some(({ on }) => on.includes('links')),
    kinds,
    again,
    unrepeatable,
  }
}

/** The fault kinds that need no further parameters, in the page's order. */
const KINDS = ['kill', 'pause', 'partition', 'latency', 'reset', 'refuse', 'failover'] as const
const OF_NODES: readonly string[] = ['kill', 'pause', 'failover']

/** Returns the fault kinds that the page can inject into this target, and why it cannot inject the others. */
function offeredKinds({ target }: Pick<PlannedRun, 'target'>): readonly OfferedKind[] {
  return KINDS.map((kind) => {
    const summary = faultDefinitions.find((definition) => definition.kind === kind)?.summary ?? kind
    const places = OF_NODES.includes(kind) ? (['nodes'] as const) : (['links', 'clients'] as const)
    const support = places.map((place) => target.supports(kind, place === 'clients' ? 'clients' : 'nodes'))
    const on = places.filter((_, i) => support[i] === true)
    const refusal = support.find((each) => each !== true)
    const refused = refusal === undefined ? 'it cannot suffer this' : refusalText(refusal)
    return { kind, summary, on, ...(on.length > 0 ? {} : { refused }) }
  })
}
