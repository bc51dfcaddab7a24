import { errorAt, NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, refuseRest } from '../sql/nodes.ts'
import { OID } from '../types/oids.ts'
import { SqlArray, type SqlValue } from '../types/value.ts'
import { coerceBoolean, elementTypeOf, typeNamed } from './coerce.ts'
import type { Compiler } from './compiler.ts'
import type { Compiled, Env, Scope, Subquery } from './env.ts'
import { binary, operatorName, quantified, rowComparison } from './operators.ts'
import { arrayOf } from './type-name.ts'

/** Returns the subquery of a row comparison such as `(a, b) = (SELECT c, d …)`, which the parser treats as a scalar. */
export function rowSubLink({ lexpr, rexpr, name, kind }: Fields<'A_Expr'>): Fields<'SubLink'> | undefined {
  if (kind !== 'AEXPR_OP' || lexpr === undefined || !('RowExpr' in lexpr)) return undefined
  if (rexpr === undefined || !('SubLink' in rexpr) || rexpr.SubLink.subLinkType !== 'EXPR_SUBLINK') return undefined
  return {
    ...rexpr.SubLink,
    subLinkType: 'ROWCOMPARE_SUBLINK',
    testexpr: lexpr,
    ...(name === undefined ? {} : { operName: name }),
  }
}

/** Compiles a subquery in an expression: EXISTS, scalar, IN, ANY, ALL or ARRAY. */
export function compileSubLink(node: Fields<'SubLink'>, compiler: Compiler): Compiled {
  const { subLinkType, subselect, testexpr, operName, ...rest } = node
  refuseRest('SubLink', rest)
  const { scope } = compiler
  if (subselect === undefined || scope.subquery === undefined) {
    throw errorAt(node.location, '0A000', `cannot use subquery in ${scope.place ?? 'this context'}`)
  }
  const subquery = scope.subquery(subselect, subLinkType === 'EXISTS_SUBLINK' ? 'existence' : 'rows')
  switch (subLinkType) {
    case 'EXISTS_SUBLINK':
      return { type: typeNamed(scope, OID.bool), evaluate: (env) => exists(subquery, env) }
    case 'EXPR_SUBLINK':
      return scalar(subquery, node.location)
    case 'ARRAY_SUBLINK':
      return arrayOfRows(subquery, scope, node.location)
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK':
    case 'ROWCOMPARE_SUBLINK': {
      const name = operName === undefined ? '=' : operatorName(operName)
      return comparison(compiler.compile(testexpr), name, subLinkType, subquery, scope, node.location)
    }
  }
  throw new NotSupported('a subquery of several columns')
}

function exists(subquery: Subquery, env: Env): boolean {
  for (const _ of subquery.rows(env)) return true
  return false
}

function onlyColumn(subquery: Subquery, location?: number): Subquery['columns'][number] {
  const [column] = subquery.columns
  if (column === undefined || subquery.columns.length > 1) {
    throw errorAt(location, '42601', 'subquery must return only one column')
  }
  return column
}

function scalar(subquery: Subquery, location?: number): Compiled {
  const { type } = onlyColumn(subquery, location)
  return { type, evaluate: (env) => onlyRow(subquery, env)?.[0] ?? null }
}

/** Returns the row of a subquery that may return at most one. */
export function onlyRow(subquery: Subquery, env: Env): readonly SqlValue[] | undefined {
  let found: readonly SqlValue[] | undefined
  for (const row of subquery.rows(env)) {
    if (found !== undefined)
      throw new SqlError('21000', 'more than one row returned by a subquery used as an expression')
    found = row
  }
  return found
}

function arrayOfRows(subquery: Subquery, scope: Scope, location?: number): Compiled {
  const { type } = onlyColumn(subquery, location)
  if (elementTypeOf(type, scope) !== undefined) throw new NotSupported('ARRAY of a subquery of arrays')
  return {
    type: arrayOf(scope.context.types, type),
    evaluate: (env) =>
      new SqlArray(
        type.oid,
        Array.from(subquery.rows(env), (row) => row[0] ?? null),
      ),
  }
}

function comparison(
  left: Compiled,
  name: string,
  kind: 'ANY_SUBLINK' | 'ALL_SUBLINK' | 'ROWCOMPARE_SUBLINK',
  subquery: Subquery,
  scope: Scope,
  location?: number,
): Compiled {
  const fields = left.fields ?? [left]
  if (fields.length !== subquery.columns.length) {
    throw errorAt(
      location,
      '42601',
      `subquery has too ${subquery.columns.length > fields.length ? 'many' : 'few'} columns`,
    )
  }
  let current: readonly SqlValue[] = []
  const right = subquery.columns.map(({ type }, i): Compiled => ({ type, evaluate: () => current[i] ?? null }))
  const [a] = fields
  const [b] = right
  const test =
    fields.length === 1 && a !== undefined && b !== undefined
      ? binary(scope, name, a, b, location)
      : rowComparison(scope, name, fields, right, location)
  const condition = coerceBoolean(test, 'ANY/ALL', scope, location)
  if (kind === 'ROWCOMPARE_SUBLINK')
    return {
      type: condition.type,
      evaluate: (env) => {
        const row = onlyRow(subquery, env)
        if (row === undefined) return null
        current = row
        return condition.evaluate(env)
      },
    }
  return {
    type: condition.type,
    evaluate: (env) => {
      const outcomes = function* (): Generator<SqlValue> {
        for (const row of subquery.rows(env)) {
          // The comparison may run this subquery again and change `current`. Each iteration therefore sets `current`.
          current = row
          yield condition.evaluate(env)
        }
      }
      return quantified(true, outcomes(), kind === 'ANY_SUBLINK', (_, outcome) => outcome)
    },
  }
}
