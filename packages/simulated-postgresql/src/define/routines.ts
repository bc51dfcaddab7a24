import type { Returns, Routine, Trigger, TriggerEvent } from '../catalogue/routine.ts'
import type { Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { resolveTypeName } from '../expressions/type-name.ts'
import { type Body, parseBody } from '../plpgsql/tree.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, fieldsOf, type Node, namesOf } from '../sql/nodes.ts'
import type { Wait } from '../storage/wait.ts'
import { formatType } from '../types/format-type.ts'
import { columnNamed } from './constraints.ts'
import { relationOf, type TableLocker } from './names.ts'

/** CREATE FUNCTION in PL/pgSQL. */
export function createFunction(fields: Fields<'CreateFunctionStmt'>, context: Context, run: Run): string {
  const { replace, funcname, parameters, returnType, options } = fieldsOf('CreateFunctionStmt', fields, [
    'replace',
    'funcname',
    'parameters',
    'returnType',
    'options',
  ])
  const { schema, name } = routineName(namesOf(funcname), context)
  const declared = (parameters ?? []).map((node) => parameterOf(node, context))
  const returns = returnsOf(returnType, context)
  if (returns.kind !== 'trigger') throw new NotSupported('CREATE FUNCTION of a function that is no trigger’s')
  if (declared.length > 0) throw new SqlError('42P13', 'trigger functions cannot have declared arguments')
  const text = bodyText(options)
  const body: Body = parseBody(`CREATE FUNCTION f() RETURNS trigger AS ${dollarQuoted(text)} LANGUAGE plpgsql`)
  const { catalogue } = run
  run.store.xidOf(run.backend, run.transaction.current)
  const known = [...catalogue.routines].find((each) => each.schema === schema && each.name === name)
  if (known === undefined) {
    const created: Routine = { oid: run.store.nextOid(), schema, name, arguments: declared, returns, body, text }
    catalogue.routines.add(created)
    catalogue.changed(run.transaction.current, () => catalogue.routines.delete(created))
    return 'CREATE FUNCTION'
  }
  if (replace !== true) throw new SqlError('42723', `function "${name}" already exists with same argument types`)
  const before = { body: known.body, text: known.text }
  Object.assign(known, { body, text })
  catalogue.changed(run.transaction.current, () => Object.assign(known, before))
  return 'CREATE FUNCTION'
}

function routineName(names: readonly string[], context: Context): { schema: string; name: string } {
  const name = names.at(-1) ?? ''
  const schema =
    names.at(-2) ?? context.searchPath.find((each) => each !== 'pg_catalog' && context.catalogue.schemas.has(each))
  if (schema === undefined) throw new SqlError('3F000', 'no schema has been selected to create in')
  if (!context.catalogue.schemas.has(schema)) throw new SqlError('3F000', `schema "${schema}" does not exist`)
  return { schema, name }
}

function parameterOf(node: Node, context: Context): Routine['arguments'][number] {
  const { name, argType, mode } = fieldsOf('FunctionParameter', expectKind(node, 'FunctionParameter'), [
    'name',
    'argType',
    'mode',
  ])
  if (mode !== 'FUNC_PARAM_DEFAULT' && mode !== 'FUNC_PARAM_IN') throw new NotSupported('OUT parameters of a function')
  return { name, type: resolveTypeName(argType, context.types) }
}

function returnsOf(type: Fields<'CreateFunctionStmt'>['returnType'], context: Context): Returns {
  if (type === undefined) throw new NotSupported('CREATE FUNCTION without RETURNS')
  if (type.setof === true) throw new NotSupported('a function that returns a set')
  const name = namesOf(type.names).at(-1)
  if (name === 'trigger') return { kind: 'trigger' }
  if (name === 'void') return { kind: 'void' }
  return { kind: 'value', type: resolveTypeName(type, context.types) }
}

/** What says how a function is planned, or by whose right it runs: nothing that a trigger's function shows. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'volatility',
  'security',
  'parallel',
  'cost',
  'leakproof',
  'strict',
])

function bodyText(options: readonly Node[] | undefined): string {
  let text: string | undefined
  for (const node of options ?? []) {
    const { defname = '', arg } = fieldsOf('DefElem', expectKind(node, 'DefElem'), ['defname', 'arg'])
    if (defname === 'as') {
      const [first, ...others] = namesOf(expectKind(arg, 'List').items)
      if (others.length > 0) throw new NotSupported('a function in C')
      text = first
    } else if (defname === 'language') {
      const language = expectKind(arg, 'String').sval ?? ''
      if (language !== 'plpgsql') throw new NotSupported(`CREATE FUNCTION in the language ${language}`)
    } else if (!WITHOUT_EFFECT.has(defname)) throw new NotSupported(`${defname.toUpperCase()} of CREATE FUNCTION`)
  }
  if (text === undefined) throw new SqlError('42P13', 'no function body specified')
  return text
}

/** A text between dollar signs. */
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

export function* createTrigger(
  fields: Fields<'CreateTrigStmt'>,
  context: Context,
  run: Run,
  lock: TableLocker,
): Generator<Wait, string, void> {
  const read = fieldsOf('CreateTrigStmt', fields, [
    'replace',
    'trigname',
    'relation',
    'funcname',
    'args',
    'row',
    'timing',
    'events',
    'columns',
    'whenClause',
  ])
  const { trigname: name = '', timing: bits = 0, events = 0 } = read
  const table = relationOf(read.relation, context)
  const timing = TIMINGS[bits]
  if (table.view !== undefined || timing === undefined) throw new NotSupported('INSTEAD OF triggers')
  if ((events & ~KNOWN_EVENTS) !== 0) throw new NotSupported('a trigger of TRUNCATE')
  yield* lock(table, 'ShareRowExclusiveLock')
  const routine = routineNamed(namesOf(read.funcname), context)
  if (routine.returns.kind !== 'trigger')
    throw new SqlError('42P17', `function ${routine.name} must return type trigger`)
  const known = table.triggers.find((each) => each.name === name)
  if (known !== undefined && read.replace !== true)
    throw new SqlError('42710', `trigger "${name}" for relation "${table.name}" already exists`)
  const trigger: Trigger = {
    name,
    timing,
    level: read.row === true ? 'ROW' : 'STATEMENT',
    events: new Set(EVENTS.flatMap(([bit, event]) => ((events & bit) === 0 ? [] : [event]))),
    columns: namesOf(read.columns).map((each) => columnNamed(table, each).attribute - 1),
    when: read.whenClause,
    routine,
    arguments: namesOf(read.args),
  }
  if (trigger.when !== undefined && trigger.level === 'STATEMENT')
    throw new NotSupported('WHEN of a trigger for statements')
  setTriggers(table, [...table.triggers.filter((each) => each !== known), trigger], run)
  // Compiles WHEN: its errors are those of this statement.
  run.factsOf(table)
  return 'CREATE TRIGGER'
}

function setTriggers(table: Table, triggers: readonly Trigger[], run: Run): void {
  const before = table.triggers
  run.store.xidOf(run.backend, run.transaction.current)
  // They fire in the order of their names.
  table.triggers = triggers.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  run.catalogue.changed(run.transaction.current, () => {
    table.triggers = before
  })
}

function routineNamed(names: readonly string[], { catalogue, searchPath }: Context): Routine {
  const path = names.length > 1 ? [names.at(-2)] : searchPath
  for (const schema of path)
    for (const routine of catalogue.routines)
      if (routine.schema === schema && routine.name === names.at(-1)) return routine
  throw new SqlError('42883', `function ${names.join('.')}() does not exist`)
}

/** DROP TRIGGER; false if there is none. */
export function* dropTrigger(
  names: readonly string[],
  context: Context,
  run: Run,
  lock: TableLocker,
): Generator<Wait, boolean, void> {
  const table = context.table(names.at(-3), names.at(-2) ?? '')
  if (table === undefined || !table.triggers.some((each) => each.name === names.at(-1))) return false
  yield* lock(table, 'AccessExclusiveLock')
  setTriggers(
    table,
    table.triggers.filter((each) => each.name !== names.at(-1)),
    run,
  )
  return true
}

/** DROP FUNCTION; false if there is none. */
export function dropFunction(names: readonly string[], cascade: boolean, context: Context, run: Run): boolean {
  const { catalogue } = run
  let routine: Routine
  try {
    routine = routineNamed(names, context)
  } catch (error) {
    if (error instanceof SqlError) return false
    throw error
  }
  for (const table of catalogue.visibleTables(context.own)) {
    const [dependent] = table.triggers.filter((each) => each.routine === routine)
    if (dependent === undefined) continue
    if (!cascade)
      throw new SqlError(
        '2BP01',
        `cannot drop function ${shown(routine, context)} because other objects depend on it`,
        {
          detail: `trigger ${dependent.name} on table ${table.name} depends on function ${shown(routine, context)}`,
          hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
        },
      )
    setTriggers(
      table,
      table.triggers.filter((each) => each.routine !== routine),
      run,
    )
  }
  catalogue.routines.delete(routine)
  catalogue.changed(run.transaction.current, () => catalogue.routines.add(routine))
  return true
}

function shown({ name, arguments: all }: Routine, { types }: Context): string {
  return `${name}(${all.map(({ type }) => formatType(types, type.oid)).join(', ')})`
}
