import { type FaultKind, familyOf, nemeses, refusalText } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { Suffering } from '@chaosproxy/runner'
import { serviceBlows } from './blows.ts'

const instead: { readonly [kind in FaultKind]?: readonly string[] } = {
  crash: ['kill'],
  // TCP turns loss into delay, and every connection has its own delays.
  'drop-message': ['delay', 'partition'],
  'delay-message': ['delay'],
  'reorder-message': ['delay'],
  // Programs send again after a reset.
  'duplicate-message': ['reset'],
  'lose-request': ['cut-clients'],
  'lose-reply': ['cut-clients'],
  'delay-request': ['delay-clients'],
  'delay-reply': ['delay-clients'],
  timeout: ['blackhole'],
  'reset-peer': ['reset'],
  'half-open': ['blackhole'],
}

export function serviceSuffers(kind: FaultKind): Suffering {
  if (Object.hasOwn(serviceBlows, kind)) return true
  const family = familyOf(kind)?.name
  const not =
    family === 'message' || family === 'http'
      ? 'programs exchange bytes over connections, and the simulator does not recognise messages in them yet'
      : 'it is not implemented for simulated programs yet'
  return { not, instead: instead[kind] ?? [], elsewhere: 'processes' }
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
      throw new UserError('usage', `${option} ${name}: simulated programs cannot suffer it: ${refusalText(suffers)}`)
  }
}
