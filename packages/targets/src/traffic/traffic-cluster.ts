import type { Fault, Link, NodeId } from '@chaosproxy/faults'
import type { Recorder } from '@chaosproxy/proxy'
import { type Carriage, createControlPlane, createNetwork, type ManagedProxy } from '@chaosproxy/proxy/control'
import type { Cluster, Heal, Injected } from '@chaosproxy/runner'
import { createClock } from '../network/clock.ts'
import { openWireRecord } from '../network/wire-record.ts'
import type { ReadFinally } from './final-client.ts'

/** A server that somebody else started, and the proxy before it. */
export interface Upstream {
  readonly name: NodeId
  readonly listen: string
  readonly upstream: string
}

export interface TrafficClusterOptions {
  readonly upstreams: readonly Upstream[]
  readonly carries: Carriage
  readonly seed: number
  /** Reads keys at the end; absent where nothing says how. */
  readonly finally: ReadFinally | undefined
  /** @throws UserError (input) that begins with `where`: a table whose operations no model knows. */
  readonly checkTable:
    | ((table: Extract<Carriage, { readonly kind: 'http' }>['table'] & {}, where: string) => void)
    | undefined
}

/** Proxies before servers that somebody else started, for clients that somebody else starts. */
export interface TrafficCluster extends Cluster {
  readonly record: NonNullable<Cluster['record']>
  readonly recorder: Recorder
  /** Opens the proxies; recording has begun by then. @throws UserError (environment, input) */
  open(): Promise<readonly ManagedProxy[]>
}

export function trafficCluster(options: TrafficClusterOptions): TrafficCluster {
  const { upstreams, carries, seed } = options
  const clock = createClock(process.hrtime.bigint())
  const { recorder, begin } = openWireRecord()
  const network = createNetwork({ seed })
  const plane = createControlPlane({
    network,
    seed,
    recording: { recorder, files: [], faultsAreNoted: true, checkTable: options.checkTable },
  })
  const proxies = new Map<NodeId, ManagedProxy>()
  let faults = 0

  return {
    nodes: upstreams.map(({ name }) => name),
    clock,
    recorder,
    record: begin,
    async open() {
      for (const upstream of upstreams)
        proxies.set(upstream.name, await plane.addProxy({ ...upstream, carries, enabled: true }))
      return [...proxies.values()]
    },
    connect(node) {
      const listen = proxies.get(node)?.listen ?? ''
      const colon = listen.lastIndexOf(':')
      const host = listen.slice(0, colon).replace(/^\[|\]$/g, '')
      if (options.finally === undefined) throw new Error('nothing says how keys are read at the end')
      return options.finally.connect({ node, host, port: Number(listen.slice(colon + 1)) })
    },
    inject(fault, injected) {
      try {
        faults++
        injected(inForce(fault, `fault ${faults}`))
      } catch (error) {
        injected({ type: 'failed', error: error instanceof Error ? error.message : String(error) })
      }
    },
    status: () => new Map(),
    marked: () => [],
    stop(stopped) {
      clock.stop()
      plane.close()
      void network.close().then(stopped)
    },
  }

  function inForce(fault: Fault, name: string): Injected {
    if ('nodes' in fault) throw new Error(`${fault.kind} needs nodes that are ours`)
    const added = plane.addFault({ name, fault, origin: 'api' })
    if (fault.kind === 'reset') return healing(() => added.hits)
    return healing(() => {
      const { hits } = plane.faults.get(name)
      plane.removeFault(name)
      return hits
    })
  }
}

function healing(heal: () => number): Injected {
  let hits: number | undefined
  const once: Heal = (healed) => {
    hits ??= heal()
    healed({ type: 'healed', hits })
  }
  return { type: 'injected', heal: once }
}

/** The links between clients and these nodes, both ways. */
export const clientLinks = (nodes: readonly NodeId[]): readonly Link[] =>
  nodes.flatMap((node) => [
    { from: 'clients', to: node },
    { from: node, to: 'clients' },
  ])
