import { compileExpression } from '../expressions/compile.ts'
import type { Env } from '../expressions/env.ts'
import { compileSet } from '../expressions/sets.ts'
import { resolveTypeName } from '../expressions/type-name.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
import { OID } from '../types/oids.ts'
import type { RecordColumn, Rows, SqlType } from '../types/value.ts'
import { resultName } from './names.ts'
import type { QueryScope } from './scope.ts'

export interface FunctionTable {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
  readonly isScalar: boolean
  rows(env: Env): Rows
}

export function compileFunctionTable(fields: Fields<'RangeFunction'>, scope: QueryScope): FunctionTable {
  const { functions, ordinality, coldeflist, ...rest } = fields
  refuseRest('RangeFunction', rest, ['alias', 'lateral', 'is_rowsfrom'])
  const [first, ...others] = functions ?? []
  if (first === undefined || others.length > 0) throw new NotSupported('ROWS FROM of several functions')
  if (coldeflist !== undefined && ordinality === true)
    throw new SqlError('42601', 'WITH ORDINALITY cannot be used with a column definition list', {
      hint: 'Put the column definition list inside ROWS FROM().',
    })
  const [call, within] = expectKind(first, 'List').items ?? []
  if (call === undefined) throw new NotSupported('an empty item of FROM')
  scope.place = 'FROM'
  const list = coldeflist ?? (within !== undefined && 'List' in within ? within.List.items : undefined)
  const defined = list?.map((node) => definedColumn(node, scope))
  const table =
    'FuncCall' in call ? functionRows(call.FuncCall, fields, scope, defined) : plainValue(call, fields, scope)
  if (ordinality !== true) return table
  return {
    name: table.name,
    isScalar: false,
    columns: [...table.columns, { name: 'ordinality', type: { oid: OID.int8, name: 'int8', typmod: -1 } }],
    rows: (env) => table.rows(env).map((row, at) => [...row, BigInt(at + 1)]),
  }
}

function definedColumn(node: Node, scope: QueryScope): RecordColumn {
  const { colname = '', typeName, ...rest } = expectKind(node, 'ColumnDef')
  refuseRest('ColumnDef', rest, ['is_local'])
  return { name: colname, type: resolveTypeName(typeName, scope.context) }
}

function functionRows(
  call: Fields<'FuncCall'>,
  fields: Fields<'RangeFunction'>,
  scope: QueryScope,
  defined: readonly RecordColumn[] | undefined,
): FunctionTable {
  const compiled = compileSet(call, scope, defined)
  const name = namesOf(call.funcname).at(-1) ?? ''
  // If a function returns a single unnamed column, the alias of the function is also the name of the column.
  const only = compiled.scalar && !compiled.isNamed ? fields.alias?.aliasname : undefined
  return {
    name,
    isScalar: compiled.scalar,
    columns: compiled.columns.map((column) => ({ name: only ?? column.name, type: column.type })),
    rows: (env) => [...compiled.rows(env)],
  }
}

/** Compiles `FROM current_date` and similar functions. */
function plainValue(node: Node, { alias }: Fields<'RangeFunction'>, scope: QueryScope): FunctionTable {
  const compiled = compileExpression(node, scope)
  const name = alias?.aliasname ?? resultName(node)
  return {
    name,
    isScalar: true,
    columns: [{ name, type: compiled.type }],
    rows: (env) => [[compiled.evaluate(env)]],
  }
}
