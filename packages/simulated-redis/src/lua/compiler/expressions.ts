import type * as ast from 'luaparse'
import { atLine } from './lines.ts'
import type { Scope } from './scope.ts'

export interface Compiling {
  readonly scope: Scope
  readonly isGrouped: (node: ast.Expression) => boolean
  readonly compileFunction: (node: ast.FunctionDeclaration, receiver: boolean) => string
}

type Call = ast.CallExpression | ast.TableCallExpression | ast.StringCallExpression
type Operator = ast.BinaryExpression['operator'] | ast.LogicalExpression['operator'] | ast.UnaryExpression['operator']

const OPERATORS: { readonly [operator in Operator]?: string } = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '%': 'modulo',
  '^': 'power',
  '..': 'concatenate',
}

const COMPARISONS: { readonly [operator in Operator]?: (one: string, other: string) => string } = {
  '==': (one, other) => `$.equals(${one}, ${other})`,
  '~=': (one, other) => `!$.equals(${one}, ${other})`,
  '<': (one, other) => `$.isLess(${one}, ${other})`,
  '<=': (one, other) => `$.isAtMost(${one}, ${other})`,
  '>': (one, other) => `$.isLess(${other}, ${one})`,
  '>=': (one, other) => `$.isAtMost(${other}, ${one})`,
}

export const isCall = (node: ast.Expression): node is Call =>
  node.type === 'CallExpression' || node.type === 'TableCallExpression' || node.type === 'StringCallExpression'

export const hasMany = (node: ast.Expression, { isGrouped }: Compiling): boolean =>
  (isCall(node) || node.type === 'VarargLiteral') && !isGrouped(node)

export function compileValue(node: ast.Expression, to: Compiling): string {
  switch (node.type) {
    case 'NilLiteral':
      return 'undefined'
    case 'BooleanLiteral':
      return String(node.value)
    case 'NumericLiteral':
      return numberCode(node.value)
    case 'StringLiteral':
      return JSON.stringify(node.value)
    case 'VarargLiteral':
      return '$rest[0]'
    case 'Identifier':
      return to.scope.find(node.name)?.id ?? atLine(node.loc?.start.line, `$.global(${JSON.stringify(node.name)})`)
    case 'MemberExpression':
    case 'IndexExpression':
      return compileIndex(node, to)
    case 'CallExpression':
    case 'TableCallExpression':
    case 'StringCallExpression':
      return `${compileCall(node, to)}[0]`
    case 'FunctionDeclaration':
      return to.compileFunction(node, false)
    case 'TableConstructorExpression':
      return compileTable(node, to)
    case 'LogicalExpression':
      return compileLogical(node, to)
    case 'BinaryExpression':
      return compileBinary(node, to)
    case 'UnaryExpression':
      return compileUnary(node, to)
  }
}

const numberCode = (value: number): string => (value === Number.POSITIVE_INFINITY ? 'Infinity' : String(value))

/** Compiles all values of an expression to an array. */
export const compileMany = (node: ast.Expression, to: Compiling): string =>
  isCall(node) ? compileCall(node, to) : '$rest'

/** Compiles a list of expressions. The last expression contributes all of its values, the others one each. */
export function compileList(nodes: readonly ast.Expression[], to: Compiling): string {
  const last = nodes.at(-1)
  if (last === undefined || !hasMany(last, to)) return nodes.map((node) => compileValue(node, to)).join(', ')
  const before = nodes.slice(0, -1).map((node) => compileValue(node, to))
  return [...before, `...${compileMany(last, to)}`].join(', ')
}

export function compileCondition(node: ast.Expression, to: Compiling): string {
  if (node.type === 'BooleanLiteral') return String(node.value)
  if (node.type === 'UnaryExpression' && node.operator === 'not') return `!(${compileCondition(node.argument, to)})`
  if (node.type === 'LogicalExpression') {
    const [left, right] = [compileCondition(node.left, to), compileCondition(node.right, to)]
    return `(${left} ${node.operator === 'and' ? '&&' : '||'} ${right})`
  }
  if (node.type === 'BinaryExpression' && COMPARISONS[node.operator] !== undefined) return compileBinary(node, to)
  const value = to.scope.temporary()
  return `((${value} = ${compileValue(node, to)}) !== undefined && ${value} !== false)`
}

function compileLogical({ operator, left, right }: ast.LogicalExpression, to: Compiling): string {
  const value = to.scope.temporary()
  const condition = `(${value} = ${compileValue(left, to)}) !== undefined && ${value} !== false`
  const other = compileValue(right, to)
  return operator === 'and' ? `(${condition} ? ${other} : ${value})` : `(${condition} ? ${value} : ${other})`
}

function compileBinary({ operator, left, right }: ast.BinaryExpression, to: Compiling): string {
  const { scope } = to
  const [one, other] = [compileValue(left, to), compileValue(right, to)]
  const line = left.loc?.end.line
  const compare = COMPARISONS[operator]
  if (compare !== undefined) {
    if (operator.startsWith('>') && !(isSimple(left) && isSimple(right))) {
      // Operands are evaluated from left to right, although the comparison swaps them.
      const [first, second] = [scope.temporary(), scope.temporary()]
      return atLine(line, `(${first} = ${one}, ${second} = ${other}, ${compare(first, second)})`)
    }
    return atLine(line, compare(one, other))
  }
  const named = [left, right].map((node) => JSON.stringify(describe(node, to)) ?? 'undefined')
  const extra = named.every((name) => name === 'undefined') ? '' : `, ${named.join(', ')}`
  return atLine(line, `$.${OPERATORS[operator]}(${one}, ${other}${extra})`)
}

const isSimple = ({ type }: ast.Expression): boolean => type.endsWith('Literal')

function compileUnary({ operator, argument }: ast.UnaryExpression, to: Compiling): string {
  if (operator === 'not') return `!(${compileCondition(argument, to)})`
  const does = operator === '-' ? 'negate' : 'lengthOf'
  return atLine(argument.loc?.end.line, `$.${does}(${compileValue(argument, to)}${nameArgument(argument, to)})`)
}

export const keyOf = (node: ast.MemberExpression | ast.IndexExpression, to: Compiling): string =>
  node.type === 'MemberExpression' ? JSON.stringify(node.identifier.name) : compileValue(node.index, to)

function compileIndex(node: ast.MemberExpression | ast.IndexExpression, to: Compiling): string {
  const base = compileValue(node.base, to)
  return atLine(node.base.loc?.end.line, `$.index(${base}, ${keyOf(node, to)}${nameArgument(node.base, to)})`)
}

function describe(node: ast.Expression, { scope }: Compiling): string | undefined {
  const field = (key: string): string => `field '${key.replace(/\0.*/s, '')}'`
  if (node.type === 'Identifier') return `${scope.find(node.name)?.kind ?? 'global'} '${node.name}'`
  if (node.type === 'MemberExpression') return field(node.identifier.name)
  if (node.type === 'IndexExpression') return field(node.index.type === 'StringLiteral' ? node.index.value : '?')
  return undefined
}

export function nameArgument(node: ast.Expression, to: Compiling): string {
  const name = describe(node, to)
  return name === undefined ? '' : `, ${JSON.stringify(name)}`
}

export function compileCall(node: Call, to: Compiling): string {
  const line = node.base.loc?.end.line
  const args = argumentsOf(node, to)
  const { base } = node
  if (base.type === 'MemberExpression' && base.indexer === ':') {
    const all = [compileValue(base.base, to), JSON.stringify(base.identifier.name)]
    const name = JSON.stringify(describe(base.base, to)) ?? 'undefined'
    return atLine(line, `$.invoke(${[...all, name].join(', ')}${args === '' ? '' : `, ${args}`})`)
  }
  return `$.callable(${compileValue(base, to)}${nameArgument(base, to)})${atLine(line, `(${args})`)}`
}

function argumentsOf(node: Call, to: Compiling): string {
  if (node.type === 'StringCallExpression') return compileValue(node.argument, to)
  if (node.type === 'TableCallExpression') return compileValue(node.arguments as unknown as ast.Expression, to)
  return compileList(node.arguments, to)
}

/** Compiles a table with the capacity that Lua reserves, on which `#` and `pairs` depend. */
function compileTable({ fields }: ast.TableConstructorExpression, to: Compiling): string {
  const last = fields.at(-1)
  const rest = last?.type === 'TableValue' && hasMany(last.value, to) ? compileMany(last.value, to) : undefined
  const listed = rest === undefined ? fields : fields.slice(0, -1)
  const items = listed.filter(({ type }) => type === 'TableValue').length
  const room = [reserved(items), reserved(listed.length - items)]
  const parts = listed.map((field) => {
    if (field.type === 'TableValue') return `$.ITEM, ${compileValue(field.value, to)}`
    const key = field.type === 'TableKeyString' ? JSON.stringify(field.key.name) : compileValue(field.key, to)
    const value = compileValue(field.value, to)
    const isCertain = field.type === 'TableKeyString' || /^(String|Numeric|Boolean)Literal$/.test(field.key.type)
    return isCertain ? `${key}, ${value}` : `...$.entry(${key}, ${value})`
  })
  if (fields.length === 0) return '$.emptyTable()'
  return `$.table(${room.join(', ')}, [${parts.join(', ')}]${rest === undefined ? '' : `, ${rest}`})`
}

/** Returns the capacity as Lua encodes it in one byte: from 16 on, capacities are rounded up. */
function reserved(count: number): number {
  let [size, power] = [count, 1]
  while (size >= 16) {
    size = (size + 1) >> 1
    power *= 2
  }
  return size * power
}
