import { NotSupported } from '../sql/error.ts'
import { expectKind, type Node, refuseRest } from '../sql/nodes.ts'
import type { SqlValue } from '../types/value.ts'
import { decideText } from './coerce.ts'
import { sortOrder } from './comparison.ts'
import type { Compiled, Env, Scope } from './env.ts'

export interface SortKey {
  readonly value: Compiled
  readonly ascending: boolean
  /** Compares two values in the chosen direction, with nulls first or last. */
  readonly compare: (a: SqlValue, b: SqlValue, env: Env) => number
}

/** Compiles an item of ORDER BY, which may be the number or the name of a result column. */
export function compileSortKey(node: Node, scope: Scope, compile: (node: Node) => Compiled): SortKey {
  const { node: expression, sortby_dir, sortby_nulls, useOp, ...rest } = expectKind(node, 'SortBy')
  refuseRest('SortBy', rest)
  if (expression === undefined || useOp !== undefined) throw new NotSupported('ORDER BY … USING')
  const value = decideText(compile(expression), scope)
  const descending = sortby_dir === 'SORTBY_DESC'
  const nullsFirst = sortby_nulls === 'SORTBY_NULLS_FIRST' || (descending && sortby_nulls !== 'SORTBY_NULLS_LAST')
  const order = sortOrder(scope.context.types, value.type.oid)
  const compare = (a: SqlValue, b: SqlValue, env: Env): number => {
    if (a === null || b === null) {
      if (a === b) return 0
      return (a === null) === nullsFirst ? -1 : 1
    }
    return descending ? -order(a, b, env) : order(a, b, env)
  }
  return { value, ascending: !descending, compare }
}

export function compareKeys(
  keys: readonly Pick<SortKey, 'compare'>[],
  a: readonly SqlValue[],
  b: readonly SqlValue[],
  env: Env,
): number {
  for (const [i, key] of keys.entries()) {
    const difference = key.compare(a[i] ?? null, b[i] ?? null, env)
    if (difference !== 0) return difference
  }
  return 0
}
