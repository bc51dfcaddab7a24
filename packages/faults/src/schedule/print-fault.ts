import type { Json } from '@chaosproxy/history'
import { linkName } from '../definition/link.ts'
import { definitionOf, type Fault, type FaultKind } from '../families/registry.ts'
import type { FaultPlan } from './schedule.ts'

/**
 * Returns a fault or plan in the form that files and histories contain, with members in a fixed order. `parseFault` and
 * `parsePlan` parse this form.
 */
export function printFault(fault: Fault | FaultPlan): { readonly [member: string]: Json } {
  return printMembers(fault, { kind: fault.kind })
}

/**
 * Adds all members except the kind. Simulations write thousands of faults per second, for which an object spread would
 * be slow.
 */
export function printMembers(
  fault: Fault | FaultPlan,
  result: { [member: string]: Json },
): { readonly [member: string]: Json } {
  if ('nodes' in fault) result['nodes'] = typeof fault.nodes === 'string' ? fault.nodes : [...fault.nodes]
  else result['links'] = typeof fault.links === 'string' ? fault.links : fault.links.map(linkName)
  const members = fault as unknown as { readonly [name: string]: unknown }
  for (const name of parametersOf(fault.kind)) copyMember(members, name, result)
  copyMember(members, 'match', result)
  copyMember(members, 'when', result)
  return result
}

const parameterNames = new Map<FaultKind, readonly string[]>()

function parametersOf(kind: FaultKind): readonly string[] {
  const known = parameterNames.get(kind)
  if (known !== undefined) return known
  const names = Object.keys(definitionOf(kind).parameters)
  parameterNames.set(kind, names)
  return names
}

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
