import { NotSupported } from '../sql/error.ts'
import { expectKind, type Fields, type Node, refuseRest } from '../sql/nodes.ts'
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
  const fields = expectKind(node, 'SortBy')
  const { node: expression, useOp, ...rest } = fields
  refuseRest('SortBy', rest, ['sortby_dir', 'sortby_nulls'])
  if (expression === undefined || useOp !== undefined) throw new NotSupported('ORDER BY … USING')
  const value = decideText(compile(expression), scope)
  const compare = directed(fields, sortOrder(scope.context.types, value.type.oid))
  return { value, ascending: fields.sortby_dir !== 'SORTBY_DESC', compare }
}

type Compare<Rest extends readonly unknown[]> = (a: SqlValue, b: SqlValue, ...rest: Rest) => number

/** Returns the comparison in the direction of an ORDER BY item, with nulls first or last. */
export function directed<Rest extends readonly unknown[]>(
  { sortby_dir, sortby_nulls }: Fields<'SortBy'>,
  order: Compare<Rest>,
): Compare<Rest> {
  const descending = sortby_dir === 'SORTBY_DESC'
  const nullsFirst = sortby_nulls === 'SORTBY_NULLS_FIRST' || (descending && sortby_nulls !== 'SORTBY_NULLS_LAST')
  return (a, b, ...rest) => {
    if (a === null || b === null) return a === b ? 0 : (a === null) === nullsFirst ? -1 : 1
    return descending ? order(b, a, ...rest) : order(a, b, ...rest)
  }
}

export function compareKeys<Rest extends readonly unknown[]>(
  keys: readonly { readonly compare: Compare<Rest> }[],
  a: readonly SqlValue[],
  b: readonly SqlValue[],
  ...rest: Rest
): number {
  for (const [i, key] of keys.entries()) {
    const difference = key.compare(a[i] ?? null, b[i] ?? null, ...rest)
    if (difference !== 0) return difference
  }
  return 0
}
