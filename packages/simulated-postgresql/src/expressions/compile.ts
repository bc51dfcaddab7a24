import { errorAt, NotSupported, SqlError } from '../sql/error.ts'
import { type ByKind, callByKind, type Fields, kindOf, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
import { parseBits } from '../types/bits.ts'
import { INT4, INT8 } from '../types/numbers.ts'
import { parseNumeric } from '../types/numeric.ts'
import { OID } from '../types/oids.ts'
import { type RecordColumn, SqlArray, SqlRecord, type SqlType, type SqlValue } from '../types/value.ts'
import { compileCall } from './calls.ts'
import { coerce, coerceBoolean, coerceToCommon, computed, decideText, elementTypeOf, typeNamed } from './coerce.ts'
import { requireCollation } from './collation.ts'
import { type Compiler, locationOf } from './compiler.ts'
import type { ColumnReference, Compiled, Env, Scope } from './env.ts'
import { arrayFrom, constant, derived, foldOf, PURE, valueAt } from './fold.ts'
import { compileIndirection } from './indirection.ts'
import { compileBoolean, compileCase, compileCoalesce, compileMinMax, compileOperator, negated } from './operators.ts'
import { compileSubLink, rowSubLink } from './sublinks.ts'
import { arrayOf, resolveTypeName } from './type-name.ts'
import { compileValueFunction } from './value-functions.ts'

/**
 * Compiles an expression. `wanted` is the type for a literal or parameter of unknown type. Throws {@link SqlError} for
 * errors of PostgreSQL, `NotSupported` for features that are not simulated.
 */
export function compileExpression(node: Node, scope: Scope, wanted?: SqlType): Compiled {
  return computed(compilePart(node, scope, wanted), scope)
}

export function compilerOf(scope: Scope, compile: typeof compileExpression = compileExpression): Compiler {
  return {
    scope,
    compile: (node, wanted) => {
      if (node === undefined) throw new NotSupported('a missing expression')
      return compile(node, scope, wanted)
    },
  }
}

function compilePart(node: Node, scope: Scope, wanted?: SqlType): Compiled {
  const compiled = scope.replaced?.(node) ?? compileNode(node, compilerOf(scope, compilePart))
  return wanted !== undefined && compiled.type.oid === OID.unknown
    ? coerce(compiled, wanted, 'i', scope, locationOf(node))
    : compiled
}

const COMPILERS: ByKind<[compiler: Compiler], Compiled> = {
  A_Const: (node, { scope }) => compileConstant(node, scope),
  ColumnRef: (node, { scope }) => compileColumn(node, scope),
  ParamRef: (node, { scope }) => compileParameter(node, scope),
  A_Expr: (node, compiler) => {
    const compared = rowSubLink(node)
    return compared === undefined ? compileOperator(node, compiler) : compileSubLink(compared, compiler)
  },
  BoolExpr: compileBoolean,
  FuncCall: compileCall,
  TypeCast: compileCast,
  CaseExpr: compileCase,
  CoalesceExpr: compileCoalesce,
  MinMaxExpr: compileMinMax,
  NullTest: compileNullTest,
  BooleanTest: compileBooleanTest,
  A_ArrayExpr: compileArray,
  MergeSupportFunc: ({ location }) => {
    throw errorAt(location, '42601', 'MERGE_ACTION() can only be used in the RETURNING list of a MERGE command')
  },
  A_Indirection: compileIndirection,
  RowExpr: compileRow,
  SubLink: compileSubLink,
  SQLValueFunction: (node, { scope }) => compileValueFunction(node, scope),
  CollateClause: compileCollation,
}

function compileNode(node: Node, compiler: Compiler): Compiled {
  const compiled = callByKind(COMPILERS, node, compiler)
  if (compiled === undefined) throw new NotSupported(WORDS[kindOf(node)] ?? kindOf(node))
  return compiled
}

const WORDS: Readonly<Record<string, string>> = {
  GroupingFunc: 'GROUPING',
  JsonObjectConstructor: 'JSON_OBJECT',
  JsonArrayConstructor: 'JSON_ARRAY',
  JsonObjectAgg: 'JSON_OBJECTAGG',
  JsonArrayAgg: 'JSON_ARRAYAGG',
  JsonIsPredicate: 'IS JSON',
  JsonFuncExpr: 'JSON_VALUE, JSON_QUERY and JSON_EXISTS',
  XmlExpr: 'XML',
  SetToDefault: 'DEFAULT in an expression',
  CurrentOfExpr: 'WHERE CURRENT OF (let the cursor read the primary key, and name the row by it),',
}

function compileConstant(node: Fields<'A_Const'>, scope: Scope): Compiled {
  if (node.isnull === true) return { ...constant(typeNamed(scope, OID.unknown), null), literal: null }
  if (node.ival !== undefined) return constant(typeNamed(scope, OID.int4), node.ival.ival ?? 0)
  if (node.sval !== undefined) {
    const text = node.sval.sval ?? ''
    return { ...constant(typeNamed(scope, OID.unknown), text), literal: text, location: node.location }
  }
  if (node.boolval !== undefined) return constant(typeNamed(scope, OID.bool), node.boolval.boolval ?? false)
  if (node.fval !== undefined) return compileNumber(node.fval.fval ?? '0', scope)
  return constant(typeNamed(scope, OID.bit), parseBits(node.bsval?.bsval ?? ''))
}

/** Compiles a number: int4 or int8 for an integer that fits, else numeric. */
function compileNumber(text: string, scope: Scope): Compiled {
  const value = parseNumeric(text)
  const whole = !/[.eE]/.test(text) || /^0[xX]/.test(text)
  if (whole && value.unscaled >= INT4.least && value.unscaled <= INT4.most) {
    return constant(typeNamed(scope, OID.int4), Number(value.unscaled))
  }
  return whole && value.unscaled >= INT8.least && value.unscaled <= INT8.most
    ? constant(typeNamed(scope, OID.int8), value.unscaled)
    : constant(typeNamed(scope, OID.numeric), value)
}

function compileColumn(node: Fields<'ColumnRef'>, scope: Scope): Compiled {
  const { fields, ...rest } = node
  refuseRest('ColumnRef', rest)
  if (fields?.some((field) => 'A_Star' in field)) throw new NotSupported('* in an expression')
  const found = scope.column(namesOf(fields))
  return 'evaluate' in found ? found : readColumn(found)
}

function readColumn(reference: ColumnReference): Compiled {
  const { index, levelsUp, type } = reference
  if (levelsUp === 0) return valueAt(type, index)
  return {
    type,
    evaluate: (env) => {
      let level: Env = env
      for (let i = 0; i < levelsUp; i += 1) {
        if (level.outer === undefined) throw new TypeError('a column refers to an outer query that has no current row')
        level = level.outer
      }
      return level.row[index] ?? null
    },
  }
}

function compileParameter(node: Fields<'ParamRef'>, scope: Scope): Compiled {
  const { number = 0, ...rest } = node
  refuseRest('ParamRef', rest)
  if (number < 1) throw errorAt(node.location, '42P02', `there is no parameter $${number}`)
  const type = scope.parameter(number)
  const evaluate = (env: Env): SqlValue => env.parameters[number - 1] ?? null
  return type.oid === OID.unknown ? { type, evaluate, parameter: number } : { type, evaluate }
}

function compileCast(node: Fields<'TypeCast'>, compiler: Compiler): Compiled {
  const { arg, typeName, ...rest } = node
  refuseRest('TypeCast', rest)
  const { scope } = compiler
  const row = rowType(typeName, scope)
  if (row !== undefined) {
    if (arg === undefined || !('A_Const' in arg) || arg.A_Const.isnull !== true)
      throw new NotSupported(`a conversion to the row type ${namesOf(typeName?.names).join('.')}`)
    return { type: typeNamed(scope, OID.record), columns: row, evaluate: () => null }
  }
  const target = resolveTypeName(typeName, scope.context)
  if (arg !== undefined && 'A_ArrayExpr' in arg) {
    const element = elementTypeOf(target, scope)
    if (element !== undefined)
      return coerce(compileArray(arg.A_ArrayExpr, compiler, element), target, 'e', scope, node.location)
  }
  return coerce(compiler.compile(arg), target, 'e', scope, node.location)
}

function rowType(typeName: Fields<'TypeName'> | undefined, { context }: Scope): readonly RecordColumn[] | undefined {
  const names = namesOf(typeName?.names)
  if (typeName?.arrayBounds !== undefined || context.types.named(names.at(-1) ?? '') !== undefined) return undefined
  return context.rowType?.(names)
}

/** Compiles ARRAY[…]; elements that are arrays add a dimension. */
function compileArray(node: Fields<'A_ArrayExpr'>, compiler: Compiler, wanted?: SqlType): Compiled {
  const { elements, ...rest } = node
  refuseRest('A_ArrayExpr', rest, ['list_start', 'list_end'])
  const { scope } = compiler
  const given = (elements ?? []).map((element) =>
    wanted !== undefined && 'A_ArrayExpr' in element
      ? compileArray(element.A_ArrayExpr, compiler, wanted)
      : compiler.compile(element),
  )
  if (given.length === 0) {
    if (wanted === undefined) {
      throw errorAt(node.location, '42P18', 'cannot determine type of empty array', {
        hint: 'Explicitly cast to the desired type, for example ARRAY[]::integer[].',
      })
    }
    return constant(arrayOf(scope.context.types, wanted), new SqlArray(wanted.oid, []))
  }
  const nested = given.some(
    (element) => elementTypeOf(element.type, scope) !== undefined && element.type.oid !== OID.int2vector,
  )
  if (nested) return nestedArray(given, compiler, wanted, node.location)
  const { type, all } =
    wanted === undefined
      ? coerceToCommon(given, 'ARRAY', scope, node.location)
      : { type: wanted, all: given.map((element, i) => coerce(element, wanted, 'e', scope, locationOf(elements?.[i]))) }
  return arrayFrom(arrayOf(scope.context.types, type), type.oid, all)
}

function nestedArray(
  given: readonly Compiled[],
  compiler: Compiler,
  wanted: SqlType | undefined,
  location?: number,
): Compiled {
  const { scope } = compiler
  const target = wanted === undefined ? undefined : arrayOf(scope.context.types, wanted)
  const { type, all } =
    target === undefined
      ? coerceToCommon(given, 'ARRAY', scope, location)
      : { type: target, all: given.map((element) => coerce(element, target, 'e', scope, location)) }
  const element = elementTypeOf(type, scope)
  return derived(type, all, PURE, (env) =>
    stacked(
      element?.oid ?? 0,
      all.map((part) => part.evaluate(env)),
    ),
  )
}

function stacked(elementOid: number, parts: readonly SqlValue[]): SqlArray {
  const arrays = parts.map((part) => (part instanceof SqlArray ? part : new SqlArray(elementOid, [])))
  const [first] = arrays
  if (first === undefined || arrays.every((array) => array.elements.length === 0)) return new SqlArray(elementOid, [])
  if (arrays.some((array) => array.dimensions.join() !== first.dimensions.join())) {
    throw new SqlError('2202E', 'multidimensional arrays must have array expressions with matching dimensions')
  }
  const dimensions = [arrays.length, ...first.dimensions]
  if (dimensions.length > 6) {
    throw new SqlError('54000', `number of array dimensions (${dimensions.length}) exceeds the maximum allowed (6)`)
  }
  return new SqlArray(
    elementOid,
    arrays.flatMap((array) => array.elements),
    dimensions,
    [1, ...first.lowerBounds],
  )
}

function compileRow(node: Fields<'RowExpr'>, compiler: Compiler): Compiled {
  const { args, ...rest } = node
  refuseRest('RowExpr', rest, ['row_format'])
  const fields = (args ?? []).map((field) => compiler.compile(field))
  const values = fields.map((field) => decideField(field, compiler.scope))
  const columns = values.map((field, i) => ({ name: `f${i + 1}`, type: field.type }))
  return {
    type: typeNamed(compiler.scope, OID.record),
    columns,
    fields,
    fold: (env) => {
      for (const field of values) foldOf(field, env)
      return undefined
    },
    evaluate: (env) =>
      new SqlRecord(
        columns,
        values.map((field) => field.evaluate(env)),
      ),
  }
}

/** Leaves the type of a parameter open, because the comparison decides it: `(a, b) = ($1, $2)`. */
function decideField(field: Compiled, scope: Scope): Compiled {
  return field.parameter === undefined ? decideText(field, scope) : field
}

function compileNullTest(node: Fields<'NullTest'>, compiler: Compiler): Compiled {
  const { arg, nulltesttype, ...rest } = node
  refuseRest('NullTest', rest)
  const tested = compiler.compile(arg)
  if (tested.parameter !== undefined) {
    // PostgreSQL refuses a parameter of undecided type here, even if a later use could decide the type.
    throw errorAt(locationOf(arg), '42P08', `could not determine data type of parameter $${tested.parameter}`)
  }
  const inner = decideText(tested, compiler.scope)
  const wanted = nulltesttype !== 'IS_NOT_NULL'
  const test = (value: SqlValue): boolean => {
    if (value instanceof SqlRecord) return value.values.every((field) => (field === null) === wanted)
    return (value === null) === wanted
  }
  return derived(typeNamed(compiler.scope, OID.bool), [inner], PURE, (env) => test(inner.evaluate(env)))
}

function compileBooleanTest(node: Fields<'BooleanTest'>, compiler: Compiler): Compiled {
  const { arg, booltesttype = 'IS_TRUE', ...rest } = node
  refuseRest('BooleanTest', rest)
  const words = booltesttype.replaceAll('_', ' ')
  const value = coerceBoolean(compiler.compile(arg), words, compiler.scope, locationOf(arg))
  const wanted = words.endsWith('TRUE') ? true : words.endsWith('FALSE') ? false : null
  const test = derived(value.type, [value], PURE, (env) => value.evaluate(env) === wanted)
  return words.includes('NOT') ? negated(test) : test
}

function compileCollation(node: Fields<'CollateClause'>, compiler: Compiler): Compiled {
  const inner = decideText(compiler.compile(node.arg), compiler.scope)
  requireCollation(node, inner.type, compiler.scope.context.types)
  return inner
}
