import type { FaultKind } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import type { Carriage } from '@chaosproxy/proxy/control'
import type { FaultSupport, Target } from '@chaosproxy/runner'
import type { Workload } from '@chaosproxy/workloads'
import { nodeHarms } from '../network/node-harms.ts'
import { RECORDING } from './name.ts'
import { type ObservedTraffic, waysOf } from './observed-traffic.ts'
import { type AffectedServers, trafficOffer, trafficRefusal } from './offer.ts'
import { startTraffic } from './start-traffic.ts'

interface TrafficTarget extends ObservedTraffic {
  readonly workload: Workload
  readonly affected: readonly AffectedServers[]
}

/** Returns a target whose clients are only observed, through the proxies. */
export function trafficTarget(traffic: TrafficTarget): Target {
  const { servers, workload, affected } = traffic
  const ways = waysOf(traffic)
  return {
    name: RECORDING,
    clients: 'observed',
    summary: 'existing servers and clients',
    defaultNodes: servers.length,
    settings: [],
    bugs: [],
    marks: false,
    tier: 'real',
    sessions: sessionsOf(ways),
    mapping: ways.some((carries) => 'table' in carries) ? 'routes' : undefined,
    functions: () => workload.functions,
    promises: () => 'nothing',
    supports: (kind, among) => trafficFaultSupport(kind, among, affected),
    offers: () => affected.map(trafficOffer),
    refusal: (name) => trafficRefusal(name, affected),
    validate(_settings, _bug, nodes) {
      if (nodes !== servers.length)
        throw inputError(`nodes is ${nodes}, but target.traffic has ${servers.length} servers.`)
    },
    start: (options) => startTraffic(traffic, options),
  }
}

function trafficFaultSupport(
  kind: FaultKind,
  among: 'nodes' | 'clients' | undefined,
  affected: readonly AffectedServers[],
): FaultSupport {
  if (among !== 'nodes') return true
  if (!Object.hasOwn(nodeHarms, kind))
    return { not: 'faults act only on traffic between servers and their clients', instead: ['cut-clients'] }
  if (affected.some(({ areOurs }) => areOurs)) return true
  return { not: 'the run starts no server: declare one with "serve"', instead: ['cut-clients'] }
}

/** Returns what identifies a session, as far as this is known before the first operation. */
function sessionsOf(ways: readonly Carriage[]): Target['sessions'] {
  const named = new Set(ways.flatMap((carries) => namedBy(carries) ?? []))
  return named.size === 0 ? { by: 'connection', named: false } : { by: [...named].join(', '), named: true }
}

function namedBy(carries: Carriage): string | undefined {
  if (carries.kind === 'spoken') return carries.client ?? carries.protocol.namedBy
  return 'table' in carries ? carries.table?.client : undefined
}
