import type { Node } from '../sql/nodes.ts'
import type { SqlType } from '../types/value.ts'
import type { Compiled, Scope } from './env.ts'

/** Lets the parts of the compiler compile nested expressions. */
export interface Compiler {
  readonly scope: Scope
  compile(node: Node | undefined, wanted?: SqlType): Compiled
}

/** Returns the location of a node in the statement, in characters from 0. */
export function locationOf(node: Node | undefined): number | undefined {
  if (node === undefined) return undefined
  for (const fields of Object.values(node) as readonly { location?: number }[]) return fields.location
  return undefined
}

/** Returns the leftmost location in an expression, in characters from 0. */
export function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  let least: number | undefined
  for (const [name, value] of Object.entries(node)) {
    const found = name === 'location' && typeof value === 'number' && value >= 0 ? value : startOf(value)
    if (found !== undefined && (least === undefined || found < least)) least = found
  }
  return least
}

export function contains(node: unknown, kind: string): boolean {
  if (typeof node !== 'object' || node === null) return false
  return Object.entries(node).some(([name, value]) => name === kind || contains(value, kind))
}
