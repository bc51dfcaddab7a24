import type { Input } from './schema.ts'
import type { Answer } from './tool.ts'

/** The tool call that usually follows a result, in a client's notation. */
export function nextCall(tool: string, input: Input, data: Answer['data']): string | undefined {
  switch (tool) {
    case 'list':
      return afterList(input, data)
    case 'run':
      return afterRun(input, data)
    case 'check':
      return isUnexplained(data) ? call('explain', { path: input['path'], model: input['model'] }) : undefined
    case 'proxies':
      return afterProxies(input, data)
    case 'inject': {
      const name = firstName([data['fault']])
      return input['forMs'] === undefined && name !== undefined
        ? call('heal', { ...proxyOf(input), names: [name] })
        : call('proxies', proxyOf(input))
    }
    case 'heal':
      return call('proxies', proxyOf(input))
    default:
      return undefined
  }
}

const call = (tool: string, input: Input): string => `${tool} ${JSON.stringify(input)}`

function afterList({ what, target }: Input, data: Answer['data']): string {
  switch (what ?? (target === undefined ? undefined : 'targets')) {
    case 'targets':
      return call('run', { target: target ?? firstName(data['targets']), simulate: target === undefined || undefined })
    case 'workloads':
      return call('run', { workload: firstName(data['workloads']) })
    case 'faults':
      return call('run', { target, faults: firstRunnable(data['faults']) })
    default:
      return call('list', { what: 'targets' })
  }
}

/**
 * Returns the name of the first fault that `run` can inject into the target, as a list. The list is empty if there is
 * no such fault.
 */
function firstRunnable(faults: unknown): readonly string[] {
  const listed = faults as readonly { readonly runs: readonly string[]; readonly suffers?: boolean }[]
  return listed.find(({ runs, suffers }) => runs.length > 0 && suffers !== false)?.runs.slice(0, 1) ?? []
}

/** After a run without a finding, suggests a run with the next seed: its faults and interleavings differ. */
const afterRun = (input: Input, data: Answer['data']): string =>
  isUnexplained(data)
    ? call('explain', { path: data['directory'] })
    : call('run', { ...input, seed: Number(data['seed']) + 1 })

const isUnexplained = ({ outcome, levels }: Answer['data']): boolean =>
  outcome === 'nothing expected' ? Object.values(levels as object).includes('violated') : outcome !== 'as expected'

function afterProxies(input: Input, { proxies, faults }: Answer['data']): string | undefined {
  const [fault, proxy] = [firstName(faults), firstName(proxies)]
  if (fault !== undefined) return call('heal', { ...proxyOf(input), names: [fault] })
  if (proxy === undefined) return undefined
  const latency = { kind: 'latency', proxies: [proxy], parameters: { latencyMs: 200 }, forMs: 10_000 }
  return call('inject', { ...proxyOf(input), ...latency })
}

const proxyOf = ({ address, token }: Input): Input => ({ address, token })

const firstName = (listed: unknown): string | undefined => (listed as readonly { readonly name: string }[])[0]?.name
