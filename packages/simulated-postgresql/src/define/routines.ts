import type { Argument, Returns, Routine, Trigger, TriggerEvent } from '../catalogue/routine.ts'
import { columnNamed, columnsOf, type Table } from '../catalogue/table.ts'
import { isModification } from '../execute/conditions.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { QueryScope } from '../execute/scope.ts'
import { resolveTypeName } from '../expressions/type-name.ts'
import { undefinedFunction } from '../functions/catalogue.ts'
import { type Body, parseBody, sqlBody } from '../plpgsql/tree.ts'
import { variablesOf } from '../plpgsql/variables.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, namesOf, optionsOf, refuseRest } from '../sql/nodes.ts'
import { assignXid } from '../storage/rows.ts'
import type { Coroutine } from '../storage/wait.ts'
import { formatType } from '../types/format-type.ts'
import { OID } from '../types/oids.ts'
import type { RecordColumn, SqlType } from '../types/value.ts'
import { setDefault } from './create-table.ts'
import { creationSchema, hasDependents, relationOf } from './names.ts'

export function* createFunction(fields: Fields<'CreateFunctionStmt'>, context: Context, run: Run): Coroutine<string> {
  const { replace, funcname, parameters, returnType, options, ...rest } = fields
  refuseRest('CreateFunctionStmt', rest)
  const { schema, name } = routineName(namesOf(funcname), context)
  const all = (parameters ?? []).map((node) => parameterOf(node, context))
  const declared = argumentsOf(all)
  const outputs = all.filter(({ out }) => out).map(({ name: own = '', type }) => ({ name: own, type }))
  const returns = returnsOf(returnType, name, outputs, context)
  if (returns.kind === 'trigger' && declared.length > 0)
    throw new SqlError('42P13', 'trigger functions cannot have declared arguments')
  const { language, text, ...read } = functionOptions(options)
  const body =
    language === 'sql'
      ? sqlBodyOf(text, name, declared, returns, context)
      : { ...plpgsqlBody(text, returns.kind === 'set' ? declared : all, returns), name }
  const { catalogue } = run
  const key = `${name}, ${declared.map(({ type }) => signedOid(type)).join(' ')}, ${catalogue.schemas.find(schema, context.own)?.oid}`
  const known = catalogue.routines.find(key, context.own)
  const oid = known?.oid ?? run.store.nextOid()
  const created: Routine = { oid, schema, name, arguments: declared, returns, body, text, ...read }
  if (known === undefined) {
    yield* catalogue.routines.insert(key, created, run)
    return 'CREATE FUNCTION'
  }
  if (replace !== true) throw new SqlError('42723', `function "${name}" already exists with same argument types`)
  if (JSON.stringify(known.returns) !== JSON.stringify(returns))
    throw new SqlError('42P13', 'cannot change return type of existing function', {
      hint: `Use DROP FUNCTION ${signature(known, context)} first.`,
    })
  if (known.arguments.some((each, at) => each.name !== declared[at]?.name))
    throw new NotSupported('CREATE OR REPLACE FUNCTION with changed names of arguments')
  if (known.arguments.some((each, at) => each.default !== undefined && declared[at]?.default === undefined))
    throw new SqlError('42P13', 'cannot remove parameter defaults from existing function', {
      hint: `Use DROP FUNCTION ${signature(known, context)} first.`,
    })
  yield* catalogue.routines.replace(known, key, created, run)
  return 'CREATE FUNCTION'
}

type Arguments = readonly Argument[]

/**
 * Returns the oid that stands for a type in the signature of a function. For a domain, this is the domain's own oid.
 */
const signedOid = ({ oid, domain }: SqlType): number => domain ?? oid

/** Parses a PL/pgSQL body. Declares every argument with the type `int`, because the parser does not check the types. */
function plpgsqlBody(text: string, all: readonly Pick<Parameter, 'name' | 'mode'>[], returns: Returns): Body {
  const given = all.map(
    ({ name, mode = 'IN' }) => `${mode} ${name === undefined ? '' : `"${name.replaceAll('"', '""')}" `}int`,
  )
  // OUT parameters declare the result.
  const result = returns.kind !== 'set' && all.some(({ mode }) => mode?.endsWith('OUT')) ? '' : declaredResult(returns)
  return parseBody(`CREATE FUNCTION f(${given.join()}) ${result} AS ${dollarQuoted(text)} LANGUAGE plpgsql`)
}

function declaredResult(returns: Returns): string {
  if (returns.kind === 'value') return 'RETURNS int'
  if (returns.kind !== 'set') return `RETURNS ${returns.kind}`
  if (!returns.named) return returns.scalar ? 'RETURNS SETOF int' : 'RETURNS SETOF record'
  return `RETURNS TABLE (${returns.columns.map(({ name }) => `"${name.replaceAll('"', '""')}" int`).join()})`
}

/** Compiles the statements of an SQL function, to report their errors immediately. */
function sqlBodyOf(text: string, name: string, declared: Arguments, returns: Returns, context: Context): Body {
  if (returns.kind === 'trigger') throw new SqlError('42P13', 'SQL functions cannot return type trigger')
  const names = declared.map((each) => each.name)
  const ending = returns.kind === 'set' ? 'rows' : returns.kind === 'record' ? 'value' : returns.kind
  const body = { ...sqlBody(text, names, ending), name }
  const shapes = declared.map(({ type }) => ({ kind: 'scalar' as const, type }))
  const variables = variablesOf(
    body,
    shapes,
    declared.map((_, at) => at),
  )
  let result: readonly { readonly type: SqlType }[] = []
  for (const step of body.steps) {
    if (step.kind !== 'first' && step.kind !== 'perform' && step.kind !== 'return query') continue
    const { node } = step.query
    const inner = context.with({ variables, parameterOids: variables.parameterOids })
    if ('SelectStmt' in node) result = inner.compilers.query(node, inner, undefined).columns
    else if (isModification(node)) result = inner.compilers.modification(node, inner, undefined).columns ?? []
    else throw new NotSupported('a statement other than SELECT, INSERT, UPDATE, DELETE and MERGE in a function in SQL')
  }
  if (returns.kind === 'value') checkResult(result, returns.type, context)
  if (returns.kind === 'set') checkRows(result, returns, context)
  if (returns.kind === 'record' && result.length === 1 && result[0]?.type.oid === OID.record)
    throw new NotSupported('a function in SQL that returns a row as one column')
  if (returns.kind === 'record') checkRows(result, { ...returns, scalar: false }, context)
  return body
}

function checkResult(columns: readonly { readonly type: SqlType }[], type: SqlType, context: Context): void {
  const mismatch = (detail: string): SqlError =>
    new SqlError('42P13', `return type mismatch in function declared to return ${context.format(type)}`, { detail })
  const [column, ...others] = columns
  if (column === undefined)
    throw mismatch("Function's final statement must be SELECT or INSERT/UPDATE/DELETE/MERGE RETURNING.")
  if (others.length > 0) throw mismatch('Final statement must return exactly one column.')
  try {
    const value = { type: column.type, evaluate: () => null }
    context.assignedValue(value, new QueryScope(context, undefined), { name: '', type })
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    throw mismatch(`Actual return type is ${context.format(column.type)}.`)
  }
}

function checkRows(
  columns: readonly { readonly type: SqlType }[],
  returns: Pick<Extract<Returns, { readonly kind: 'set' }>, 'columns' | 'scalar'>,
  context: Context,
): void {
  const [only] = returns.columns
  if (returns.scalar && only !== undefined) checkResult(columns, only.type, context)
  else if (columns.length !== returns.columns.length)
    throw new SqlError('42P13', 'return type mismatch in function declared to return record', {
      detail: `Final statement returns too ${columns.length > returns.columns.length ? 'many' : 'few'} columns.`,
    })
  else for (const [at, { type }] of returns.columns.entries()) checkResult(columns.slice(at, at + 1), type, context)
}

function routineName(names: readonly string[], context: Context): { schema: string; name: string } {
  if (names.at(-2) === 'pg_temp') throw new NotSupported('a temporary function')
  return { schema: creationSchema(names.at(-2), context), name: names.at(-1) ?? '' }
}

type Mode = 'IN' | 'OUT' | 'INOUT'
type Parameter = Argument & { readonly mode?: Mode }

const MODES: Readonly<Record<string, Mode>> = {
  FUNC_PARAM_DEFAULT: 'IN',
  FUNC_PARAM_IN: 'IN',
  FUNC_PARAM_OUT: 'OUT',
  FUNC_PARAM_TABLE: 'OUT',
  FUNC_PARAM_INOUT: 'INOUT',
}

function argumentsOf(all: readonly Parameter[]): Arguments {
  const given = all.filter(({ mode }) => mode !== 'OUT')
  if (given.some((each, at) => each !== all[at])) throw new NotSupported('an OUT parameter before an IN parameter')
  const first = given.findIndex((each) => each.default !== undefined)
  if (first >= 0 && given.slice(first).some((each) => each.default === undefined))
    throw new SqlError('42P13', 'input parameters after one with a default value must also have defaults')
  return given.map(({ mode: _, ...each }) => each)
}

function parameterOf(node: Node, context: Context): Parameter {
  const { name, argType, mode: word, defexpr, ...rest } = expectKind(node, 'FunctionParameter')
  refuseRest('FunctionParameter', rest)
  const mode = MODES[word ?? '']
  if (mode === undefined) throw new NotSupported('VARIADIC parameters of a function')
  const out = mode !== 'IN'
  if (out && name === undefined) throw new NotSupported('an OUT parameter without a name')
  const type = resolveTypeName(argType, context)
  if (defexpr !== undefined) {
    if (mode === 'OUT') throw new SqlError('42P13', 'only input parameters can have default values')
    setDefault({ name: name ?? '', type, default: undefined }, defexpr, context)
  }
  if (context.types.typeOf(type.oid).kind === 'p') throw new NotSupported(`the type ${type.name} of an argument`)
  return { name, type: { ...type, typmod: -1 }, default: defexpr, out, mode }
}

function returnsOf(
  type: Fields<'CreateFunctionStmt'>['returnType'],
  functionName: string,
  outputs: readonly RecordColumn[],
  context: Context,
): Returns {
  if (type?.setof === true) return setOf(type, functionName, outputs, context)
  if (outputs.length > 0) return outputsOf(type, outputs, context)
  if (type === undefined) throw new SqlError('42P13', 'function result type must be specified')
  const name = namesOf(type.names).at(-1)
  if (name === 'trigger') return { kind: 'trigger' }
  if (name === 'void') return { kind: 'void' }
  const row = rowOf(type, context)
  if (row !== undefined) return row
  const value = resolveTypeName(type, context)
  if (context.types.typeOf(value.oid).kind === 'p') throw new NotSupported(`a function that returns ${value.name}`)
  return { kind: 'value', type: { ...value, typmod: -1 }, name: undefined }
}

/** Returns the row type for the name of a table or a composite type. */
function rowOf(type: Fields<'TypeName'>, context: Context): Extract<Returns, { kind: 'record' }> | undefined {
  if (type.arrayBounds !== undefined) return undefined
  const names = namesOf(type.names)
  const own = context.types.named(names.at(-1) ?? '')
  const table = own === undefined ? context.table(names.at(-2), names.at(-1) ?? '') : undefined
  const columns = own && context.types.typeOf(resolveTypeName(type, context).oid).columns
  if (table === undefined) return columns && { kind: 'record', columns }
  return {
    kind: 'record',
    // Each call reads the current columns of the table.
    get columns() {
      return columnsOf(table).map(({ name, type: held }) => ({ name, type: held }))
    },
  }
}

function outputsOf(
  type: Fields<'CreateFunctionStmt'>['returnType'],
  outputs: readonly RecordColumn[],
  context: Context,
): Returns {
  const [only, ...others] = outputs
  const single = only !== undefined && others.length === 0
  const declared = type === undefined ? undefined : resolveTypeName(type, context)
  if (declared !== undefined && signedOid(declared) !== (single ? signedOid(only.type) : OID.record))
    throw new SqlError(
      '42P13',
      `function result type must be ${single ? context.format(only.type) : 'record'} because of OUT parameters`,
    )
  if (single) return { kind: 'value', type: only.type, name: only.name }
  return { kind: 'record', columns: outputs }
}

function setOf(
  { setof: _, ...type }: Fields<'TypeName'>,
  functionName: string,
  outputs: readonly RecordColumn[],
  context: Context,
): Returns {
  if (outputs.length > 0) return { kind: 'set', columns: outputs, scalar: outputs.length === 1, named: true }
  const row = rowOf(type, context)
  if (row !== undefined)
    return {
      ...{ kind: 'set', scalar: false, named: false },
      get columns() {
        return row.columns
      },
    }
  const value = resolveTypeName(type, context)
  if (context.types.typeOf(value.oid).kind === 'p')
    throw new NotSupported(`a function that returns SETOF ${value.name}`)
  const columns = [{ name: functionName, type: { ...value, typmod: -1 } }]
  return { kind: 'set', columns, scalar: true, named: false }
}

/** Options of CREATE FUNCTION that the simulation ignores. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(['security', 'parallel', 'cost', 'leakproof'])

type Options = Pick<Routine, 'text' | 'volatility' | 'strict' | 'settings'> & { readonly language: 'plpgsql' | 'sql' }

function functionOptions(options: readonly Node[] | undefined): Options {
  let text: string | undefined
  let language: string | undefined
  let volatility: Routine['volatility'] = 'v'
  let strict = false
  const settings: [string, string][] = []
  for (const [defname, arg] of optionsOf(options)) {
    if (defname === 'as') {
      const [first, ...others] = namesOf(expectKind(arg, 'List').items)
      if (others.length > 0) throw new NotSupported('a function in C')
      text = first
    } else if (defname === 'language') language = expectKind(arg, 'String').sval ?? ''
    else if (defname === 'volatility')
      volatility = ({ stable: 's', immutable: 'i' } as const)[expectKind(arg, 'String').sval ?? ''] ?? 'v'
    else if (defname === 'strict') strict = expectKind(arg, 'Boolean').boolval === true
    else if (defname === 'set') settings.push(settingOf(arg))
    else if (!WITHOUT_EFFECT.has(defname)) throw new NotSupported(`${defname.toUpperCase()} of CREATE FUNCTION`)
  }
  if (language !== 'plpgsql' && language !== 'sql')
    throw new NotSupported(`CREATE FUNCTION in the language ${language}`)
  if (text === undefined) throw new SqlError('42P13', 'no function body specified')
  return { text, language, volatility, strict, settings }
}

/** Parses a setting such as `SET search_path = public`. */
function settingOf(node: Node | undefined): [string, string] {
  const { kind, name = '', args, ...rest } = expectKind(node, 'VariableSetStmt')
  refuseRest('VariableSetStmt', rest)
  if (kind !== 'VAR_SET_VALUE') throw new NotSupported('SET FROM CURRENT of a function')
  const texts = (args ?? []).map((each) => {
    const { sval } = expectKind(each, 'A_Const')
    if (sval === undefined) throw new NotSupported(`SET ${name} of a function`)
    return sval.sval ?? ''
  })
  return [name, texts.map((each) => (each === '' ? '""' : each)).join(', ')]
}

export function dollarQuoted(text: string): string {
  let tag = '$body$'
  for (let number = 1; text.includes(tag); number++) tag = `$body${number}$`
  return `${tag}${text}${tag}`
}

/** TRIGGER_TYPE_* of PostgreSQL's pg_trigger.h. */
const TIMINGS: Readonly<Record<number, Trigger['timing']>> = { 0: 'AFTER', 2: 'BEFORE' }
const EVENTS: readonly (readonly [bit: number, event: TriggerEvent])[] = [
  [4, 'INSERT'],
  [8, 'DELETE'],
  [16, 'UPDATE'],
]
const KNOWN_EVENTS = 4 | 8 | 16

export function* createTrigger(fields: Fields<'CreateTrigStmt'>, context: Context, run: Run): Coroutine<string> {
  const {
    replace,
    trigname: name = '',
    relation,
    funcname,
    args,
    row,
    timing: bits = 0,
    events = 0,
    columns,
    whenClause,
    ...rest
  } = fields
  refuseRest('CreateTrigStmt', rest)
  const timing = TIMINGS[bits]
  const table = yield* run.lockNamed(() => relationOf(relation, context), 'ShareRowExclusiveLock')
  if (table.partitioned !== undefined) throw new NotSupported('a trigger of a partitioned table')
  if (table.view !== undefined || timing === undefined) throw new NotSupported('INSTEAD OF triggers')
  if ((events & ~KNOWN_EVENTS) !== 0) throw new NotSupported('a TRUNCATE trigger')
  const routine = routineNamed(namesOf(funcname), context)
  if (routine.returns.kind !== 'trigger')
    throw new SqlError('42P17', `function ${routine.name} must return type trigger`)
  const known = table.triggers.find((each) => each.name === name)
  if (known !== undefined && replace !== true)
    throw new SqlError('42710', `trigger "${name}" for relation "${table.name}" already exists`)
  const trigger: Trigger = {
    name,
    timing,
    level: row === true ? 'ROW' : 'STATEMENT',
    events: new Set(EVENTS.flatMap(([bit, event]) => ((events & bit) === 0 ? [] : [event]))),
    columns: namesOf(columns).map((each) => columnNamed(table, each).attribute - 1),
    when: whenClause,
    routine,
    arguments: namesOf(args),
  }
  if (trigger.when !== undefined && trigger.level === 'STATEMENT')
    throw new NotSupported('WHEN of a statement-level trigger')
  setTriggers(table, [...table.triggers.filter((each) => each !== known), trigger], run)
  // Compiles the WHEN condition, so that CREATE TRIGGER reports its errors.
  run.factsOf(table)
  return 'CREATE TRIGGER'
}

function setTriggers(table: Table, triggers: readonly Trigger[], run: Run): void {
  assignXid(run)
  // Triggers fire in the order of their names.
  run.catalogue.change(table, { triggers: triggers.toSorted((a, b) => (a.name < b.name ? -1 : 1)) }, run)
}

function routineNamed(names: readonly string[], { catalogue, searchPath, own }: Context): Routine {
  const path = names.length > 1 ? [names.at(-2)] : searchPath
  for (const schema of path)
    for (const routine of catalogue.routines.all(own))
      if (routine.schema === schema && routine.name === names.at(-1) && routine.arguments.length === 0) return routine
  throw undefinedFunction(names)
}

export function* dropTrigger(names: readonly string[], context: Context, run: Run): Coroutine<boolean> {
  const find = (): Table | undefined => context.table(names.at(-3), names.at(-2) ?? '')
  const table = yield* run.lockNamed(find, 'AccessExclusiveLock')
  if (table === undefined || !table.triggers.some((each) => each.name === names.at(-1))) return false
  setTriggers(
    table,
    table.triggers.filter((each) => each.name !== names.at(-1)),
    run,
  )
  return true
}

export function* dropFunction(
  fields: Fields<'ObjectWithArgs'>,
  cascade: boolean,
  context: Context,
  run: Run,
): Coroutine<boolean> {
  const { objname, objargs, args_unspecified, ...rest } = fields
  refuseRest('ObjectWithArgs', rest, ['objfuncargs'])
  const { catalogue } = run
  const names = namesOf(objname)
  const wanted = (objargs ?? []).map((node) => resolveTypeName(expectKind(node, 'TypeName'), context)).map(signedOid)
  const path = names.length > 1 ? [names.at(-2)] : context.searchPath
  const find = (): Routine | undefined => {
    const found = catalogue.routines
      .all(context.own)
      .filter(
        ({ schema, name, arguments: all }) =>
          path.includes(schema) &&
          name === names.at(-1) &&
          (args_unspecified === true || all.map(({ type }) => signedOid(type)).join() === wanted.join()),
      )
    if (found.length > 1) throw new SqlError('42725', `function name "${names.join('.')}" is not unique`)
    return found[0]
  }
  const routine = yield* run.lockNamed(find, 'AccessExclusiveLock', 'routine')
  if (routine === undefined) return false
  for (const table of catalogue.visibleTables(context.own)) {
    const [dependent] = table.triggers.filter((each) => each.routine.oid === routine.oid)
    if (dependent === undefined) continue
    const dropped = `function ${signature(routine, context)}`
    if (!cascade) throw hasDependents(dropped, `trigger ${dependent.name} on table ${table.name} depends on ${dropped}`)
    setTriggers(
      table,
      table.triggers.filter((each) => each.routine.oid !== routine.oid),
      run,
    )
  }
  yield* catalogue.routines.delete(routine, run)
  return true
}

export function callSignature({ objname, objargs }: Fields<'ObjectWithArgs'>, context: Context): string {
  const { types } = context
  const all = (objargs ?? []).map((node) => resolveTypeName(expectKind(node, 'TypeName'), context))
  return `${namesOf(objname).join('.')}(${all.map(({ oid, domain }) => formatType(types, domain ?? oid)).join(', ')})`
}

function signature({ name, arguments: all }: Routine, { types }: Context): string {
  return `${name}(${all.map(({ type }) => formatType(types, type.oid)).join(', ')})`
}
