import type { Node } from '../sql/nodes.ts'
import { objectsIn } from '../sql/trees.ts'
import type { SqlType } from '../types/value.ts'
import type { Compiled, Scope } from './env.ts'

/** Compiles the operands of an expression. Every function that compiles one kind of expression gets a `Compiler`. */
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
  const locations = Array.from(objectsIn(node), ({ location = -1 }: { location?: number }) => location)
  const known = locations.filter((location) => location >= 0)
  return known.length === 0 ? undefined : Math.min(...known)
}
