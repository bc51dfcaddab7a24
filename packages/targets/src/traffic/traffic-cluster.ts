import type { Fault, NodeId } from '@chaosproxy/faults'
import {
  type Carriage,
  createControlPlane,
  createNetwork,
  type ManagedProxy,
  type ProxySettings,
  parseAddress,
} from '@chaosproxy/proxy/control'
import type { Recorder } from '@chaosproxy/recorder'
import type { Cluster, Heal, Injected } from '@chaosproxy/runner'
import { createClock } from '../network/clock.ts'
import { injectIntoNodes, type Victim } from '../network/inject.ts'
import { openWireRecord } from '../network/wire-record.ts'
import type { ReadFinally } from './final-client.ts'

/** A server, and the proxy in front of it. */
export interface Upstream {
  readonly name: NodeId
  readonly listen: string
  readonly upstream: string
  /** False if its traffic is passed on as raw bytes: faults work, but nothing is recorded. */
  readonly isRecorded: boolean
  /** False opens no port: only clients of this process reach it. */
  readonly listens?: boolean | undefined
  /** How TLS ends and begins on the way; without it TLS is passed through. */
  readonly tls?: ProxySettings['tls']
}

export interface TrafficClusterOptions {
  readonly upstreams: readonly Upstream[]
  readonly carries: Carriage
  readonly seed: number
  /** The servers that this run started, and so can kill and pause. */
  readonly victims?: ReadonlyMap<NodeId, Victim> | undefined
  /** Reads keys at the end; absent if it is unknown how to. */
  readonly finally: ReadFinally | undefined
  /** @throws UserError (input), beginning with `where`, for a table whose operations fit no model. */
  readonly checkTable:
    | ((table: Extract<Carriage, { readonly kind: 'http' }>['table'] & {}, where: string) => void)
    | undefined
}

/** Proxies in front of servers, for clients that the run does not control. */
export interface TrafficCluster extends Cluster {
  readonly record: NonNullable<Cluster['record']>
  readonly recorder: Recorder
  /** Whether a final read can read this key. */
  canRead(key: string): boolean
  /** The servers that could not be dialled, each with the last reason. */
  unreached(): ReadonlyMap<NodeId, string>
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
  const unreached = new Map<NodeId, string>()
  network.onTrouble(({ type, link, code, why }) => {
    if (type === 'dial-failed') unreached.set(link.slice(link.indexOf('>') + 1), `${code}: ${why}`)
  })

  return {
    nodes: upstreams.filter(({ isRecorded }) => isRecorded).map(({ name }) => name),
    clock,
    recorder,
    record: begin,
    canRead: (key) => options.finally?.canRead(key) ?? false,
    unreached: () => unreached,
    async open() {
      for (const { isRecorded, ...upstream } of upstreams)
        proxies.set(
          upstream.name,
          await plane.addProxy({ ...upstream, ...(isRecorded ? { carries } : {}), enabled: true }),
        )
      return [...proxies.values()]
    },
    connect(node) {
      if (options.finally === undefined) throw new Error('nothing says how keys are read at the end')
      const proxy = proxies.get(node)
      const { listens = true, upstream = '', tls } = upstreams.find(({ name }) => name === node) ?? {}
      // Within this process there is no TLS to the proxy.
      if (!listens || tls?.terminate !== undefined)
        return options.finally.connect({ node, ...parseAddress(upstream), dial: proxy?.dial })
      return options.finally.connect({ node, ...parseAddress(proxy?.listen ?? '') })
    },
    inject(fault, injected) {
      faults++
      inForce(fault, `fault ${faults}`).then(injected, (error: Error) =>
        injected({ type: 'failed', error: error.message }),
      )
    },
    status: () => new Map(),
    marked: () => [],
    stop(stopped) {
      clock.stop()
      plane.close()
      void network.close().then(stopped)
    },
  }

  async function inForce(fault: Fault, name: string): Promise<Injected> {
    if (fault.kind === 'failover') throw new Error('failover needs nodes that a target declares')
    if ('nodes' in fault) return injectIntoNodes(fault, options.victims ?? new Map())
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
