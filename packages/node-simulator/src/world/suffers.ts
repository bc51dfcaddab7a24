import { type FaultKind, familyOf, nemeses } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { Suffering } from '@chaosproxy/runner'
import { serviceBlows } from './blows.ts'

const instead: { readonly [kind in FaultKind]?: string } = {
  crash: 'kill',
  'drop-message': 'latency, which is what TCP makes of loss, or partition',
  'delay-message': 'latency',
  'reorder-message': 'latency: every connection has its own delays',
  'duplicate-message': 'reset, after which programs send again',
  'lose-request': 'partition of the link from clients',
  'lose-reply': 'partition of the link to clients',
  'delay-request': 'latency',
  'delay-reply': 'latency',
  timeout: 'blackhole',
  'reset-peer': 'reset',
  'half-open': 'blackhole',
}

export function serviceSuffers(kind: FaultKind): Suffering {
  if (Object.hasOwn(serviceBlows, kind)) return true
  const family = familyOf(kind)?.name
  const not =
    family === 'message' || family === 'http'
      ? 'programs exchange bytes over connections, and the simulator does not recognise messages in them yet'
      : 'it is not implemented for simulated programs yet'
  return { not, instead: instead[kind] ?? 'run it on real processes: chaos run' }
}

/** A search's default faults: every fault among nodes that programs can suffer. */
export const usualServiceFaults: readonly string[] = nemeses
  .filter(({ among, kind }) => among === 'nodes' && serviceSuffers(kind) === true)
  .map(({ name }) => name)

/** @throws UserError (usage) for a fault that programs cannot suffer; `option` begins the message. */
export function requireSufferable(faults: readonly string[], option: string): void {
  for (const { name, kind } of nemeses.filter((nemesis) => faults.includes(nemesis.name))) {
    const suffers = serviceSuffers(kind)
    if (suffers !== true)
      throw new UserError(
        'usage',
        `${option} ${name}: simulated programs cannot suffer it: ${suffers.not}; instead: ${suffers.instead}.`,
      )
  }
}
