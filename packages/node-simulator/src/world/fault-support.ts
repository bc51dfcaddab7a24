import { type FaultKind, familyOf, type NodeId, nemeses, refusalText } from '@chaosproxy/faults'
import { usageError } from '@chaosproxy/history'
import type { FaultSupport } from '@chaosproxy/runner'
import { serviceBlows } from './blows.ts'

const instead: { readonly [kind in FaultKind]?: readonly string[] } = {
  crash: ['kill'],
  // TCP sends a lost message again, so the loss only delays the message's own connection.
  'drop-message': ['delay', 'partition'],
  'delay-message': ['delay'],
  'reorder-message': ['delay'],
  // After a reset, programs send their requests again, so a request may arrive twice.
  'duplicate-message': ['reset'],
  'lose-request': ['cut-clients'],
  'lose-reply': ['cut-clients'],
  'delay-request': ['delay-clients'],
  'delay-reply': ['delay-clients'],
  timeout: ['blackhole'],
  'reset-peer': ['reset'],
  'half-open': ['blackhole'],
  'slow-fsync': ['pause'],
  'fail-fsync': ['kill'],
  'freeze-disk': ['pause'],
  'fill-disk': ['kill'],
  'flip-bit': ['power-loss', 'kill'],
}

export function serviceFaultSupport(kind: FaultKind): FaultSupport {
  if (Object.hasOwn(serviceBlows, kind)) return true
  const family = familyOf(kind)?.name
  const not =
    family === 'message' || family === 'http'
      ? 'programs exchange bytes over connections, and the simulator does not recognise messages in them yet'
      : 'it is not implemented for simulated programs yet'
  return { not, instead: instead[kind] ?? [], elsewhere: 'processes' }
}

/** Faults that lose acknowledged data: a failover loses commits, and a power loss loses data that was not fsynced. */
const UNUSUAL: ReadonlySet<FaultKind> = new Set<FaultKind>(['failover', 'power-loss'])

/** Returns the default faults of a search, which lose no acknowledged data. */
export const usualServiceFaults = (): readonly string[] =>
  nemeses
    .filter(({ among, kind }) => among === 'nodes' && !UNUSUAL.has(kind) && serviceFaultSupport(kind) === true)
    .map(({ name }) => name)

/**
 * @param nodesFor returns the nodes of the service that a kind of fault can hit; undefined if it can hit all nodes.
 * @throws UserError (usage) for a fault that cannot be injected into programs. The message begins with `option`.
 */
export function requireSupported(
  faults: readonly string[],
  option: string,
  nodesFor: (kind: FaultKind) => readonly NodeId[] | undefined,
): void {
  for (const { name, kind } of nemeses.filter((nemesis) => faults.includes(nemesis.name))) {
    if (nodesFor(kind)?.length === 0) throw usageError(`${option} ${name}: ${lacking(kind)}`)
    const support = serviceFaultSupport(kind)
    if (support !== true)
      throw usageError(`${option} ${name}: simulated programs cannot suffer this fault: ${refusalText(support)}`)
  }
}

const lacking = (kind: FaultKind): string =>
  kind === 'failover'
    ? 'no PostgreSQL of this service has a standby: add --standby ("standby": true).'
    : 'this service has no PostgreSQL in the simulator: add --beside pg=postgres.'
