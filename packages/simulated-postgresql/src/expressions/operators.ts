import type { Builtin, CallTypes } from '../functions/builtin.ts'
import { builtin } from '../functions/builtins.ts'
import { computed, isCalculable, operatorQuery } from '../functions/calculator.ts'
import type { OperatorSignature } from '../functions/catalogue.ts'
import { errorAt, NotSupported } from '../sql/error.ts'
import { expectKind, type Fields, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
import { contains } from '../sql/trees.ts'
import { REMEDY } from '../types/calculator.ts'
import { asArray, asBoolean } from '../types/definitions.ts'
import { formatType } from '../types/format-type.ts'
import { OID } from '../types/oids.ts'
import type { Types } from '../types/registry.ts'
import { SqlRange, type SqlType, type SqlValue } from '../types/value.ts'
import { coerce, coerceBoolean, coerceToCommon, commonType, elementTypeOf, typeNamed } from './coerce.ts'
import { comparisonTest, orderBetween } from './comparison.ts'
import { type Compiler, locationOf, startOf } from './compiler.ts'
import type { Compiled, Env, Known, Scope } from './env.ts'
import { constant, derived, foldable, foldOf, PURE } from './fold.ts'
import { chooseOperator, commonTypeOf, isMultirange, resolveGenerics } from './resolve.ts'

export function negated(compiled: Compiled): Compiled {
  return derived(compiled.type, [compiled], PURE, (env) => {
    const value = compiled.evaluate(env)
    return value === null ? null : !value
  })
}

function conjunction(parts: readonly Compiled[], all: boolean, scope: Scope): Compiled {
  const compute = (env: Env): SqlValue => {
    let unknown = false
    for (const part of parts) {
      const value = part.evaluate(env)
      if (value === null) unknown = true
      else if (value !== all) return !all
    }
    return unknown ? null : all
  }
  // PostgreSQL stops at the first constant that decides the result.
  return foldable(typeNamed(scope, OID.bool), compute, (env) => {
    let certain = true
    for (const part of parts) {
      const known = foldOf(part, env)
      if (known?.value === !all) return { value: !all }
      if (known === undefined) certain = false
    }
    return certain ? { value: compute(env) } : undefined
  })
}

export function compileBoolean(node: Fields<'BoolExpr'>, compiler: Compiler): Compiled {
  const { boolop, args, ...rest } = node
  refuseRest('BoolExpr', rest)
  const word = boolop === 'AND_EXPR' ? 'AND' : boolop === 'OR_EXPR' ? 'OR' : 'NOT'
  const parts = (args ?? []).map((part) =>
    coerceBoolean(compiler.compile(part), word, compiler.scope, locationOf(part)),
  )
  const [first] = parts
  if (word === 'NOT') {
    if (first === undefined) throw new NotSupported('NOT without an operand')
    return negated(first)
  }
  return conjunction(parts, word === 'AND', compiler.scope)
}

/** Returns an operator between its operand types, for error messages: `integer + text`. */
function shown(types: Types, name: string, operands: readonly SqlType[]): string {
  const texts = operands.map(({ oid }) => formatType(types, oid))
  return [...texts.slice(0, -1), name, ...texts.slice(-1)].join(' ')
}

function missing({ context: { types } }: Scope, name: string, given: readonly SqlType[], location?: number): Error {
  if (given.some(({ oid }) => types.typeOf(oid).columns !== undefined))
    throw new NotSupported(`the operator ${name} of a composite type`)
  const applied = shown(types, name, given)
  if (given.some(({ oid }) => isMultirange(types, oid))) return new NotSupported(`the operator ${applied}`)
  return errorAt(location, '42883', `operator does not exist: ${applied}`, {
    hint: 'No operator matches the given name and argument types. You might need to add explicit type casts.',
  })
}

type Unary = readonly [operand: Compiled]
type Binary = readonly [left: Compiled, right: Compiled]

interface Resolved<Operands extends Unary | Binary = Unary | Binary> {
  readonly signature: OperatorSignature
  readonly operands: Operands
  readonly call: CallTypes
}

function resolveOperator<Operands extends Unary | Binary>(
  scope: Scope,
  name: string,
  given: Operands,
  location?: number,
): Resolved<Operands> {
  const { types } = scope.context
  const actual = given.map((operand) => operand.type)
  const oids = actual.map(({ oid }) => oid)
  const choice = chooseOperator(types, name, oids)
  if (choice.kind === 'none') throw missing(scope, name, actual, location)
  if (choice.kind === 'ambiguous')
    throw errorAt(location, '42725', `operator is not unique: ${shown(types, name, actual)}`, {
      hint: 'Could not choose a best candidate operator. You might need to add explicit type casts.',
    })
  const generic = resolveGenerics(types, oids, choice.arguments, choice.signature.result)
  if (generic === undefined) throw missing(scope, name, actual, location)
  const operands = given.map((operand, i) => {
    const target = generic.arguments[i] ?? OID.unknown
    return coerce(operand, typeNamed(scope, target), 'i', scope, location)
  })
  const call = { arguments: operands.map((operand) => operand.type), result: typeNamed(scope, generic.result) }
  return { signature: choice.signature, operands: operands as readonly Compiled[] as Operands, call }
}

/** Returns the function of a binary operator. */
function binaryFunction(scope: Scope, resolved: Resolved<Binary>): (a: SqlValue, b: SqlValue, env: Env) => SqlValue {
  const { signature, call } = resolved
  const test = signature.result === OID.bool ? comparisonTest(signature.name) : undefined
  const { types } = scope.context
  const [left = 0, right = 0] = call.arguments.map((type) => type.oid)
  const compare = test === undefined ? undefined : orderBetween(types, left, right)
  if (test !== undefined && compare !== undefined) return (a, b, env) => test(compare(a, b, env))
  const implementation = implementationOf(scope, resolved)
  return (a, b, env) => implementation([a, b], env, call)
}

/**
 * Returns the function that computes an operator.
 * @throws NotSupported if no function is available
 */
function implementationOf({ context }: Scope, { signature: { name, source }, call }: Resolved): Builtin {
  // Operators of text search depend on a setting, all others only on their operands.
  const canBe = isCalculable({ volatility: source.startsWith('ts_match_t') ? 's' : 'i', source }, call)
  const found = computed(builtin(source), canBe ? context.calculator : undefined, operatorQuery(name))
  if (found !== undefined) return found
  throw new NotSupported(`the operator ${shown(context.types, name, call.arguments)}${canBe ? REMEDY : ''}`)
}

export function binary(scope: Scope, name: string, left: Compiled, right: Compiled, location?: number): Compiled {
  const resolved = resolveOperator(scope, name, [left, right], location)
  const [a, b] = resolved.operands
  const apply = binaryFunction(scope, resolved)
  const { strict } = resolved.signature
  const evaluate = (env: Env): SqlValue => {
    const x = a.evaluate(env)
    const y = b.evaluate(env)
    return strict && (x === null || y === null) ? ofNull(resolved, env) : apply(x, y, env)
  }
  return result(resolved, evaluate)
}

/**
 * Returns the result of a strict operator for a null operand: usually null. If a constant range is empty or has no
 * bounds, PostgreSQL's planner decides without the element whether the range contains the element, unless the element
 * is constant, too.
 */
function ofNull({ signature, operands: [a, b] }: Resolved<Binary>, env: Env): boolean | null {
  const { source } = signature
  if (source !== 'elem_contained_by_range' && source !== 'range_contains_elem') return null
  const [element, range] = source === 'elem_contained_by_range' ? [a, b] : [b, a]
  const value = range.fold?.(env)?.value
  if (!(value instanceof SqlRange) || element.fold?.(env) !== undefined) return null
  if (value.empty) return false
  return value.lower === null && value.upper === null ? true : null
}

/** Compiles the application of an operator. One that depends on the session's time zone is not computed in advance. */
function result({ signature, operands, call }: Resolved, evaluate: (env: Env) => SqlValue): Compiled {
  const zoned = call.arguments.some(
    ({ oid }) => oid === OID.timestamptz && call.arguments.some((other) => other.oid !== oid),
  )
  return derived(call.result, operands, { strict: signature.strict, pure: !zoned }, evaluate)
}

function unary(scope: Scope, name: string, operand: Compiled, location?: number): Compiled {
  const resolved = resolveOperator(scope, name, [operand], location)
  const [a] = resolved.operands
  const implementation = implementationOf(scope, resolved)
  const evaluate = (env: Env): SqlValue => {
    const value = a.evaluate(env)
    return value === null ? null : implementation([value], env, resolved.call)
  }
  return result(resolved, evaluate)
}

export function operatorName(nodes: readonly Node[] | undefined): string {
  const path = namesOf(nodes)
  if (path.length > 1 && path[0] !== 'pg_catalog') throw new NotSupported(`the operator ${path.join('.')}`)
  return path[path.length - 1] ?? ''
}

export function compileOperator(node: Fields<'A_Expr'>, compiler: Compiler): Compiled {
  const { kind, ...rest } = node
  refuseRest('A_Expr', rest, ['name', 'lexpr', 'rexpr', 'rexpr_list_start', 'rexpr_list_end'])
  const name = operatorName(node.name)
  switch (kind) {
    case 'AEXPR_OP':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      return plainOperator(node, name, compiler)
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return arrayOperator(node, name, kind === 'AEXPR_OP_ANY', compiler)
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
      return distinct(node, kind === 'AEXPR_DISTINCT', compiler)
    case 'AEXPR_NULLIF':
      return nullIf(node, compiler)
    case 'AEXPR_IN':
      return inList(node, name, compiler)
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return between(node, kind, compiler)
  }
  throw new NotSupported(`the operator ${name}`)
}

function plainOperator(node: Fields<'A_Expr'>, name: string, compiler: Compiler): Compiled {
  const { scope } = compiler
  const left = node.lexpr === undefined ? undefined : compiler.compile(node.lexpr)
  const right = compiler.compile(node.rexpr)
  if (left === undefined) return unary(scope, name, right, node.location)
  if (left.fields !== undefined && right.fields !== undefined) {
    return rowComparison(scope, name, left.fields, right.fields, node.location)
  }
  return binary(scope, name, left, right, node.location)
}

export function rowComparison(
  scope: Scope,
  name: string,
  left: readonly Compiled[],
  right: readonly Compiled[],
  location?: number,
): Compiled {
  if (left.length !== right.length) throw errorAt(location, '42601', 'unequal number of entries in row expressions')
  if (left.length === 0) throw errorAt(location, '0A000', 'cannot compare rows of zero length')
  const pairs = left.map((a, i) => [a, right[i] ?? a] as const)
  const apply = (operator: string) => pairs.map(([a, b]) => binary(scope, operator, a, b, location))
  if (pairs.length === 1) return apply(name)[0] ?? constant(typeNamed(scope, OID.bool), null)
  if (name === '=') return conjunction(apply('='), true, scope)
  if (name === '<>') return conjunction(apply('<>'), false, scope)
  if (!['<', '<=', '>', '>='].includes(name)) {
    const other = apply(name).find(({ type }) => type.oid !== OID.bool)
    if (other !== undefined)
      throw errorAt(
        location,
        '42804',
        `row comparison operator must yield type boolean, not type ${formatType(scope.context.types, other.type.oid)}`,
      )
    throw errorAt(location, '0A000', `could not determine interpretation of row comparison operator ${name}`)
  }
  const equal = apply('=')
  const strictly = apply(name[0] ?? '<')
  return derived(typeNamed(scope, OID.bool), [...equal, ...strictly], PURE, (env) => {
    for (let i = 0; i < equal.length; i += 1) {
      const same = equal[i]?.evaluate(env) ?? null
      if (same === null) return null
      if (!same) return strictly[i]?.evaluate(env) ?? null
    }
    return name.length === 2
  })
}

/** Compiles `x = ANY (array)` and `x < ALL (array)`. */
function arrayOperator(node: Fields<'A_Expr'>, name: string, any: boolean, compiler: Compiler): Compiled {
  const { scope } = compiler
  const { location } = node
  const left = compiler.compile(node.lexpr)
  const array = compiler.compile(node.rexpr)
  const known = array.type.oid === OID.unknown ? undefined : elementTypeOf(array.type, scope)
  if (array.type.oid !== OID.unknown && known === undefined) {
    throw errorAt(location, '42809', `op ANY/ALL (array) requires array on right side`)
  }
  // If the type of the array is unknown, assumes elements of the left operand's type (text if unknown, too).
  const guess = left.type.oid === OID.unknown ? typeNamed(scope, OID.text) : { ...left.type, typmod: -1 }
  const resolved = resolveOperator(scope, name, [left, { type: known ?? guess, evaluate: () => null }], location)
  if (resolved.call.result.oid !== OID.bool) {
    throw errorAt(location, '42809', 'op ANY/ALL (array) requires operator to yield boolean')
  }
  const elementOid = resolved.call.arguments[1]?.oid ?? OID.text
  const arrayOid = scope.context.types.typeOf(elementOid).arrayOid
  const [value] = resolved.operands
  const elements = coerce(array, typeNamed(scope, arrayOid), 'i', scope, location)
  const apply = binaryFunction(scope, resolved)
  return derived(typeNamed(scope, OID.bool), [value, elements], PURE, (env) => {
    const compared = value.evaluate(env)
    const all = elements.evaluate(env)
    if (all === null) return null
    return quantified(compared, asArray(all).elements, any, (a, b) => apply(a, b, env))
  })
}

/** Returns whether any or all of the values match, with three-valued logic. */
export function quantified(
  left: SqlValue,
  values: Iterable<SqlValue>,
  any: boolean,
  apply: (a: SqlValue, b: SqlValue) => SqlValue,
): boolean | null {
  let unknown = false
  for (const value of values) {
    const outcome = left === null || value === null ? null : apply(left, value)
    if (outcome === null) unknown = true
    else if (outcome === any) return any
  }
  return unknown ? null : !any
}

function distinct(node: Fields<'A_Expr'>, wanted: boolean, compiler: Compiler): Compiled {
  const { scope } = compiler
  const left = compiler.compile(node.lexpr)
  const right = compiler.compile(node.rexpr)
  if (left.fields !== undefined && right.fields !== undefined) {
    const { fields } = right
    if (fields.length !== left.fields.length)
      throw errorAt(node.location, '42601', 'unequal number of entries in row expressions')
    const parts = left.fields.map((a, i) => distinctFrom(scope, a, fields[i] ?? a, node.location))
    const any = conjunction(parts, false, scope)
    return wanted ? any : negated(any)
  }
  const test = distinctFrom(scope, left, right, node.location)
  return wanted ? test : negated(test)
}

function distinctFrom(scope: Scope, left: Compiled, right: Compiled, location?: number): Compiled {
  const resolved = resolveOperator(scope, '=', [left, right], location)
  const [a, b] = resolved.operands
  const equal = binaryFunction(scope, resolved)
  return derived(typeNamed(scope, OID.bool), [a, b], PURE, (env) => {
    const x = a.evaluate(env)
    const y = b.evaluate(env)
    return x === null || y === null ? x !== y : equal(x, y, env) !== true
  })
}

function nullIf(node: Fields<'A_Expr'>, compiler: Compiler): Compiled {
  const { scope } = compiler
  const left = compiler.compile(node.lexpr)
  const right = compiler.compile(node.rexpr)
  const resolved = resolveOperator(scope, '=', [left, right], node.location)
  const [a, b] = resolved.operands
  const equal = binaryFunction(scope, resolved)
  return derived(a.type, [a, b], PURE, (env) => {
    const x = a.evaluate(env)
    const y = b.evaluate(env)
    return x !== null && y !== null && asBoolean(equal(x, y, env)) ? null : x
  })
}

/** Compiles IN. Constants with a common type become one array. */
function inList(node: Fields<'A_Expr'>, name: string, compiler: Compiler): Compiled {
  const { scope } = compiler
  const any = name === '='
  const left = compiler.compile(node.lexpr)
  const items = expectKind(node.rexpr, 'List').items ?? []
  const compiled = items.map((item) => ({ item, value: compiler.compile(item) }))
  const plain = compiled.filter(({ item, value }) => !contains(item, 'ColumnRef') && value.fields === undefined)
  const parts: Compiled[] = []
  const common =
    left.fields === undefined && plain.length > 1
      ? commonTypeOf(
          scope.context.types,
          [left, ...plain.map(({ value }) => value)].map(({ type }) => type.oid),
        )
      : undefined
  const arrayOid = common === undefined ? 0 : scope.context.types.typeOf(common).arrayOid
  if (common !== undefined && arrayOid !== 0 && common !== OID.record) {
    const elements = plain.map(({ item, value }) =>
      coerce(value, typeNamed(scope, common), 'i', scope, locationOf(item)),
    )
    parts.push(membership(scope, name, left, elements, any, node.location))
  }
  for (const each of compiled) {
    if (parts.length > 0 && common !== undefined && plain.includes(each)) continue
    parts.push(
      left.fields !== undefined && each.value.fields !== undefined
        ? rowComparison(scope, name, left.fields, each.value.fields, node.location)
        : binary(scope, name, left, each.value, node.location),
    )
  }
  const [first] = parts
  return first !== undefined && parts.length === 1 ? first : conjunction(parts, !any, scope)
}

function membership(
  scope: Scope,
  name: string,
  left: Compiled,
  elements: readonly Compiled[],
  any: boolean,
  location?: number,
): Compiled {
  const [first] = elements
  if (first === undefined) throw new NotSupported('an empty IN')
  const resolved = resolveOperator(scope, name, [left, first], location)
  const [value] = resolved.operands
  // The operator determines the type of the elements. The type has no modifier, even if the first element has one.
  const target = typeNamed(scope, resolved.call.arguments[1]?.oid ?? first.type.oid)
  const all = elements.map((element) => coerce(element, target, 'i', scope, location))
  const apply = binaryFunction(scope, resolved)
  return derived(typeNamed(scope, OID.bool), [value, ...all], PURE, (env) =>
    quantified(
      value.evaluate(env),
      all.map((element) => element.evaluate(env)),
      any,
      (a, b) => apply(a, b, env),
    ),
  )
}

function between(node: Fields<'A_Expr'>, kind: string, compiler: Compiler): Compiled {
  const { scope } = compiler
  const value = compiler.compile(node.lexpr)
  const [low, high] = (expectKind(node.rexpr, 'List').items ?? []).map((item) => compiler.compile(item))
  if (low === undefined || high === undefined) throw new NotSupported('BETWEEN without bounds')
  const compare = (operator: string, a: Compiled, b: Compiled) => binary(scope, operator, a, b, node.location)
  const inside = (from: Compiled, to: Compiled) =>
    conjunction([compare('>=', value, from), compare('<=', value, to)], true, scope)
  const outside = (from: Compiled, to: Compiled) =>
    conjunction([compare('<', value, from), compare('>', value, to)], false, scope)
  switch (kind) {
    case 'AEXPR_BETWEEN':
      return inside(low, high)
    case 'AEXPR_NOT_BETWEEN':
      return outside(low, high)
    case 'AEXPR_BETWEEN_SYM':
      return conjunction([inside(low, high), inside(high, low)], false, scope)
    default:
      return conjunction([outside(low, high), outside(high, low)], true, scope)
  }
}

/** GREATEST and LEAST, which ignore nulls. */
export function compileMinMax(node: Fields<'MinMaxExpr'>, compiler: Compiler): Compiled {
  const { op, args, ...rest } = node
  refuseRest('MinMaxExpr', rest)
  const { scope } = compiler
  const isGreatest = op === 'IS_GREATEST'
  const { type, all } = coerceToCommon(
    (args ?? []).map((part) => compiler.compile(part)),
    isGreatest ? 'GREATEST' : 'LEAST',
    scope,
    node.location,
  )
  const compare = orderBetween(scope.context.types, type.oid, type.oid)
  const missingOrder = (): never => {
    throw errorAt(
      node.location,
      '42883',
      `could not identify a comparison function for type ${formatType(scope.context.types, type.oid)}`,
    )
  }
  return derived(type, all, PURE, (env) => {
    const order = compare ?? missingOrder()
    let best: SqlValue = null
    for (const part of all) {
      const value = part.evaluate(env)
      if (value === null) continue
      if (best === null || (isGreatest ? order(value, best, env) : order(best, value, env)) > 0) best = value
    }
    return best
  })
}

/** COALESCE: returns the first value that is not null. */
export function compileCoalesce(node: Fields<'CoalesceExpr'>, compiler: Compiler): Compiled {
  const { args, ...rest } = node
  refuseRest('CoalesceExpr', rest)
  const parts = (args ?? []).map((part) => compiler.compile(part))
  const { type, all } = coerceToCommon(parts, 'COALESCE', compiler.scope, startOf(node))
  const compute = (env: Env): SqlValue => {
    for (const part of all) {
      const value = part.evaluate(env)
      if (value !== null) return value
    }
    return null
  }
  return foldable(type, compute, (env) => {
    let certain = true
    for (const part of all) {
      const known = foldOf(part, env)
      if (known === undefined) certain = false
      else if (known.value !== null) return certain ? known : undefined
    }
    return certain ? { value: null } : undefined
  })
}

export function compileCase(node: Fields<'CaseExpr'>, compiler: Compiler): Compiled {
  const { arg, args, defresult, ...rest } = node
  refuseRest('CaseExpr', rest)
  const { scope } = compiler
  const operand = arg === undefined ? undefined : compiler.compile(arg)
  const subject = operand?.type.oid === OID.unknown ? coerce(operand, typeNamed(scope, OID.text), 'i', scope) : operand
  const branches = (args ?? []).map((each) => {
    const { expr, result, ...others } = expectKind(each, 'CaseWhen')
    refuseRest('CaseWhen', others)
    const condition = compiler.compile(expr)
    const test = subject === undefined ? condition : binary(scope, '=', subject, condition, startOf(expr))
    return {
      test: coerceBoolean(test, 'CASE/WHEN', scope, locationOf(expr)),
      result: compiler.compile(result),
    }
  })
  const otherwise =
    defresult === undefined
      ? { ...constant(typeNamed(scope, OID.unknown), null), literal: null }
      : compiler.compile(defresult)
  // The ELSE branch comes first, because PostgreSQL prefers its type.
  const type = commonType([otherwise, ...branches.map((branch) => branch.result)], 'CASE', scope, node.location)
  const results = branches.map((branch) => coerce(branch.result, type, 'i', scope))
  const last = coerce(otherwise, type, 'i', scope)
  const compute = (env: Env): SqlValue => {
    for (let i = 0; i < branches.length; i += 1) {
      if (branches[i]?.test.evaluate(env) === true) return results[i]?.evaluate(env) ?? null
    }
    return last.evaluate(env)
  }
  const fold = (env: Env): Known | undefined => {
    let certain = true
    for (const [i, branch] of branches.entries()) {
      const test = foldOf(branch.test, env)
      // PostgreSQL does not compute a branch that is never taken.
      if (test !== undefined && test.value !== true) continue
      const result = results[i]
      const known = result === undefined ? undefined : foldOf(result, env)
      if (test !== undefined) return certain ? known : undefined
      certain = false
    }
    const known = foldOf(last, env)
    return certain ? known : undefined
  }
  return foldable(type, compute, fold)
}
