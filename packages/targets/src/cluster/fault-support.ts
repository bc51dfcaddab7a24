import {
  type EngineFault,
  type FaultKind,
  familyOf,
  isEngineKind,
  isMachineKind,
  type MachineFault,
  type Refusal,
} from '@chaosproxy/faults'
import type { Carriage } from '@chaosproxy/proxy/control'
import type { FaultSupport } from '@chaosproxy/runner'
import { processRefusal } from '../network/node-harms.ts'
import type { Between } from '../preload/machine.ts'

export interface Exposure {
  /** The protocol between clients and nodes, if the proxy can parse it. */
  readonly clients: Carriage['kind'] | undefined
  /** Whether nodes dial each other through the proxy. */
  readonly linked: boolean
  /** Whether the proxy can split the traffic between nodes into messages. */
  readonly framed: boolean
  /** Whether proxies on other hosts carry the links between nodes. */
  readonly isElsewhere?: boolean | undefined
  /** Why a kind of fault cannot be injected into nodes; absent if it can. */
  readonly refused: { readonly [kind in 'kill' | 'pause' | 'failover' | EngineFault['kind']]?: Refusal | undefined }
  /** Returns whether a fault of disks and clocks can be injected; by default it cannot. */
  readonly machine?: ((kind: MachineFault['kind']) => FaultSupport) | undefined
  /** The kind of layer between programs and their disks and clocks; by default preloaded libraries. */
  readonly below?: Between | undefined
  readonly hasEngine?: boolean | undefined
}

const OF_CONNECTIONS: readonly string[] = ['delay', 'reset', 'partition']
const OF_CLIENTS: readonly string[] = ['cut-clients', 'delay-clients']

const UNLINKED: Refusal = {
  not: 'its nodes do not dial each other through the proxy: their commands have no {peer.…}, and no "links" are declared',
  instead: [...OF_CLIENTS, 'kill', 'pause'],
}

/** Returns whether a fault can be injected into the cluster: on any link, or only among nodes or clients. */
export function declaredFaultSupport(exposure: Exposure, kind: FaultKind, among?: 'nodes' | 'clients'): FaultSupport {
  if (exposure.hasEngine === true && isEngineKind(kind)) return exposure.refused[kind] ?? true
  if (exposure.machine !== undefined && isMachineKind(kind)) return exposure.machine(kind)
  const support = supportOf(exposure, kind, among)
  if (support !== true) return support
  const refusal = processRefusal(kind)
  if (refusal === undefined) return true
  const isOfMessages = familyOf(kind)?.name === 'message'
  return isOfMessages && !exposure.framed ? { ...refusal, instead: OF_CONNECTIONS } : refusal
}

function supportOf(exposure: Exposure, kind: FaultKind, among: 'nodes' | 'clients' | undefined): FaultSupport {
  if (kind === 'kill' || kind === 'pause' || kind === 'failover') return exposure.refused[kind] ?? true
  if (among === 'nodes' && !exposure.linked) return UNLINKED
  switch (familyOf(kind)?.name) {
    case 'udp':
      return {
        not: 'its links carry connections, not datagrams',
        instead: exposure.linked ? OF_CONNECTIONS : OF_CLIENTS,
      }
    case 'http2':
      return { not: 'its clients do not speak HTTP/2', instead: OF_CLIENTS }
    case 'http':
      return exposure.clients === 'http' ? true : { not: 'its clients do not speak HTTP', instead: OF_CLIENTS }
    case 'message':
      return onMessages(exposure, among)
    default:
      return true
  }
}

function onMessages(
  { framed, clients, isElsewhere = false }: Exposure,
  among: 'nodes' | 'clients' | undefined,
): FaultSupport {
  const ofClients = clients === 'spoken' || clients === 'messages'
  if (among === 'nodes' ? framed : among === 'clients' ? ofClients : framed || ofClients) return true
  if (isElsewhere && among !== 'clients')
    return {
      not: 'proxies on other hosts carry the links between nodes, and inject faults into connections, not into single messages',
      instead: OF_CONNECTIONS,
    }
  return {
    not: 'the framing of messages on these links is unknown: declare it by "carries" of a port',
    instead: OF_CONNECTIONS,
  }
}
