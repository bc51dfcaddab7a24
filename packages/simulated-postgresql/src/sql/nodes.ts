import type { Node } from 'libpg-query'
import { NotSupported } from './error.ts'

export type { Node } from 'libpg-query'

type KeyOfEach<T> = T extends unknown ? keyof T : never
/** The name of a kind of node in PostgreSQL's parse tree: `SelectStmt`, `A_Expr`, … */
export type Kind = KeyOfEach<Node>
type Wrapped<K extends Kind> = Extract<Node, Record<K, unknown>>
/** The fields of a node of kind `K`. A field with zero, false or '' is absent. */
export type Fields<K extends Kind> = Wrapped<K>[K]

/**
 * By field: the value that the parser sets if the statement does not mention the field. A field with this value can be
 * ignored.
 */
const UNWRITTEN: Readonly<Record<string, unknown>> = {
  limitOption: 'LIMIT_OPTION_DEFAULT',
  op: 'SETOP_NONE',
  inh: true,
  relpersistence: 'p',
  override: 'OVERRIDING_NOT_SET',
  defaction: 'DEFELEM_UNSPEC',
  oncommit: 'ONCOMMIT_NOOP',
  ordering: 'SORTBY_DEFAULT',
  nulls_ordering: 'SORTBY_NULLS_DEFAULT',
  sortby_dir: 'SORTBY_DEFAULT',
  sortby_nulls: 'SORTBY_NULLS_DEFAULT',
  behavior: 'DROP_RESTRICT',
  initially_valid: true,
  is_enforced: true,
  is_local: true,
  funcformat: 'COERCE_EXPLICIT_CALL',
  ctematerialized: 'CTEMaterializeDefault',
  returningOption: 'RETURNING_OPTION_DEFAULT',
  typemod: -1,
  stmt_location: -1,
  stmt_len: -1,
}

/** The SQL words of those fields of the syntax tree that have a different name in SQL. */
const WORDS: Readonly<Record<string, string>> = {
  'SelectStmt.distinctClause': 'DISTINCT',
  'SelectStmt.intoClause': 'SELECT INTO',
  'SelectStmt.fromClause': 'FROM',
  'SelectStmt.whereClause': 'WHERE',
  'SelectStmt.groupClause': 'GROUP BY',
  'SelectStmt.groupDistinct': 'GROUP BY DISTINCT',
  'SelectStmt.havingClause': 'HAVING',
  'SelectStmt.windowClause': 'WINDOW',
  'SelectStmt.sortClause': 'ORDER BY',
  'SelectStmt.limitOption': 'WITH TIES',
  'SelectStmt.lockingClause': 'FOR UPDATE or FOR SHARE',
  'SelectStmt.withClause': 'WITH',
  'FuncCall.agg_filter': 'FILTER',
  'FuncCall.agg_order': 'ORDER BY in an aggregate',
  'FuncCall.agg_within_group': 'WITHIN GROUP',
  'FuncCall.agg_distinct': 'DISTINCT in an aggregate',
  'FuncCall.func_variadic': 'VARIADIC',
  'FuncCall.over': 'OVER',
  'RangeVar.inh': 'ONLY',
  'RangeVar.relpersistence': 'TEMPORARY or UNLOGGED',
  'InsertStmt.override': 'OVERRIDING',
  'CollateClause.collname': 'COLLATE',
  'CommonTableExpr.search_clause': 'SEARCH in WITH RECURSIVE',
  'CommonTableExpr.cycle_clause': 'CYCLE in WITH RECURSIVE',
  'IndexStmt.whereClause': 'a partial index',
  'CreateStmt.inhRelations': 'INHERITS or PARTITION OF',
  'CreateStmt.partspec': 'PARTITION BY',
  'TransactionStmt.chain': 'AND CHAIN',
}

export function kindOf(node: Node): Kind {
  for (const kind of Object.keys(node)) return kind as Kind
  throw new NotSupported('an empty node')
}

export function expectKind<K extends Kind>(node: Node | undefined, kind: K): Fields<K> {
  const fields = node === undefined ? undefined : (node as Partial<Record<Kind, unknown>>)[kind]
  if (fields === undefined) throw new NotSupported(node === undefined ? `a missing ${kind}` : kindOf(node))
  return fields as Fields<K>
}

/** Functions by kind of node; a kind may have none. A function takes the fields of a node. */
export type ByKind<Given extends readonly unknown[], Result> = {
  readonly [K in Kind]?: (fields: Fields<K>, ...given: Given) => Result
}

/** Calls the function for a node; undefined if there is none for its kind. */
export function callByKind<Given extends readonly unknown[], Result>(
  functions: ByKind<Given, Result>,
  node: Node,
  ...given: Given
): Result | undefined {
  const kind = kindOf(node)
  const found = functions[kind] as ((fields: unknown, ...given: Given) => Result) | undefined
  return found?.(expectKind(node, kind), ...given)
}

/**
 * Throws NotSupported if the statement contains a field that its reader left over, so that no part of a statement is
 * ignored.
 * @param without the fields that may be left over
 */
export function refuseRest<K extends Kind>(
  kind: K,
  rest: Partial<Fields<K>>,
  without: readonly (keyof Fields<K>)[] = [],
): void {
  const harmless: readonly PropertyKey[] = without
  for (const [name, value] of Object.entries(rest)) {
    if (name.endsWith('location') || harmless.includes(name) || value === UNWRITTEN[name]) continue
    throw new NotSupported(WORDS[`${kind}.${name}`] ?? `${kind}.${name}`)
  }
}

/** Returns the name of a type that is written without a size or brackets. */
export function plainType({ names, ...rest }: Fields<'TypeName'>): readonly string[] {
  refuseRest('TypeName', rest)
  return namesOf(names)
}

/** Returns the names and the values of options. */
export const optionsOf = (
  nodes: readonly Node[] | undefined,
): readonly (readonly [name: string, value: Node | undefined])[] =>
  (nodes ?? []).map((node) => {
    const { defname = '', arg, ...rest } = expectKind(node, 'DefElem')
    refuseRest('DefElem', rest)
    return [defname, arg]
  })

export function namesOf(nodes: readonly Node[] | undefined): readonly string[] {
  return (nodes ?? []).map((node) => expectKind(node, 'String').sval ?? '')
}
