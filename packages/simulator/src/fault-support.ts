import {
  type Fault,
  type FaultKind,
  familyOf,
  isDatabaseKind,
  isEngineKind,
  isMachineKind,
  linkName,
  refusalText,
} from '@chaosproxy/faults'
import type { FaultSupport } from '@chaosproxy/runner'
import { blows } from './blows.ts'
import { messageTroubles } from './message-troubles.ts'

/** The faults to suggest in place of each kind that cannot be injected into simulated nodes. */
const instead: { readonly [kind in FaultKind]?: readonly string[] } = {
  corrupt: ['corrupt-message'],
  'reset-peer': ['reset'],
  timeout: ['blackhole'],
  'half-open': ['lose-reply'],
  'packet-loss': ['delay'],
  'slow-close': ['delay-reply'],
  'slow-connect': ['delay-request'],
  refuse: ['lose-request'],
  slice: ['delay'],
  'limit-bytes': ['reset'],
  'limit-time': ['reset'],
  'crash-before-reply': ['crash'],
  'error-status': ['lose-reply'],
  'rate-limit': ['lose-request'],
  'stale-reply': ['delay-reply'],
  'reorder-replies': ['delay-reply'],
  'trickle-request': ['delay-request'],
  'trickle-reply': ['delay-reply'],
  'truncate-reply': ['lose-reply'],
  'replay-message': ['duplicate'],
  'fabricate-message': ['forge'],
  stop: ['kill'],
  restart: ['kill'],
  'limit-cpu': ['pause', 'delay'],
  'limit-memory': ['kill'],
}

const isSimulated = (kind: FaultKind): boolean => Object.hasOwn(messageTroubles, kind) || Object.hasOwn(blows, kind)

export function simulatorFaultSupport(kind: FaultKind): FaultSupport {
  if (isSimulated(kind)) return true
  if (kind === 'failover')
    return {
      not: 'simulated protocols have no command for a failover: their nodes elect a leader by themselves',
      instead: ['kill', 'pause'],
    }
  if (kind === 'power-loss')
    return { not: 'a kill loses what a simulated node has not made durable, as a power loss does', instead: ['kill'] }
  if (isMachineKind(kind))
    return {
      not: 'simulated disks have no such faults',
      instead: ['kill', 'pause'],
      elsewhere: 'processes',
    }
  if (isEngineKind(kind))
    return { not: 'no container engine runs simulated nodes', instead: instead[kind] ?? ['kill', 'pause'] }
  if (isDatabaseKind(kind)) return { not: 'protocols have no PostgreSQL', instead: ['kill', 'pause'] }
  const family = familyOf(kind)?.name
  const not =
    family === 'udp'
      ? 'nodes exchange messages over connections, not datagrams'
      : family === 'http2'
        ? 'there is no HTTP/2 in virtual time'
        : 'the simulator delivers whole messages; it has no bytes or headers to damage'
  return { not, instead: instead[kind] ?? [], elsewhere: 'processes' }
}

export function whyNotSimulated(fault: Fault): string | undefined {
  const support = simulatorFaultSupport(fault.kind)
  if (support !== true) return refusalText(support)
  if ('match' in fault && fault.match !== undefined)
    return 'message content is matched on real bytes only: leave "match" out'
  if ('nodes' in fault) return undefined
  const ofConnections = 'when' in fault && (familyOf(fault.kind)?.name ?? 'tcp') === 'tcp'
  if (ofConnections && fault.when !== undefined) return 'connections are not counted in virtual time: leave "when" out'
  if (fault.kind === 'latency' && (fault.distribution ?? 'uniform') !== 'uniform')
    return `latencies are spread evenly in virtual time, not ${fault.distribution}`
  const ofClients = fault.links.find(({ from, to }) => from === 'clients' || to === 'clients')
  if (fault.kind === 'duplicate-message' && ofClients !== undefined)
    return `${linkName(ofClients)} carries no messages that could be duplicated: each request of a client is sent once`
  if ((fault.kind === 'forge-message' || fault.kind === 'forge-signed-message') && ofClients !== undefined)
    return `${linkName(ofClients)} carries messages of clients, which are recorded in their original form: forge messages between nodes instead`
  const isHttp = familyOf(fault.kind)?.name === 'http'
  const notRequests = isHttp ? fault.links.find(({ from }) => from !== 'clients') : undefined
  if (notRequests !== undefined) return `${linkName(notRequests)} carries no requests: they go from clients to nodes`
  return undefined
}
