import { COMPARISONS } from '../sql/comparisons.ts'
import { kindOf, type Node, namesOf } from '../sql/nodes.ts'
import { formatType, quoteIdentifier } from '../types/format-type.ts'
import { INTEGERS, OID } from '../types/oids.ts'
import type { Types } from '../types/registry.ts'
import type { SqlType } from '../types/value.ts'
import { type Column, columnsOf, type Table } from './table.ts'

/** The type that PostgreSQL casts an integer literal to, by the type of the column that it is compared with. */
const WIDER: ReadonlyMap<number, string> = new Map([
  [OID.numeric, 'numeric'],
  [OID.float4, 'double precision'],
  [OID.float8, 'double precision'],
])

/** Returns a condition as PostgreSQL prints it (ruleutils.c), if supported. */
export function checkText(node: Node, table: Table, types: Types): string | undefined {
  const inner = (each: Node | undefined): string | undefined => each && checkText(each, table, types)
  if ('ColumnRef' in node) {
    const column = columnIn(node, table)
    return column?.type.oid === OID.bool ? quoteIdentifier(column.name) : undefined
  }
  if ('BoolExpr' in node) {
    const { boolop = '', args = [] } = node.BoolExpr
    const parts = args.map(inner)
    if (parts.includes(undefined)) return undefined
    return boolop === 'NOT_EXPR' ? `(NOT ${parts[0]})` : `(${parts.join(` ${boolop.replace('_EXPR', '')} `)})`
  }
  if ('NullTest' in node) {
    const tested = node.NullTest.arg && operand(node.NullTest.arg, table, types)
    return tested && `(${tested.plain} IS ${node.NullTest.nulltesttype === 'IS_NOT_NULL' ? 'NOT ' : ''}NULL)`
  }
  if (kindOf(node) !== 'A_Expr' || !('A_Expr' in node)) return undefined
  const { kind, lexpr, rexpr, name } = node.A_Expr
  const left = lexpr && operand(lexpr, table, types)
  const word = namesOf(name).at(-1) ?? ''
  if (left === undefined || rexpr === undefined) return undefined
  const right = 'List' in rexpr ? (rexpr.List.items ?? []) : [rexpr]
  const [first, ...others] = right
  if (kind === 'AEXPR_BETWEEN') {
    const bounds = right.map((each) => beside(each, left, table, types))
    return bounds.includes(undefined)
      ? undefined
      : `((${left.compared} >= ${bounds[0]}) AND (${left.compared} <= ${bounds[1]}))`
  }
  if (!COMPARISONS.has(word) || first === undefined) return undefined
  if (kind === 'AEXPR_IN' && others.length > 0) return listed(word, left, right, types)
  const value = kind === 'AEXPR_OP' || kind === 'AEXPR_IN' ? beside(first, left, table, types) : undefined
  return value && `(${left.compared} ${word} ${value})`
}

interface Operand {
  readonly type: SqlType
  /** The operand without a cast (`plain`) and with the cast that the comparison needs (`compared`). */
  readonly plain: string
  readonly compared: string
}

const columnIn = (node: Extract<Node, { ColumnRef: unknown }>, table: Table) =>
  columnsOf(table).find(({ name }) => name === namesOf(node.ColumnRef.fields).at(-1))

function operand(node: Node, table: Table, types: Types): Operand | undefined {
  if ('ColumnRef' in node) {
    const column = columnIn(node, table)
    return column?.type.domain === undefined ? column && columnOperand(column) : undefined
  }
  if (!('FuncCall' in node)) return undefined
  const name = namesOf(node.FuncCall.funcname).at(-1) ?? ''
  const [only, ...others] = node.FuncCall.args ?? []
  const of = only && operand(only, table, types)
  if (of === undefined || others.length > 0 || ![OID.text, OID.varchar].some((oid) => oid === of.type.oid))
    return undefined
  const result = { length: 'int4', char_length: 'int4', lower: 'text', upper: 'text' }[name]
  const type = result === undefined ? undefined : types.named(result)
  if (type === undefined) return undefined
  const plain = `${name}(${of.compared})`
  return { type: { oid: type.oid, name: type.name, typmod: -1 }, plain, compared: plain }
}

function columnOperand({ name, type }: Column): Operand {
  const plain = quoteIdentifier(name)
  return { type, plain, compared: type.oid === OID.varchar ? `(${plain})::text` : plain }
}

function beside(node: Node, other: Operand, table: Table, types: Types): string | undefined {
  if (!('A_Const' in node)) {
    const found = operand(node, table, types)
    return found?.type.oid === other.type.oid ? found.compared : undefined
  }
  const { oid } = other.type
  return literal(node, oid === OID.varchar ? OID.text : oid, types)
}

function literal(node: Extract<Node, { A_Const: unknown }>, oid: number, types: Types): string | undefined {
  const { ival, fval, sval, boolval } = node.A_Const
  if (boolval !== undefined) return oid === OID.bool ? `${boolval.boolval === true}` : undefined
  if (ival !== undefined) {
    const number = ival.ival ?? 0
    const text = number < 0 ? `'${number}'::integer` : `${number}`
    const wider = WIDER.get(oid)
    return INTEGERS.has(oid) ? text : wider && `(${text})::${wider}`
  }
  if (fval !== undefined) return oid === OID.numeric && /^\d+\.\d+$/.test(fval.fval ?? '') ? fval.fval : undefined
  if (sval === undefined || !isText(oid, types)) return undefined
  return `'${(sval.sval ?? '').replaceAll("'", "''")}'::${oid === OID.bpchar ? 'bpchar' : formatType(types, oid)}`
}

const isText = (oid: number, types: Types): boolean => ['S', 'E'].includes(types.typeOf(oid).category)

function listed(word: string, left: Operand, items: readonly Node[], types: Types): string | undefined {
  const values = items.map((each) => ('A_Const' in each ? literal(each, left.type.oid, types) : undefined))
  if (values.includes(undefined) || (!isText(left.type.oid, types) && !INTEGERS.has(left.type.oid))) return undefined
  const cast = left.type.oid === OID.int8 ? values.map((each) => `(${each})::bigint`) : values
  const array = `ARRAY[${cast.join(', ')}]`
  const operand = left.type.oid === OID.varchar ? `(${array})::text[]` : array
  return `(${left.compared} ${word} ${word === '=' ? 'ANY' : 'ALL'} (${operand}))`
}
