import { linkName, type TcpFault, tcpFamily } from '@chaosproxy/faults'
import { usageError } from '@chaosproxy/history'
import type { StandingHarm } from '../delivery/registry.ts'
import { type ClientFilter, createClientFilter } from './client-filter.ts'

/** A fault that stays until it is removed. */
export type StandingFault = Extract<TcpFault, StandingHarm>

export interface Affliction<Of extends TcpFault = TcpFault> {
  fault: Of
  isForClient: ClientFilter | undefined
  inForce: boolean
  hits: number
}

/** @throws UserError (usage) that names the fault, its links and the invalid value. */
export function validateFault(fault: TcpFault): void {
  const where = `fault on ${fault.links.map(linkName).join(', ')}`
  const { when } = tcpFamily.parse(fault, where)
  if (when?.client !== undefined) createClientFilter(when.client)
}

/** @throws UserError (usage) unless `after` has the same kind and links, and so can be an update. */
export function validateUpdate(before: TcpFault, after: TcpFault): void {
  validateFault(after)
  const [was, is] = [nameOf(before), nameOf(after)]
  if (was !== is) throw usageError(`${was} cannot become ${is}. Remove the old fault, and apply the new one.`)
}

const nameOf = ({ kind, links }: TcpFault): string => `${kind} on ${links.map(linkName).sort().join(', ')}`

export const createAffliction = (fault: StandingFault): Affliction<StandingFault> => ({
  fault,
  isForClient: clientFilterOf(fault),
  inForce: (fault.when?.fromMs ?? 0) === 0,
  hits: 0,
})

export const clientFilterOf = ({ when }: TcpFault): ClientFilter | undefined =>
  when?.client === undefined ? undefined : createClientFilter(when.client)
