import { compileExpression } from '../expressions/compile.ts'
import type { Compiled, Env } from '../expressions/env.ts'
import { compareKeys, directed } from '../expressions/sorting.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
import type { SqlValue } from '../types/value.ts'
import type { QueryScope } from './scope.ts'

export interface SortKey {
  readonly node: Node
  readonly compiled: Compiled
  readonly compare: (a: SqlValue, b: SqlValue) => number
  /** The index of the result column that serves as the key; undefined if the key is another expression. */
  readonly target: number | undefined
}

export interface SortTarget {
  readonly name: string
  readonly compiled: Compiled
}

export function compileSort(
  clause: readonly Node[] | undefined,
  targets: readonly SortTarget[],
  scope: QueryScope,
  compile: (node: Node) => Compiled = (node) => compileExpression(node, scope),
): readonly SortKey[] {
  return (clause ?? []).map((node) => {
    const fields = expectKind(node, 'SortBy')
    const { node: key, useOp, ...rest } = fields
    refuseRest('SortBy', rest, ['sortby_dir', 'sortby_nulls'])
    if (key === undefined || useOp !== undefined) throw new NotSupported('ORDER BY USING')
    const target = targetOf(key, targets, 'ORDER BY')
    const compiled = target === undefined ? compile(key) : (targets[target]?.compiled ?? compile(key))
    return { node: key, compiled, target, compare: directed(fields, scope.context.compareOf(compiled.type)) }
  })
}

/** Returns the index of the result column that a number or a name refers to. */
export function targetOf(node: Node, targets: readonly SortTarget[], clause: string): number | undefined {
  if ('A_Const' in node) {
    const { ival } = node.A_Const
    if (ival === undefined) throw new SqlError('42601', `non-integer constant in ${clause}`)
    const number = ival.ival ?? 0
    if (number < 1 || number > targets.length)
      throw new SqlError('42P10', `${clause} position ${number} is not in select list`)
    return number - 1
  }
  const name = plainName(node)
  if (name === undefined) return undefined
  const found = targets.findIndex((target) => target.name === name)
  return found < 0 ? undefined : found
}

function plainName(node: Node): string | undefined {
  if (!('ColumnRef' in node)) return undefined
  const fields = node.ColumnRef.fields ?? []
  return fields.length === 1 && fields[0] !== undefined && 'String' in fields[0] ? namesOf(fields)[0] : undefined
}

export function sorted<T>(
  rows: readonly T[],
  keys: readonly SortKey[],
  valuesOf: (row: T) => readonly SqlValue[],
): readonly T[] {
  if (keys.length === 0) return rows
  const decorated = rows.map((row) => ({ row, values: valuesOf(row) }))
  decorated.sort((a, b) => compareKeys(keys, a.values, b.values))
  return decorated.map((each) => each.row)
}

export function sortValues(keys: readonly SortKey[], env: Env): readonly SqlValue[] {
  return keys.map((key) => key.compiled.evaluate(env))
}
