import type { TcpFault } from '@chaosproxy/faults'
import { linkName, tcpFamily } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { ClientFilter } from './client-filter.ts'
import { createClientFilter } from './client-filter.ts'
import type { StandingHarm } from './delivery/registry.ts'

/** A fault that stays until it is removed. */
export type StandingFault = Extract<TcpFault, StandingHarm>

/** One fault over all its links, as it is just now. */
export interface Affliction<Of extends TcpFault = TcpFault> {
  fault: Of
  /** Undefined where the trigger names no clients. */
  isForClient: ClientFilter | undefined
  /** Within the times that its trigger gives. */
  inForce: boolean
  /** How often it bit, over all its links. */
  hits: number
}

/** @throws UserError (usage) naming the fault, its links and what makes no sense. */
export function validateFault(fault: TcpFault): void {
  const where = `fault on ${fault.links.map(linkName).join(', ')}`
  const { when } = tcpFamily.parse(fault, where)
  if (when?.client !== undefined) createClientFilter(when.client)
}

/** @throws UserError (usage) where the other fault is no update of this one, but another one. */
export function validateUpdate(before: TcpFault, after: TcpFault): void {
  validateFault(after)
  const [was, is] = [nameOf(before), nameOf(after)]
  if (was !== is) throw new UserError('usage', `${was} cannot become ${is}: remove it, and apply the other.`)
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
