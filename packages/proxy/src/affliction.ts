import type { LinkFault } from '@chaos/faults'
import { linkName, parseLinkHarm, parseTrigger } from '@chaos/faults'
import { UserError } from '@chaos/history'
import type { StandingHarm } from './delivery/stages.ts'
import type { ClientFilter } from './trigger.ts'
import { createClientFilter } from './trigger.ts'

/** A fault that stays until it is removed. */
export type StandingFault = Extract<LinkFault, StandingHarm>

/** One fault over all its links, as it is just now. */
export interface Affliction<Of extends LinkFault = LinkFault> {
  fault: Of
  /** Undefined where the trigger names no clients. */
  isForClient: ClientFilter | undefined
  /** Within the times that its trigger gives. */
  inForce: boolean
  /** How often it bit, over all its links. */
  hits: number
}

/** @throws UserError (usage) naming the fault, its links and what makes no sense. */
export function validateFault(fault: LinkFault): void {
  const where = `fault on ${fault.links.map(linkName).join(', ')}`
  parseLinkHarm(membersOf(fault), where)
  const when = parseTrigger(fault.when, where)
  if (when?.client !== undefined) createClientFilter(when.client)
  if (when?.fromMs !== undefined && when.untilMs !== undefined && when.untilMs <= when.fromMs)
    throw new UserError('usage', `${where}: "untilMs" is ${when.untilMs}, which is not after "fromMs" ${when.fromMs}.`)
}

/** Without those that are there and undefined, which for a program is as good as absent. */
const membersOf = (fault: LinkFault): { readonly [name: string]: unknown } =>
  Object.fromEntries(Object.entries(fault).filter(([, value]) => value !== undefined))

/** @throws UserError (usage) where the other fault is no update of this one, but another one. */
export function validateUpdate(before: LinkFault, after: LinkFault): void {
  validateFault(after)
  const [was, is] = [nameOf(before), nameOf(after)]
  if (was !== is) throw new UserError('usage', `${was} cannot become ${is}: remove it, and apply the other.`)
}

const nameOf = ({ kind, links }: LinkFault): string => `${kind} on ${links.map(linkName).sort().join(', ')}`

export const createAffliction = (fault: StandingFault): Affliction<StandingFault> => ({
  fault,
  isForClient: clientFilterOf(fault),
  inForce: (fault.when?.fromMs ?? 0) === 0,
  hits: 0,
})

export const clientFilterOf = ({ when }: LinkFault): ClientFilter | undefined =>
  when?.client === undefined ? undefined : createClientFilter(when.client)
