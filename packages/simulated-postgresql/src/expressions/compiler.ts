import type { Node } from '../sql/nodes.ts'
import type { SqlType } from '../types/value.ts'
import type { Compiled, Scope } from './env.ts'

/** What the parts of the compiler share: they compile the expressions within theirs through it. */
export interface Compiler {
  readonly scope: Scope
  compile(node: Node | undefined, wanted?: SqlType): Compiled
}

/** The place of a node in the statement, in characters from 0. */
export function locationOf(node: Node | undefined): number | undefined {
  if (node === undefined) return undefined
  for (const fields of Object.values(node) as readonly { location?: number }[]) return fields.location
  return undefined
}

/** Where an expression begins: the leftmost place of its parts. */
export function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  let least: number | undefined
  for (const [name, value] of Object.entries(node)) {
    const found = name === 'location' && typeof value === 'number' && value >= 0 ? value : startOf(value)
    if (found !== undefined && (least === undefined || found < least)) least = found
  }
  return least
}

/** Whether a node contains one of the kinds, outside of subqueries too. */
export function contains(node: unknown, kind: string): boolean {
  if (typeof node !== 'object' || node === null) return false
  return Object.entries(node).some(([name, value]) => name === kind || contains(value, kind))
}
