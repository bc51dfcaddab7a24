import { parsePlPgSQLSync } from 'libpg-query'
import { NotSupported, SqlError } from '../sql/error.ts'
import { parse, type Statement } from '../sql/parse.ts'
import { Reading } from './reading.ts'

export interface Body {
  readonly variables: readonly Variable[]
  readonly steps: readonly Step[]
  /** The name of the function, which can qualify its variables. */
  readonly name?: string
  /** If a column and a variable share a name, SQL prefers the column and PL/pgSQL reports an error. */
  readonly language: 'plpgsql' | 'sql'
}

/** A variable; its number is its index. */
export type Variable =
  | {
      readonly kind: 'scalar'
      readonly name: string
      readonly typeName: string
      readonly initial: Query | undefined
      readonly notNull: boolean
    }
  | { readonly kind: 'record'; readonly name: string; readonly typeName: string | undefined }
  | { readonly kind: 'field'; readonly record: number; readonly name: string }
  | { readonly kind: 'list'; readonly targets: readonly number[] }

/** A query, or an expression as a query with one column. */
export type Query = Statement

export interface Handler {
  /** Condition names or SQLSTATEs. */
  readonly conditions: readonly string[]
  readonly steps: readonly Step[]
}

export type Step =
  | {
      readonly kind: 'block'
      readonly label: string | undefined
      readonly steps: readonly Step[]
      readonly handlers: readonly Handler[] | undefined
    }
  | { readonly kind: 'assign'; readonly target: number; readonly value: Query }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: readonly Step[] }
  | {
      readonly kind: 'case'
      readonly subject: { readonly variable: number; readonly value: Query } | undefined
      readonly branches: readonly Branch[]
      readonly otherwise: readonly Step[] | undefined
    }
  | {
      readonly kind: 'while'
      readonly label: string | undefined
      readonly condition: Query | undefined
      readonly steps: readonly Step[]
    }
  | {
      readonly kind: 'range'
      readonly label: string | undefined
      readonly variable: number
      readonly lower: Query
      readonly upper: Query
      readonly step: Query | undefined
      readonly reverse: boolean
      readonly steps: readonly Step[]
    }
  | {
      readonly kind: 'rows'
      readonly label: string | undefined
      readonly destination: Destination
      readonly query: Query
      readonly steps: readonly Step[]
    }
  | {
      readonly kind: 'exit'
      readonly leaves: boolean
      readonly label: string | undefined
      readonly condition: Query | undefined
    }
  | ({ readonly kind: 'return' } & Returned)
  | ({ readonly kind: 'return next' } & Returned)
  | {
      readonly kind: 'raise'
      readonly level: number
      readonly condition: string | undefined
      readonly message: string | undefined
      readonly parameters: readonly Query[]
      readonly options: readonly { readonly option: number; readonly value: Query }[]
    }
  | { readonly kind: 'sql'; readonly query: Query; readonly into: Into | undefined }
  | {
      readonly kind: 'execute'
      readonly text: Query
      readonly into: Into | undefined
      readonly using: readonly Query[]
    }
  | { readonly kind: 'perform'; readonly query: Query }
  /**
   * Returns from an SQL function with the first row of its last query: the value of the only column, or a record for
   * several OUT parameters. The result without a row is null.
   */
  | { readonly kind: 'first'; readonly query: Query }
  | { readonly kind: 'return query'; readonly query: Query }
  | { readonly kind: 'row count'; readonly target: number }

/** What RETURN or RETURN NEXT returns: an expression, a variable, or nothing. */
interface Returned {
  readonly value: Query | undefined
  readonly variable: number | undefined
}

export interface Branch {
  readonly condition: Query
  readonly steps: readonly Step[]
}

/** The target of a row: a record, or individual variables. */
export type Destination =
  | { readonly kind: 'record'; readonly variable: number }
  | { readonly kind: 'list'; readonly variables: readonly number[] }

export interface Into {
  readonly destination: Destination
  readonly strict: boolean
}

/** Parses CREATE FUNCTION … LANGUAGE plpgsql, or DO. Throws 42601. */
export function parseBody(text: string): Body {
  let parsed: unknown
  try {
    // The parser accepts the name of a row type only without %ROWTYPE.
    parsed = parsePlPgSQLSync(text.replaceAll(/%\s*rowtype\b/gi, ''))
  } catch (error) {
    throw new SqlError('42601', error instanceof Error ? error.message : String(error))
  }
  const { plpgsql_funcs: functions } = parsed as { plpgsql_funcs?: readonly unknown[] }
  const read = new Reading(functions?.[0], 'PLpgSQL_function')
  read.ignore('new_varno', 'old_varno', 'fn_retset', 'out_param_varno')
  const variables = read.list('datums').map(variableOf)
  const action = read.part('action')
  read.end()
  const steps = [stepOf(action, variables)]
  refuseHidden(variables, loopNames(steps, variables))
  return { variables, steps, language: 'plpgsql' }
}

/** Returns the body of an SQL function, which returns the result of its last statement. */
export function sqlBody(
  text: string,
  names: readonly (string | undefined)[],
  returns: 'value' | 'void' | 'rows',
): Body {
  const queries = parse(text)
  const last = queries.at(-1)
  const ending = { value: 'first', void: 'perform', rows: 'return query' } as const
  const steps = queries.map((query): Step => ({ kind: query === last ? ending[returns] : 'perform', query }))
  const variables = names.map(
    (name = ''): Variable => ({ kind: 'scalar', name, typeName: '', initial: undefined, notNull: false }),
  )
  return { variables, steps, language: 'sql' }
}

function variableOf(node: unknown): Variable {
  const read = new Reading(node)
  read.ignore('lineno', 'dno')
  switch (read.kind) {
    case 'PLpgSQL_var': {
      read.ignore('isconst')
      const type = new Reading(read.part('datatype'), 'PLpgSQL_type')
      const found: Variable = {
        kind: 'scalar',
        name: read.text('refname'),
        typeName: type.text('typname'),
        initial: expressionIn(read, 'default_val'),
        notNull: read.flag('notnull'),
      }
      read.end()
      return found
    }
    case 'PLpgSQL_rec': {
      const name = read.text('refname')
      const type = read.optional('datatype')
      const typeName = type === undefined ? 'record' : new Reading(type, 'PLpgSQL_type').text('typname')
      if (read.optional('default_val') !== undefined)
        throw new NotSupported(`an initial value of the record variable ${name}`)
      read.end()
      return { kind: 'record', name, typeName: /^record$/i.test(typeName) ? undefined : typeName }
    }
    case 'PLpgSQL_recfield':
      return { kind: 'field', name: read.text('fieldname'), record: read.number('recparentno') }
    case 'PLpgSQL_row':
      return { kind: 'list', targets: variablesIn(read) }
    default:
      throw new NotSupported(`${read.kind} in PL/pgSQL`)
  }
}

type Variables = readonly Variable[]

const stepsOf = (nodes: readonly unknown[], variables: Variables): readonly Step[] =>
  nodes.filter((node) => !isEndOfRoutine(node)).map((node) => stepOf(node, variables))

/** Whether a node is the RETURN that the parser adds at the end. */
function isEndOfRoutine(node: unknown): boolean {
  const [entry] = Object.entries(node as object)
  return entry?.[0] === 'PLpgSQL_stmt_return' && Object.keys(entry[1] as object).length === 0
}

function stepOf(node: unknown, variables: Variables): Step {
  const read = new Reading(node)
  read.ignore('lineno', 'stmtid')
  const step = readStep(read, variables)
  read.end()
  return step
}

function readStep(read: Reading, variables: Variables): Step {
  const steps = (name: string) => stepsOf(read.list(name), variables)
  switch (read.kind) {
    case 'PLpgSQL_stmt_block': {
      const exceptions = read.optional('exceptions')
      return {
        kind: 'block',
        label: read.maybe('label'),
        steps: steps('body'),
        handlers: exceptions === undefined ? undefined : handlersOf(exceptions, variables),
      }
    }
    case 'PLpgSQL_stmt_assign':
      return { kind: 'assign', target: read.number('varno'), value: assignedOf(read.part('expr')) }
    case 'PLpgSQL_stmt_if': {
      const first = { condition: expressionOf(read.part('cond')), steps: steps('then_body') }
      const more = read.list('elsif_list').map((each) => branchOf(each, 'cond', variables))
      return { kind: 'if', branches: [first, ...more], otherwise: steps('else_body') }
    }
    case 'PLpgSQL_stmt_case': {
      const variable = read.number('t_varno')
      const branches = read.list('case_when_list').map((each) => branchOf(each, 'expr', variables))
      const otherwise = steps('else_stmts')
      const value = expressionIn(read, 't_expr')
      return {
        kind: 'case',
        subject: value && { variable, value },
        branches,
        otherwise: read.flag('have_else') ? otherwise : undefined,
      }
    }
    case 'PLpgSQL_stmt_loop':
      return { kind: 'while', label: read.maybe('label'), condition: undefined, steps: steps('body') }
    case 'PLpgSQL_stmt_while':
      return {
        kind: 'while',
        label: read.maybe('label'),
        condition: expressionOf(read.part('cond')),
        steps: steps('body'),
      }
    case 'PLpgSQL_stmt_fori':
    case 'PLpgSQL_stmt_fors':
      return loopOf(read, variables)
    case 'PLpgSQL_stmt_exit':
      return {
        kind: 'exit',
        leaves: read.flag('is_exit'),
        label: read.maybe('label'),
        condition: expressionIn(read, 'cond'),
      }
    case 'PLpgSQL_stmt_return':
      return { kind: 'return', ...returnedBy(read) }
    default:
      return readStatement(read)
  }
}

function loopOf(read: Reading, variables: Variables): Step {
  const label = read.maybe('label')
  const variable = read.part('var')
  const steps = stepsOf(read.list('body'), variables)
  if (read.kind === 'PLpgSQL_stmt_fors')
    return { kind: 'rows', label, destination: destinationOf(variable), query: queryOf(read.part('query')), steps }
  return {
    kind: 'range',
    label,
    variable: loopVariable(variable, variables),
    lower: expressionOf(read.part('lower')),
    upper: expressionOf(read.part('upper')),
    step: expressionIn(read, 'step'),
    reverse: read.flag('reverse'),
    steps,
  }
}

function readStatement(read: Reading): Step {
  switch (read.kind) {
    case 'PLpgSQL_stmt_raise':
      return {
        kind: 'raise',
        level: read.number('elog_level'),
        condition: read.maybe('condname'),
        message: read.maybe('message'),
        parameters: read.list('params').map(expressionOf),
        options: read.list('options').map((each) => {
          const option = new Reading(each, 'PLpgSQL_raise_option')
          return { option: option.number('opt_type'), value: expressionOf(option.part('expr')) }
        }),
      }
    case 'PLpgSQL_stmt_execsql':
      return { kind: 'sql', query: queryOf(read.part('sqlstmt')), into: intoOf(read) }
    case 'PLpgSQL_stmt_dynexecute':
      return {
        kind: 'execute',
        text: expressionOf(read.part('query')),
        into: intoOf(read),
        using: read.list('params').map(expressionOf),
      }
    case 'PLpgSQL_stmt_return_query':
      return { kind: 'return query', query: queryOf(read.part('query')) }
    case 'PLpgSQL_stmt_return_next':
      return { kind: 'return next', ...returnedBy(read) }
    case 'PLpgSQL_stmt_perform':
      return { kind: 'perform', query: queryOf(read.part('expr')) }
    case 'PLpgSQL_stmt_getdiag': {
      const [item, ...others] = read.list('diag_items')
      const one = new Reading(item, 'PLpgSQL_diag_item')
      if (others.length > 0 || one.text('kind') !== 'ROW_COUNT')
        throw new NotSupported('GET DIAGNOSTICS of items other than ROW_COUNT')
      return { kind: 'row count', target: one.number('target') }
    }
    default:
      throw new NotSupported(`${read.kind.replace('PLpgSQL_stmt_', '').toUpperCase()} in PL/pgSQL`)
  }
}

function returnedBy(read: Reading): Returned {
  const variable = read.optional('retvarno')
  return {
    value: expressionIn(read, 'expr'),
    variable: typeof variable === 'number' && variable >= 0 ? variable : undefined,
  }
}

function branchOf(node: unknown, condition: string, variables: Variables): Branch {
  const read = new Reading(node)
  return { condition: expressionOf(read.part(condition)), steps: stepsOf(read.list('stmts'), variables) }
}

function handlersOf(node: unknown, variables: Variables): readonly Handler[] {
  return new Reading(node, 'PLpgSQL_exception_block').list('exc_list').map((each) => {
    const read = new Reading(each, 'PLpgSQL_exception')
    return {
      conditions: read.list('conditions').map((one) => new Reading(one, 'PLpgSQL_condition').text('condname')),
      steps: stepsOf(read.list('action'), variables),
    }
  })
}

function intoOf(read: Reading): Into | undefined {
  const target = read.optional('target')
  const strict = read.flag('strict')
  return read.flag('into') && target !== undefined ? { destination: destinationOf(target), strict } : undefined
}

function destinationOf(node: unknown): Destination {
  const read = new Reading(node)
  if (read.kind === 'PLpgSQL_rec') return { kind: 'record', variable: read.number('dno') }
  if (read.kind !== 'PLpgSQL_row') throw new NotSupported(`${read.kind} as a target in PL/pgSQL`)
  return { kind: 'list', variables: variablesIn(read) }
}

const variablesIn = (row: Reading): readonly number[] =>
  row.list('fields').map((each) => (each as { varno?: number }).varno ?? 0)

/**
 * Finds a loop variable by its name, because the parse tree has no number for it. Loop variables with the same name
 * share one number here.
 */
function loopVariable(node: unknown, variables: Variables): number {
  const name = new Reading(node, 'PLpgSQL_var').text('refname')
  const at = variables.findIndex((each) => each.kind === 'scalar' && each.name === name)
  if (at < 0) throw new NotSupported('a loop variable that is not a scalar')
  return at
}

function refuseHidden(variables: Variables, loops: readonly string[]): void {
  const named = variables.filter((each) => each.kind === 'scalar' || each.kind === 'record')
  for (const name of new Set(named.map((each) => each.name))) {
    const declared = named.filter((each) => each.name === name)
    const others = declared.length - loops.filter((each) => each === name).length
    const integers = declared.every((each) => each.kind === 'scalar' && /^int(eger|4)?$/.test(each.typeName))
    if (declared.length > 1 && !(integers && others <= 1) && name !== 'sqlstate' && name !== 'sqlerrm')
      throw new NotSupported(`a variable ${name} in PL/pgSQL that hides another variable`)
  }
}

function loopNames(steps: readonly Step[], variables: Variables): readonly string[] {
  return steps.flatMap((step) => {
    const variable = step.kind === 'range' ? variables[step.variable] : undefined
    const own = variable?.kind === 'scalar' ? [variable.name] : []
    return [...own, ...innerSteps(step).flatMap((inner) => loopNames(inner, variables))]
  })
}

function innerSteps(step: Step): readonly (readonly Step[])[] {
  switch (step.kind) {
    case 'block':
      return [step.steps, ...(step.handlers ?? []).map((each) => each.steps)]
    case 'if':
    case 'case':
      return [...step.branches.map((each) => each.steps), step.otherwise ?? []]
    case 'while':
    case 'range':
    case 'rows':
      return [step.steps]
    default:
      return []
  }
}

/** Returns an expression as a query with one column. */
function expressionOf(node: unknown): Query {
  return queryFrom(`SELECT ${new Reading(node, 'PLpgSQL_expr').text('query')}`)
}

function expressionIn(read: Reading, field: string): Query | undefined {
  const found = read.optional(field)
  return found === undefined ? undefined : expressionOf(found)
}

function queryOf(node: unknown): Query {
  return queryFrom(new Reading(node, 'PLpgSQL_expr').text('query'))
}

function assignedOf(node: unknown): Query {
  const text = new Reading(node, 'PLpgSQL_expr').text('query')
  const [, value] = /^\s*(?:\w+|"(?:[^"]|"")*")(?:\s*\.\s*(?:\w+|"(?:[^"]|"")*"))*\s*:?=([\s\S]*)$/.exec(text) ?? []
  if (value === undefined) throw new NotSupported('an assignment to an element in PL/pgSQL')
  return queryFrom(`SELECT ${value}`)
}

function queryFrom(text: string): Query {
  const [query, ...others] = parse(text)
  if (query === undefined || others.length > 0) throw new SqlError('42601', 'syntax error in PL/pgSQL')
  return query
}
