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
  const result: { [member: string]: Json } = {
    kind: fault.kind,
    ['nodes' in fault ? 'nodes' : 'links']: named,
  }
  for (const name of Object.keys(definitionOf(fault.kind).parameters)) copyMember(members, name, result)
  copyMember(members, 'match', result)
  copyMember(members, 'when', result)
  return result
}

/** A fault consists of JSON, apart from undefined members. */
function copyMember(from: { readonly [name: string]: unknown }, name: string, to: { [name: string]: Json }): void {
  const value = from[name]
  if (value === undefined) return
  to[name] = isSection(value) ? printed(value) : (value as Json)
}

function printed(section: { readonly [name: string]: unknown }): { readonly [name: string]: Json } {
  const result: { [name: string]: Json } = {}
  for (const name of Object.keys(section)) copyMember(section, name, result)
  return result
}

const isSection = (value: unknown): value is { readonly [name: string]: unknown } =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
