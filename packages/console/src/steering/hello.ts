import { nodeNames } from '@chaosproxy/faults'
import { plural } from '@chaosproxy/history'
import type { PlannedRun } from '@chaosproxy/runner'
import type { Hello } from '../browser/frames.ts'
import { offeredKinds } from './offered.ts'

interface Circumstances {
  readonly number: number
  readonly version: string
  readonly unrepeatable: string | undefined
}

/** What a page shows of a run from its beginning to its end. */
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
    ...(unrepeatable === undefined ? {} : { unrepeatable }),
  }
}
