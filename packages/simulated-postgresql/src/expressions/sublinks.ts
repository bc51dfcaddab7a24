import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, fieldsOf } from '../sql/nodes.ts'
import { OID } from '../types/oids.ts'
import { SqlArray, type SqlValue } from '../types/value.ts'
import { coerceBoolean, elementTypeOf, typeNamed } from './coerce.ts'
import type { Compiler } from './compiler.ts'
import type { Compiled, Env, Scope, Subquery } from './env.ts'
import { binary, operatorName, quantified, rowComparison } from './operators.ts'
import { arrayOf, position } from './type-name.ts'

/** A subquery in an expression: EXISTS, a scalar, IN, ANY, ALL, ARRAY. */
export function compileSubLink(node: Fields<'SubLink'>, compiler: Compiler): Compiled {
  const { subLinkType, subselect, testexpr, operName } = fieldsOf('SubLink', node, [
    'subLinkType',
    'subselect',
    'testexpr',
    'operName',
  ])
  const { scope } = compiler
  if (subselect === undefined || scope.subquery === undefined) {
    throw new SqlError('0A000', `cannot use subquery in ${scope.place ?? 'this context'}`, position(node.location))
  }
  const subquery = scope.subquery(subselect)
  switch (subLinkType) {
    case 'EXISTS_SUBLINK':
      return { type: typeNamed(scope, OID.bool), evaluate: (env) => exists(subquery, env) }
    case 'EXPR_SUBLINK':
      return scalar(subquery, node.location)
    case 'ARRAY_SUBLINK':
      return arrayOfRows(subquery, scope, node.location)
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK': {
      const name = operName === undefined ? '=' : operatorName(operName)
      return comparison(compiler.compile(testexpr), name, subLinkType === 'ANY_SUBLINK', subquery, scope, node.location)
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
    throw new SqlError('42601', 'subquery must return only one column', position(location))
  }
  return column
}

function scalar(subquery: Subquery, location?: number): Compiled {
  const { type } = onlyColumn(subquery, location)
  return {
    type,
    evaluate: (env) => {
      let found: readonly SqlValue[] | undefined
      for (const row of subquery.rows(env)) {
        if (found !== undefined) {
          throw new SqlError('21000', 'more than one row returned by a subquery used as an expression')
        }
        found = row
      }
      return found?.[0] ?? null
    },
  }
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

/** The rows of the subquery stand in for the right side of the comparison, one after the other. */
function comparison(
  left: Compiled,
  name: string,
  any: boolean,
  subquery: Subquery,
  scope: Scope,
  location?: number,
): Compiled {
  const fields = left.fields ?? [left]
  if (fields.length !== subquery.columns.length) {
    throw new SqlError(
      '42601',
      `subquery has too ${subquery.columns.length > fields.length ? 'many' : 'few'} columns`,
      position(location),
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
  return {
    type: condition.type,
    evaluate: (env) => {
      const outcomes = function* (): Generator<SqlValue> {
        for (const row of subquery.rows(env)) {
          // The comparison may itself run this subquery: `current` is set anew for each row.
          current = row
          yield condition.evaluate(env)
        }
      }
      return quantified(true, outcomes(), any, (_, outcome) => outcome)
    },
  }
}
