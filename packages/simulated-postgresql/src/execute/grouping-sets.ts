import { decideText } from '../expressions/coerce.ts'
import { requireEquality } from '../expressions/comparison.ts'
import { compileExpression } from '../expressions/compile.ts'
import type { Compiled } from '../expressions/env.ts'
import { valueAt } from '../expressions/fold.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
import { contains, treeText } from '../sql/trees.ts'
import { OID } from '../types/oids.ts'
import type { JoinedRow, NamedColumn } from './model.ts'
import type { QueryScope } from './scope.ts'

interface GroupKey {
  readonly node: Node
  readonly compiled: Compiled
  /** The slot of the key in the row of a group. If the grouping set lacks the key, the slot contains null. */
  readonly slot: number
  readonly column: NamedColumn | undefined
}

/** ROLLUP, CUBE and GROUPING SETS: the query groups its rows once per grouping set. */
export interface GroupingSets {
  readonly keys: readonly GroupKey[]
  readonly sets: readonly (readonly number[])[]
  /** Returns an expression for a key or GROUPING that reads the row of a group; undefined for other nodes. */
  replaced(node: Node): Compiled | undefined
  marked(group: JoinedRow, set: number): JoinedRow
}

/** PostgreSQL's limit. */
const MOST_SETS = 4096

/** Compiles the grouping sets of GROUP BY, if it has any. */
export function compileGroupingSets(
  clause: readonly Node[],
  targetList: readonly Node[],
  scope: QueryScope,
): GroupingSets | undefined {
  if (!clause.some((node) => 'GroupingSet' in node)) return undefined
  const keys: GroupKey[] = []
  const keyOf = (given: Node): number => {
    const node = resolved(given, targetList, scope)
    const text = treeText(node)
    const column = columnOf(node, scope)
    const known = keys.findIndex((each) =>
      column === undefined ? treeText(each.node) === text : each.column === column,
    )
    if (known >= 0) return known
    // If an expression occurs several times in the select list, PostgreSQL makes a separate key of each occurrence.
    if (column === undefined && targetList.filter((target) => targetText(target) === text).length > 1)
      throw new NotSupported('grouping sets with an expression that is twice in the select list')
    const compiled = decideText(compileExpression(node, scope), scope)
    requireEquality(scope.context.types, compiled.type.oid)
    return keys.push({ node, compiled, slot: scope.width++, column }) - 1
  }
  const sets = crossed(clause.map((node) => setsOf(node, keyOf)))
  const mark = scope.width++
  return {
    keys,
    sets,
    replaced(node) {
      if ('GroupingFunc' in node) return grouping(node.GroupingFunc, keys, sets, mark, scope)
      const column = columnOf(node, scope)
      if (column === undefined && 'ColumnRef' in node) return undefined
      const key = keys.find((each) =>
        column === undefined ? treeText(each.node) === treeText(node) : each.column === column,
      )
      return key === undefined ? undefined : valueAt(key.compiled.type, key.slot)
    },
    marked({ values: before, tuples }, set) {
      const values = before.slice()
      for (const [at, { slot, column }] of keys.entries()) {
        if (sets[set]?.includes(at) === true) continue
        values[slot] = null
        if (column !== undefined) values[column.slot] = null
      }
      values[mark] = set
      return { values, tuples }
    },
  }
}

const targetText = (target: Node): string | undefined =>
  'ResTarget' in target && target.ResTarget.val !== undefined ? treeText(target.ResTarget.val) : undefined

/** Returns the column to which a plain column reference refers; undefined for other expressions. */
export function columnOf(node: Node, scope: QueryScope): NamedColumn | undefined {
  if (!('ColumnRef' in node)) return undefined
  const fields = node.ColumnRef.fields ?? []
  return fields.some((field) => !('String' in field)) ? undefined : scope.find(namesOf(fields))
}

/** Returns the expression of the result column that a number or name refers to. */
function resolved(node: Node, targetList: readonly Node[], scope: QueryScope): Node {
  if ('A_Const' in node) {
    const place = node.A_Const.ival?.ival ?? 0
    const target = targetList[place - 1]
    if (node.A_Const.ival === undefined) throw new SqlError('42601', 'non-integer constant in GROUP BY')
    if (targetList.some(isStar)) throw new NotSupported('a position in GROUP BY while the select list has *')
    if (target === undefined || !('ResTarget' in target) || target.ResTarget.val === undefined)
      throw new SqlError('42P10', `GROUP BY position ${place} is not in select list`)
    return target.ResTarget.val
  }
  if (!('ColumnRef' in node) || columnOf(node, scope) !== undefined) return node
  const names = namesOf(node.ColumnRef.fields)
  const found = targetList.flatMap((target) =>
    names.length === 1 && 'ResTarget' in target && target.ResTarget.name === names[0] ? [target.ResTarget.val] : [],
  )
  return found[0] ?? node
}

const isStar = (target: Node): boolean => contains(target, 'A_Star')

type Sets = readonly (readonly number[])[]

function setsOf(node: Node, keyOf: (node: Node) => number): Sets {
  if (!('GroupingSet' in node)) return [listed(node, keyOf)]
  const { kind, content, ...rest } = node.GroupingSet
  refuseRest('GroupingSet', rest)
  const parts = content ?? []
  switch (kind) {
    case 'GROUPING_SET_EMPTY':
      return [[]]
    case 'GROUPING_SET_SETS':
      return parts.flatMap((part) => setsOf(part, keyOf))
    case 'GROUPING_SET_ROLLUP': {
      const lists = parts.map((part) => listed(part, keyOf))
      return Array.from({ length: lists.length + 1 }, (_, left) => lists.slice(0, lists.length - left).flat())
    }
    case 'GROUPING_SET_CUBE': {
      if (parts.length > 12) throw new SqlError('54011', 'CUBE is limited to 12 elements')
      const lists = parts.map((part) => listed(part, keyOf))
      return Array.from({ length: 2 ** lists.length }, (_, chosen) =>
        lists.flatMap((list, at) => ((chosen >> at) & 1 ? [] : list)),
      )
    }
    default:
      throw new NotSupported(`${kind} in GROUP BY`)
  }
}

function listed(node: Node, keyOf: (node: Node) => number): readonly number[] {
  const isList = 'RowExpr' in node && node.RowExpr.row_format === 'COERCE_IMPLICIT_CAST'
  return isList ? (node.RowExpr.args ?? []).map(keyOf) : [keyOf(node)]
}

function crossed(all: readonly Sets[]): Sets {
  let sets: Sets = [[]]
  for (const each of all) {
    sets = sets.flatMap((left) => each.map((right) => [...new Set([...left, ...right])]))
    if (sets.length > MOST_SETS) throw new SqlError('54001', 'too many grouping sets present (maximum 4096)')
  }
  return sets
}

/** GROUPING: one bit per argument, set if the grouping set lacks the argument. */
function grouping(
  fields: Fields<'GroupingFunc'>,
  keys: readonly GroupKey[],
  sets: Sets,
  mark: number,
  scope: QueryScope,
): Compiled {
  const { args, ...rest } = fields
  refuseRest('GroupingFunc', rest)
  const places = (args ?? []).map((node) => {
    const column = columnOf(node, scope)
    const at = keys.findIndex((key) =>
      column === undefined ? treeText(key.node) === treeText(node) : key.column === column,
    )
    if (at < 0)
      throw new SqlError('42803', 'arguments to GROUPING must be grouping expressions of the associated query level')
    return at
  })
  if (places.length > 31) throw new SqlError('54023', 'GROUPING must have fewer than 32 arguments')
  const masks = sets.map((set) => places.reduce((mask, place) => mask * 2 + (set.includes(place) ? 0 : 1), 0))
  return { type: scope.context.type(OID.int4), evaluate: (env) => masks[Number(env.row[mark] ?? 0)] ?? 0 }
}
