import type { Fault, NodeId, TrafficFault } from '@chaosproxy/faults'
import {
  type Carriage,
  type ControlPlane,
  carriageName,
  createControlPlane,
  createNetwork,
  type FaultNotes,
  type ManagedProxy,
  type ProxySettings,
  parseAddress,
} from '@chaosproxy/proxy/control'
import type { Recorder } from '@chaosproxy/recorder'
import type { Cluster, FaultNoticed, Heal, Injected } from '@chaosproxy/runner'
import { createClock } from '../network/clock.ts'
import { injectIntoNodes, reportTo } from '../network/inject.ts'
import type { Victim } from '../network/node-harms.ts'
import { openWireRecord } from '../network/wire-record.ts'
import type { ReadFinally } from './read-finally.ts'

export interface TrafficUpstream {
  readonly name: NodeId
  readonly listen: string
  readonly upstream: string
  /** If false, raw bytes are passed on. Faults work, but nothing is recorded. */
  readonly isRecorded: boolean
  /** If false, only clients of this process reach the proxy. */
  readonly listens?: boolean | undefined
  /** How the proxy handles TLS; by default it passes through. */
  readonly tls?: ProxySettings['tls']
}

export type OpenProxies = (plane: ControlPlane, carries: Carriage) => Promise<void>

interface TrafficClusterOptions {
  readonly upstreams: readonly TrafficUpstream[]
  readonly carries: Carriage
  readonly recordedByDefault: Carriage | undefined
  readonly seed: number
  /** The servers that this run started, and can kill and pause. */
  readonly victims?: ReadonlyMap<NodeId, Victim> | undefined
  /** Reads keys at the end, if a request can read one. */
  readonly finally: ReadFinally | undefined
  /** @throws UserError (input), beginning with `where`, for a table whose operations fit no model. */
  readonly checkTable:
    | ((table: Extract<Carriage, { readonly kind: 'http' }>['table'] & {}, where: string) => void)
    | undefined
  /** By default, one proxy is opened for each server. */
  readonly openProxies?: OpenProxies | undefined
}

/** Proxies in front of servers, for clients that the run does not control. */
export interface TrafficCluster extends Cluster {
  readonly record: NonNullable<Cluster['record']>
  readonly recorder: Recorder
  readonly plane: ControlPlane
  /** Calls back for each fault that the run did not inject. */
  onFault(began: FaultNoticed): void
  /** Records a fault that the run has not injected. The returned function records its heal and hits. */
  noteFault(fault: TrafficFault): (hits: number) => void
  canRead(key: string): boolean
  /** The servers that could not be dialled, and the last reason. */
  unreached(): ReadonlyMap<NodeId, string>
  /**
   * Returns, by server, why clients that wanted TLS closed their connections. Only servers without a certificate are
   * included.
   */
  withoutTls(): ReadonlyMap<NodeId, string>
  /**
   * Opens the proxies, after recording has begun.
   *
   * @throws UserError (environment, input)
   */
  open(): Promise<readonly ManagedProxy[]>
  healOthers(): Promise<void>
  /** Closes every port, and resets every connection of clients. Final reads still pass, because they need no port. */
  cutOff(): Promise<void>
}

export function trafficCluster(options: TrafficClusterOptions): TrafficCluster {
  const { upstreams, carries, seed } = options
  const clock = createClock(process.hrtime.bigint())
  const { recorder, judging, begin } = openWireRecord()
  const network = createNetwork({ seed })
  const others = faultsOfOthers()
  const recording = { recorder, judging, files: [], faults: others.notes, checkTable: options.checkTable }
  const plane = createControlPlane({ network, seed, recording: { ...recording, carries: options.recordedByDefault } })
  let isCutOff = false
  let faults = 0
  const { unreached, withoutTls } = troublesOf(network)
  const recorded = () => recordedOf(plane, upstreams)

  return {
    get nodes() {
      return recorded().map(({ name }) => name)
    },
    clock,
    recorder,
    plane,
    record: begin,
    onFault: others.listen,
    noteFault: others.note,
    canRead: (key) =>
      options.finally?.canRead(key) === true && recorded().every(({ speaks }) => speaks === carriageName(carries)),
    unreached: () => unreached,
    withoutTls: () => withoutTls,
    async open() {
      if (options.openProxies !== undefined) {
        await options.openProxies(plane, carries)
        return plane.proxies.list()
      }
      for (const { isRecorded, ...upstream } of upstreams)
        await plane.addProxy({ ...upstream, carries: isRecorded ? carries : 'tcp', enabled: true })
      return upstreams.map(({ name }) => plane.proxies.get(name))
    },
    async healOthers() {
      for (const { name, origin } of plane.faults.list())
        if (origin !== 'toxic' && !others.areOurs(name)) plane.removeFault(name)
      await plane.resetToxics()
    },
    async cutOff() {
      isCutOff = true
      for (const { name, protocol, enabled } of plane.proxies.list()) {
        // Disabling a proxy closes its connections, including those from within this process (see `connect`), so no
        // client can continue to use one.
        await plane.updateProxy(name, { enabled: false })
        if (enabled && protocol !== 'udp') await plane.updateProxy(name, { enabled: true, listens: false })
      }
    },
    connect(node) {
      if (options.finally === undefined) throw new Error('there is no way to read keys at the end')
      const { listen, upstream, dial } = plane.proxies.get(node)
      const { listens = true, tls } = upstreams.find(({ name }) => name === node) ?? {}
      // If the proxy's port is closed (see `cutOff`), never opens, or needs TLS, `dial` connects through the proxy
      // within this process and without TLS.
      if (isCutOff || !listens || tls?.terminate !== undefined)
        return options.finally.connect({ node, ...parseAddress(upstream), dial })
      return options.finally.connect({ node, ...parseAddress(listen) })
    },
    inject(fault, injected) {
      faults++
      reportTo(injected, inForce(fault, { name: `fault ${faults}`, plane, others, victims: options.victims }))
    },
    status: () => new Map(),
    marked: () => [],
    stop(stopped) {
      clock.stop()
      plane.close()
      void network.close().then(stopped)
    },
  }
}

/**
 * Collects two kinds of servers, each with its last reason: servers that cannot be dialled, and servers whose clients
 * want TLS.
 */
function troublesOf(network: ReturnType<typeof createNetwork>) {
  const unreached = new Map<NodeId, string>()
  const withoutTls = new Map<NodeId, string>()
  network.onTrouble(({ type, link, code, why }) => {
    const node = link.slice(link.indexOf('>') + 1)
    if (type === 'dial-failed') unreached.set(node, `${code}: ${why}`)
    else if (type === 'tls-missing' || code === 'CHANNEL_BINDING') withoutTls.set(node, why)
  })
  return { unreached, withoutTls }
}

/** Returns the recorded proxies: first those of servers, in the order of the servers, and then all other proxies. */
function recordedOf(
  { proxies }: ControlPlane,
  upstreams: readonly Pick<TrafficUpstream, 'name'>[],
): readonly ManagedProxy[] {
  const places = new Map(upstreams.map(({ name }, i) => [name, i]))
  const placeOf = ({ name }: ManagedProxy) => places.get(name) ?? places.size
  return proxies
    .list()
    .filter(({ recordedBy }) => recordedBy !== undefined)
    .sort((a, b) => placeOf(a) - placeOf(b))
}

interface Injecting {
  readonly name: string
  readonly plane: ControlPlane
  readonly others: ReturnType<typeof faultsOfOthers>
  readonly victims: TrafficClusterOptions['victims']
}

async function inForce(fault: Fault, { name, plane, others, victims }: Injecting): Promise<Injected> {
  if (fault.kind === 'failover') throw new Error('failover needs nodes that a target declares')
  if ('nodes' in fault) return injectIntoNodes(fault, victims ?? new Map())
  others.butNot(name)
  const added = plane.addFault({ name, fault, origin: 'api' })
  if (fault.kind === 'reset') return healing(() => added.hits)
  return healing(() => {
    const { hits } = plane.faults.get(name)
    plane.removeFault(name)
    return hits
  })
}

function faultsOfOthers() {
  const ours = new Set<string>()
  const begun = new Map<string, Fault>()
  const ends = new Map<string, (hits: number) => void>()
  let noticed: FaultNoticed | undefined
  const notes: FaultNotes = {
    began({ name, fault }) {
      if (ours.has(name)) return
      begun.set(name, fault)
      if (noticed !== undefined) ends.set(name, noticed(name, fault))
    },
    ended({ name, hits }) {
      begun.delete(name)
      ends.get(name)?.(hits)
      ends.delete(name)
    },
  }
  let noted = 0
  return {
    notes,
    note(fault: TrafficFault): (hits: number) => void {
      noted++
      const name = `noted ${noted}`
      notes.began({ name, fault })
      return (hits) => notes.ended({ name, fault, hits })
    },
    areOurs: (name: string): boolean => ours.has(name),
    butNot: (name: string): void => void ours.add(name),
    listen(listener: FaultNoticed): void {
      noticed = listener
      for (const [name, fault] of begun) ends.set(name, listener(name, fault))
    },
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
