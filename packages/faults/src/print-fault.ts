import type { Json } from '@chaosproxy/history'
import { linkName } from './link.ts'
import { definitionOf, type Fault } from './registry.ts'
import type { FaultPlan } from './schedule/schedule.ts'

/**
 * A fault, or a plan of one, as written in files and histories: links by name, members in a fixed order, undefined
 * ones left out. `parseFault` and `parsePlan` read it.
 */
export function printFault(fault: Fault | FaultPlan): { readonly [member: string]: Json } {
  const members: { readonly [name: string]: unknown } = { ...fault }
  const targets = 'nodes' in fault ? fault.nodes : fault.links
  const named =
    typeof targets === 'string' ? targets : targets.map((one) => (typeof one === 'string' ? one : linkName(one)))
  const parameters = Object.keys(definitionOf(fault.kind).parameters).map((name) => [name, members[name]])
  return printed({
    kind: fault.kind,
    ['nodes' in fault ? 'nodes' : 'links']: named,
    ...Object.fromEntries(parameters),
    match: members['match'],
    when: members['when'],
  })
}

/** A fault consists of JSON, apart from undefined members. */
const printed = (members: object): { readonly [member: string]: Json } =>
  Object.fromEntries(
    Object.entries(members)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, isSection(value) ? printed(value) : (value as Json)]),
  )

const isSection = (value: unknown): value is object =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
