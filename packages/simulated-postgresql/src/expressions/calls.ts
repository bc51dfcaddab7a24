import type { Builtin, CallTypes } from '../functions/builtin.ts'
import { builtin } from '../functions/builtins.ts'
import { computed, functionQuery, isCalculable } from '../functions/calculator.ts'
import { type FunctionSignature, functionsNamed } from '../functions/catalogue.ts'
import { extensionsOf, OF_CITEXT, ownName } from '../functions/extensions.ts'
import { errorAt, NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
import { isKnownFunction } from '../sql/undefined.ts'
import { REMEDY } from '../types/calculator.ts'
import { formatType } from '../types/format-type.ts'
import { OID } from '../types/oids.ts'
import { caselessAmong } from '../types/types.ts'
import type { SqlType, SqlValue } from '../types/value.ts'
import { coerce, typeNamed } from './coerce.ts'
import { type Compiler, locationOf } from './compiler.ts'
import type { Compiled, Env, Scope } from './env.ts'
import { arrayFrom, derived } from './fold.ts'
import { chooseFunction, isGenericArray, isMultirange, pathway, resolveGenerics } from './resolve.ts'
import { arrayOf } from './type-name.ts'

/** The fields of a function call that are allowed only for aggregates and window functions, such as FILTER and OVER. */
const COLLECTING = ['agg_order', 'agg_filter', 'agg_within_group', 'agg_star', 'agg_distinct', 'over'] as const

/** Returns the name of a function, with its schema unless that is `pg_catalog` or `public`. */
export function functionName(call: Fields<'FuncCall'>, { context }: Scope): string {
  const path = namesOf(call.funcname)
  const [schema = 'pg_catalog', last = ''] = [path.at(-2), path.at(-1)]
  const name = ownName(last, (extension) => context.hasExtension?.(extension) === true)
  return schema === 'pg_catalog' || schema === 'public' ? name : `${schema}.${name}`
}

export interface ResolvedCall {
  readonly signature: FunctionSignature
  readonly arguments: readonly Compiled[]
  readonly types: CallTypes
}

/** Chooses the function for a call; undefined for the name of a type. Throws 42883 and 42725. */
export function resolveCall(call: Fields<'FuncCall'>, compiler: Compiler): ResolvedCall | undefined {
  const { scope } = compiler
  const { types } = scope.context
  const name = functionName(call, scope)
  const written = scope.routines?.(namesOf(call.funcname)) ?? []
  const placed = positional(call.args ?? [], name, written)
  const given = placed.map((argument) => compiler.compile(argument))
  const oids = given.map((argument) => argument.type.oid)
  if (OF_CITEXT.has(name) && caselessAmong(types, oids) !== undefined)
    throw new NotSupported(`the function ${name} of citext`)
  const choice = chooseFunction(types, name, oids, call.func_variadic === true, written)
  if (choice.kind !== 'found') {
    if (conversionTarget(call, name, given, scope) !== undefined) return undefined
    const callText = `${namesOf(call.funcname).join('.')}(${oids.map((oid) => formatType(types, oid)).join(', ')})`
    if (choice.kind === 'none') {
      const extension = extensionsOf(name).find((each) => scope.context.hasExtension?.(each) === true)
      if (extension !== undefined) throw new NotSupported(`the function ${name} of ${extension}`)
      if (isKnownFunction(name, given.length) || oids.some((oid) => isMultirange(types, oid)))
        throw new NotSupported(`the function ${callText}`)
      throw errorAt(call.location, '42883', `function ${callText} does not exist`, {
        hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
      })
    }
    throw errorAt(call.location, '42725', `function ${callText} is not unique`, {
      hint: 'Could not choose a best candidate function. You might need to add explicit type casts.',
    })
  }
  const { signature } = choice
  if (call.func_variadic === true && signature.arguments.at(-1) === OID.any)
    throw new NotSupported(`VARIADIC in a call of ${name}`)
  const generic = resolveGenerics(types, oids, choice.arguments, signature.result)
  if (generic === undefined) throw new NotSupported(`a call of ${name} with arguments of these types`)
  if (generic.arguments.includes(OID.unknown) && !choice.arguments.includes(OID.unknown)) {
    throw new SqlError('42804', 'could not determine polymorphic type because input has type unknown')
  }
  const converted = given.map((argument, i) => {
    const target = generic.arguments[i] ?? OID.any
    const decided = target === OID.any ? decideAny(argument) : argument
    return coerce(decided, typeNamed(scope, target), 'i', scope, locationOf(placed[i]))
  })
  converted.push(...leftOut(signature, given.length, compiler))
  const all =
    choice.variadicFrom === undefined || signature.source === 'text_concat' || choice.arguments.includes(OID.any)
      ? converted
      : packed(converted, choice.variadicFrom, scope)
  const result = typeNamed(scope, generic.result)
  const of = given.find(({ type }) => type.domain !== undefined)
  if (of !== undefined && isGenericArray(signature.result)) arrayOf(types, of.type)
  return { signature, arguments: all, types: { arguments: all.map((argument) => argument.type), result } }
}

function leftOut({ arguments: declared, defaultValues = [] }: FunctionSignature, given: number, compiler: Compiler) {
  const missing = declared.slice(given)
  return defaultValues
    .slice(defaultValues.length - missing.length)
    .map((node, i) => coerce(compiler.compile(node), typeNamed(compiler.scope, missing[i] ?? 0), 'a', compiler.scope))
}

const NAMED_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  make_interval: ['years', 'months', 'weeks', 'days', 'hours', 'mins', 'secs'],
}

/** Returns the arguments by position, with defaults in place of omitted ones: `make_interval(days => 1)`. */
function positional(all: readonly Node[], name: string, written: readonly FunctionSignature[]): readonly Node[] {
  const given = all.map((argument) => ('NamedArgExpr' in argument ? argument.NamedArgExpr.name : undefined))
  const named = given.slice(given.findIndex((each) => each !== undefined))
  if (named[0] === undefined) return all
  if (named.includes(undefined)) throw new SqlError('42601', 'positional argument cannot follow named argument')
  const twice = named.find((each, at) => named.indexOf(each) < at)
  if (twice !== undefined) throw new SqlError('42601', `argument name "${twice}" used more than once`)
  const names = NAMED_ARGUMENTS[name]
  if (names !== undefined)
    return (
      placedBy(
        names,
        names.map(() => ({ A_Const: { ival: {} } })),
        all,
      ) ?? noSuch(all, name)
    )
  const [only, ...others] = written.flatMap(({ argumentNames = [], defaultValues = [] }) => {
    const without = argumentNames.length - defaultValues.length
    const placed = placedBy(
      argumentNames,
      argumentNames.map((_, at) => defaultValues[at - without]),
      all,
    )
    return placed === undefined ? [] : [placed]
  })
  if (others.length > 0 || (only === undefined && written.length === 0))
    throw new NotSupported(`a named argument of ${name}`)
  return only ?? noSuch(all, name)
}

function placedBy(
  names: readonly (string | undefined)[],
  defaults: readonly (Node | undefined)[],
  all: readonly Node[],
): readonly Node[] | undefined {
  const placed = new Map<number, Node>()
  for (const [i, argument] of all.entries()) {
    const named = 'NamedArgExpr' in argument ? argument.NamedArgExpr : undefined
    const at = named === undefined ? i : names.indexOf(named.name ?? '')
    const value = named === undefined ? argument : named.arg
    if (at < 0 || at >= names.length || value === undefined || placed.has(at)) return undefined
    placed.set(at, value)
  }
  const filled = names.flatMap((_, at) => placed.get(at) ?? defaults[at] ?? [])
  return filled.length === names.length ? filled : undefined
}

function noSuch(all: readonly Node[], name: string): never {
  const names = all.flatMap((argument) => ('NamedArgExpr' in argument ? [argument.NamedArgExpr.name] : []))
  throw new SqlError('42883', `function ${name} has no argument "${names.join(', ')}"`)
}

/** Checks an argument declared `any`. A parameter is an error, because nothing determines its type. */
function decideAny(argument: Compiled): Compiled {
  if (argument.parameter === undefined) return argument
  throw new SqlError('42P18', `could not determine data type of parameter $${argument.parameter}`)
}

function packed(all: readonly Compiled[], from: number, scope: Scope): readonly Compiled[] {
  const elements = all.slice(from)
  const elementOid = elements[0]?.type.oid ?? OID.text
  const type = typeNamed(scope, scope.context.types.typeOf(elementOid).arrayOid)
  return [...all.slice(0, from), arrayFrom(type, elementOid, elements)]
}

function conversionTarget(
  call: Fields<'FuncCall'>,
  name: string,
  given: readonly Compiled[],
  scope: Scope,
): SqlType | undefined {
  const [only] = given
  const { types } = scope.context
  const type = types.named(name)
  if (only === undefined || given.length !== 1 || type === undefined || call.funcformat === 'COERCE_SQL_SYNTAX')
    return undefined
  if (only.type.oid === OID.unknown) return typeNamed(scope, type.oid)
  const path = pathway(types, only.type.oid, type.oid, 'e')
  return path?.kind === 'same' || path?.kind === 'text' ? typeNamed(scope, type.oid) : undefined
}

export function compileCall(call: Fields<'FuncCall'>, compiler: Compiler): Compiled {
  const { scope } = compiler
  refuseRest('FuncCall', call, ['funcname', 'args', 'func_variadic', 'funcformat', ...COLLECTING])
  const name = functionName(call, scope)
  if (call.over !== undefined) {
    if (scope.window === undefined) throw notAllowed('42P20', 'window functions are', scope, call.location)
    return scope.window(call)
  }
  const kinds = functionsNamed(name).map((signature) => signature.kind)
  if (kinds.includes('a')) {
    if (scope.aggregate === undefined) throw notAllowed('42803', 'aggregate functions are', scope, call.location)
    return scope.aggregate(call)
  }
  if (kinds.includes('w')) {
    throw errorAt(call.location, '42809', `window function ${name} requires an OVER clause`)
  }
  for (const field of COLLECTING) {
    if (call[field] !== undefined && call[field] !== false) {
      throw errorAt(
        call.location,
        '42809',
        `${COLLECTING_WORDS[field]} specified, but ${name} is not an aggregate function`,
      )
    }
  }
  const resolved = resolveCall(call, compiler)
  if (resolved === undefined) return conversion(call, name, compiler)
  if (resolved.signature.returnsSet) {
    if (scope.setReturning === undefined) throw notAllowed('0A000', 'set-returning functions are', scope, call.location)
    return scope.setReturning(call)
  }
  return applied(resolved, name, scope)
}

const COLLECTING_WORDS: Readonly<Record<(typeof COLLECTING)[number], string>> = {
  agg_order: 'ORDER BY',
  agg_filter: 'FILTER',
  agg_within_group: 'WITHIN GROUP',
  agg_star: '(*)',
  agg_distinct: 'DISTINCT',
  over: 'OVER',
}

function notAllowed(code: string, what: string, scope: Scope, location?: number): SqlError {
  return errorAt(location, code, `${what} not allowed in ${scope.place ?? 'this context'}`)
}

function conversion(call: Fields<'FuncCall'>, name: string, compiler: Compiler): Compiled {
  const given = (call.args ?? []).map((argument: Node) => compiler.compile(argument))
  const target = conversionTarget(call, name, given, compiler.scope)
  const [only] = given
  if (target === undefined || only === undefined) throw new NotSupported(`a call of ${name} with these arguments`)
  return coerce(only, target, 'e', compiler.scope, locationOf(call.args?.[0]))
}

/** Compiles a call of an ordinary function. Arguments are evaluated from left to right. */
export function applied(resolved: ResolvedCall, name: string, scope: Scope): Compiled {
  const { signature, arguments: all, types: call } = resolved
  if (signature.routine !== undefined) return routineCall(resolved, signature.routine, scope)
  const canBe = isCalculable(signature, call)
  const { calculator } = scope.context
  const own = computed(builtin(signature.source), canBe ? calculator : undefined, functionQuery(signature))
  if (own === undefined && !SESSION_FUNCTION.test(signature.source)) {
    const types = signature.arguments.map((oid) => formatType(scope.context.types, oid)).join(', ')
    throw new NotSupported(`the function ${name}(${types})${canBe ? REMEDY : ''}`)
  }
  const implementation = own ?? sessionFunction(signature)
  const evaluate = (env: Env): SqlValue => {
    // Arguments after a null are evaluated as well, because they may raise an error.
    const values = all.map((argument) => argument.evaluate(env))
    if (signature.strict && values.includes(null)) return null
    return implementation(values, env, call)
  }
  // If `own` is undefined, the session implements the function. Such a function is never computed in advance, even if
  // PostgreSQL declares it immutable.
  const pure = signature.volatility === 'i' && own !== undefined
  return derived(call.result, all, { strict: signature.strict, pure }, evaluate)
}

const sessionFunction =
  ({ name, source }: FunctionSignature): Builtin =>
  (values, env) => {
    const sessions = env.session.functions.get(source)
    if (sessions === undefined) throw new NotSupported(`the function ${name}`)
    return sessions(values, env)
  }

/** Compiles a call of a user-defined function, which is never computed in advance. */
function routineCall({ signature, arguments: all, types }: ResolvedCall, routine: number, scope: Scope): Compiled {
  const columns = signature.columns.map(({ name, oid }) => ({ name, type: typeNamed(scope, oid) }))
  return {
    type: types.result,
    ...(types.result.oid === OID.record ? { columns } : {}),
    evaluate(env) {
      const values = all.map((argument) => argument.evaluate(env))
      if (signature.strict && values.includes(null)) return null
      if (env.session.callRoutine === undefined)
        throw new NotSupported(`a call of the function ${signature.name} at this place`)
      return env.session.callRoutine(routine, values, this)
    },
  }
}

/**
 * Matches functions that may depend on the session. If such a function is not simulated, it is refused only when it is
 * called.
 */
const SESSION_FUNCTION =
  /^(pg_|show_config|nextval|currval|setval|lastval|set_config|txid_|to_reg|has_|obj_description|col_description|shobj_description|inet_|current_schema|row_security|unique_key|version)/
