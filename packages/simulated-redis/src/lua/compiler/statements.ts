import type * as ast from 'luaparse'
import { ScriptRefusal } from '../errors.ts'
import {
  type Compiling,
  compileCall,
  compileCondition,
  compileList,
  compileMany,
  compileValue,
  hasMany,
  isCall,
  keyOf,
  nameArgument,
} from './expressions.ts'
import { atLine } from './lines.ts'

/** Ends a script after too many steps. */
const STEP = 'if (--$.fuel < 0) $.exhausted();'

const compileBlock = (body: readonly ast.Statement[], to: Compiling): string =>
  to.scope.within(() => compileBody(body, to))

export const compileBody = (body: readonly ast.Statement[], to: Compiling): string =>
  body.map((statement) => atLine(statement.loc?.start.line, compileStatement(statement, to))).join(' ')

function compileStatement(node: ast.Statement, to: Compiling): string {
  switch (node.type) {
    case 'LocalStatement':
      return compileLocal(node, to)
    case 'AssignmentStatement':
      return compileAssignment(node, to)
    case 'CallStatement':
      return isCall(node.expression) ? `${compileCall(node.expression, to)};` : ''
    case 'FunctionDeclaration':
      return compileNamedFunction(node, to)
    case 'ReturnStatement':
      return compileReturn(node, to)
    case 'IfStatement':
      return node.clauses.map((clause, i) => compileClause(clause, i, to)).join('')
    case 'WhileStatement':
      return `while (${compileCondition(node.condition, to)}) { ${STEP} ${compileBlock(node.body, to)} }`
    case 'RepeatStatement':
      return to.scope.within(() => {
        const body = compileBody(node.body, to)
        return `while (true) { ${STEP} ${body} if (${compileCondition(node.condition, to)}) break; }`
      })
    case 'DoStatement':
      return `{ ${compileBlock(node.body, to)} }`
    case 'ForNumericStatement':
      return compileNumericFor(node, to)
    case 'ForGenericStatement':
      return compileGenericFor(node, to)
    case 'BreakStatement':
      return 'break;'
    default:
      return refuseSyntax(node)
  }
}

function compileLocal({ variables, init }: ast.LocalStatement, to: Compiling): string {
  const { scope } = to
  const [only] = variables
  if (variables.length === 1 && only !== undefined && init.length <= 1) {
    const value = init[0] === undefined ? 'undefined' : compileValue(init[0], to)
    return `let ${scope.declare(only.name)} = ${value};`
  }
  const { before, values } = compileValues(init, variables.length, to)
  const declared = variables.map(({ name }, i) => `${scope.declare(name)} = ${values[i]}`)
  return `${before} let ${declared.join(', ')};`
}

/** Compiles the first `count` values of a list to variables. */
function compileValues(
  nodes: readonly ast.Expression[],
  count: number,
  to: Compiling,
): { readonly before: string; readonly values: readonly string[] } {
  const { scope } = to
  const last = nodes.at(-1)
  const spreads = last !== undefined && hasMany(last, to) && nodes.length <= count
  const names: string[] = []
  const single = spreads ? nodes.slice(0, -1) : nodes
  const parts = single.map((node) => {
    const name = scope.name()
    names.push(name)
    return `const ${name} = ${compileValue(node, to)};`
  })
  if (spreads) {
    const rest = scope.name()
    parts.push(`const ${rest} = ${compileMany(last, to)};`)
    for (let i = names.length, at = 0; i < count; i++, at++) names.push(`${rest}[${at}]`)
  }
  const values = Array.from({ length: count }, (_, i) => names[i] ?? 'undefined')
  return { before: parts.join(' '), values }
}

function compileAssignment({ variables, init }: ast.AssignmentStatement, to: Compiling): string {
  const [only] = variables
  const [value] = init
  if (variables.length === 1 && init.length === 1 && only !== undefined && value !== undefined)
    return compileTarget(only, to, false).assign(compileValue(value, to))
  const targets = variables.map((variable) => compileTarget(variable, to, true))
  const { before, values } = compileValues(init, variables.length, to)
  const assignments = targets.map(({ assign }, i) => assign(values[i] ?? 'undefined')).reverse()
  return `{ ${targets.map((target) => target.before).join('')} ${before} ${assignments.join(' ')} }`
}

interface Target {
  /** Evaluates the table and the key before the values. */
  readonly before: string
  readonly assign: (value: string) => string
}

function compileTarget(node: ast.Expression, to: Compiling, isAhead: boolean): Target {
  if (node.type === 'Identifier') {
    const id = to.scope.find(node.name)?.id
    if (id !== undefined) return { before: '', assign: (value) => `${id} = ${value};` }
    return { before: '', assign: (value) => `$.setGlobal(${JSON.stringify(node.name)}, ${value});` }
  }
  if (node.type !== 'MemberExpression' && node.type !== 'IndexExpression') return refuseSyntax(node)
  const [base, key, name] = [compileValue(node.base, to), keyOf(node, to), nameArgument(node.base, to)]
  const set = (table: string, field: string, value: string): string =>
    `$.setIndex(${table}, ${field}, ${value}${name});`
  if (!isAhead) return { before: '', assign: (value) => set(base, key, value) }
  const [table, field] = [to.scope.name(), to.scope.name()]
  return {
    before: `const ${table} = ${base}, ${field} = ${key};`,
    assign: (value) => set(table, field, value),
  }
}

function compileNamedFunction(node: ast.FunctionDeclaration, to: Compiling): string {
  const { identifier } = node
  if (identifier === null) return refuseSyntax(node)
  if (node.isLocal && identifier.type === 'Identifier') {
    const id = to.scope.declare(identifier.name)
    return `let ${id}; ${id} = ${to.compileFunction(node, false)};`
  }
  const isMethod = identifier.type === 'MemberExpression' && identifier.indexer === ':'
  return compileTarget(identifier, to, false).assign(to.compileFunction(node, isMethod))
}

function compileReturn({ arguments: values }: ast.ReturnStatement, to: Compiling): string {
  const [only] = values
  if (only === undefined) return 'return $.NO_RESULTS;'
  // If a function returns the results of a call, a stack trace shows this function at the line of the call.
  if (values.length === 1 && hasMany(only, to)) return `return (${compileMany(only, to)});`
  return `return [${compileList(values, to)}];`
}

function compileClause(clause: ast.IfClause | ast.ElseifClause | ast.ElseClause, i: number, to: Compiling): string {
  if (clause.type === 'ElseClause') return ` else { ${compileBlock(clause.body, to)} }`
  const condition = compileCondition(clause.condition, to)
  return `${i === 0 ? '' : ' else '}if (${condition}) { ${compileBlock(clause.body, to)} }`
}

function compileNumericFor(node: ast.ForNumericStatement, to: Compiling): string {
  const { scope } = to
  const [at, limit, step] = [scope.name(), scope.name(), scope.name()]
  const initial = `$.forNumber(${compileValue(node.start, to)}, 'initial')`
  const end = `$.forNumber(${compileValue(node.end, to)}, 'limit')`
  const by = node.step === null ? '1' : `$.forNumber(${compileValue(node.step, to)}, 'step')`
  const body = scope.within(() => {
    const id = scope.declare(node.variable.name)
    return `let ${id} = ${at}; ${compileBlock(node.body, to)}`
  })
  // The step is subtracted before the first iteration, as in Lua. The result may be rounded.
  const head = `let ${at} = ${initial}, ${limit} = ${end}, ${step} = ${by}; ${at} -= ${step};`
  const ends = `if (!(${step} > 0 ? ${at} <= ${limit} : ${limit} <= ${at})) break;`
  return `{ ${head} while (true) { ${at} += ${step}; ${ends} ${STEP} ${body} } }`
}

function compileGenericFor(node: ast.ForGenericStatement, to: Compiling): string {
  const { scope } = to
  const { before, values } = compileValues(node.iterators, 3, to)
  const [next, state, control, found] = [scope.name(), scope.name(), scope.name(), scope.name()]
  const line = node.loc?.start.line
  const body = scope.within(() => {
    const ids = node.variables.map(({ name }) => scope.declare(name))
    const declared = ids.map((id, i) => `${id} = ${found}[${i}]`)
    return `let ${declared.join(', ')}; if (${ids[0]} === undefined) break; ${control} = ${ids[0]}; ${compileBlock(node.body, to)}`
  })
  const head = `${before} const ${next} = ${values[0]}, ${state} = ${values[1]}; let ${control} = ${values[2]};`
  const call = `const ${found} = $.callable(${next})${atLine(line, `(${state}, ${control})`)};`
  return `{ ${head} while (true) { ${STEP} ${call} ${body} } }`
}

/** The parser accepts syntax that Lua 5.1 lacks. */
function refuseSyntax({ type, loc }: ast.Node): never {
  throw new ScriptRefusal(type, undefined, loc?.start.line)
}
