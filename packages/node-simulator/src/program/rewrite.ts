import { parseAst } from 'rolldown/parseAst'
import { type Node, visit } from './syntax.ts'
import { TABLE, type Table, tableIn } from './tables.ts'

/** The rewritten code uses these names for what the simulator provides. */
export const REQUIRE = '__chaosRequire'
export const IMPORT = '__chaosImport'
export const META = '__chaosMeta'
export const NULL = '__chaosNull'
const DEFAULT = '__chaosDefault'

export interface FunctionBody {
  readonly text: string
  readonly tables: readonly Table[]
}

/**
 * What is left of a statement.
 *
 * - `all`: the whole statement.
 * - `nothing`: no part of the statement.
 * - `only`: one expression. Its value is assigned to the variable `as`.
 * - `without`: everything but one expression. The variable `as` takes the place of the expression.
 */
export type Left =
  | 'all'
  | 'nothing'
  | { readonly only: Node; readonly as: string }
  | { readonly without: Node; readonly as: string }

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * Returns an ES module as the body of an async function, whose result is the default export (`{ default }`). Imports
 * are replaced by calls, and so are large data objects that bundlers made from JSON files (see `tableIn`). Every line
 * keeps its number.
 */
export function asFunctionBody(
  code: string,
  statements: readonly Node[] = statementsOf(code),
  left: (statement: Node) => Left = () => 'all',
): FunctionBody {
  const edits: Edit[] = []
  const tables: Table[] = []
  const replace = (start: number, end: number, text: string): void => {
    edits.push({ start, end, text: text + blankOf(code, start, end) })
  }
  const gone = new Set<Node>()
  const kept: Node[] = []
  for (const statement of statements) {
    const { start, end } = statement
    const part = left(statement)
    if (part === 'all') {
      const edit = statementEdit(statement, code)
      if (edit !== undefined) edits.push(edit)
      kept.push(statement)
    } else if (part === 'nothing') replace(start, end, '')
    else if ('only' in part) {
      replace(start, part.only.start, `var ${part.as} = `)
      replace(part.only.end, end, ';')
      kept.push(part.only)
    } else {
      replace(part.without.start, part.without.end, part.as)
      gone.add(part.without)
      kept.push(statement)
    }
  }
  visit(kept, (node) => {
    if (gone.has(node)) return false
    const found = tableIn(node)
    if (found !== undefined) {
      const { start, end } = found.at
      edits.push({ start, end, text: `${TABLE}(${tables.length})${blankOf(code, start, end)}` })
      tables.push(found.table)
    }
    const name = readOfNull(node)
    if (name !== undefined) edits.push({ start: node.start, end: node.end, text: `${NULL}(${JSON.stringify(name)});` })
    if (node.type === 'ImportExpression')
      edits.push({ start: node.start, end: node.start + 'import'.length, text: IMPORT })
    if (node.type === 'MetaProperty' && code.slice(node.start, node.end) === 'import.meta')
      edits.push({ start: node.start, end: node.end, text: `${META}()` })
    return true
  })
  let text = ''
  let at = 0
  for (const { start, end, text: replaced } of edits.sort((one, other) => one.start - other.start)) {
    text += code.slice(at, start) + replaced
    at = end
  }
  const exported = defaultExportIn(kept)
  return {
    text: `${text}${code.slice(at)}${exported === undefined ? '' : `\nreturn { default: ${exported} };`}`,
    tables,
  }
}

export const statementsOf = (code: string): readonly Node[] =>
  (parseAst(code, { lang: 'js' }) as unknown as Node)['body'] as readonly Node[]

/** Returns the local name of the default export. */
function defaultExportIn(statements: readonly Node[]): string | undefined {
  for (const statement of statements) {
    if (statement.type === 'ExportDefaultDeclaration') return DEFAULT
    if (statement.type !== 'ExportNamedDeclaration') continue
    for (const { exported, local } of statement['specifiers'] as readonly { exported: Node; local: Node }[])
      if (exported['name'] === 'default') return String(local['name'])
  }
  return undefined
}

const blankOf = (code: string, start: number, end: number): string => code.slice(start, end).replace(/[^\n]/g, '')

/**
 * Returns `name` if the statement is `null.name`. Packages use the error of such a statement to find the prototype of
 * errors.
 */
function readOfNull(statement: Node): string | undefined {
  const node = statement.type === 'ExpressionStatement' ? (statement['expression'] as Node) : undefined
  if (node?.type !== 'MemberExpression' || node['computed'] === true || node['optional'] === true) return undefined
  const { type, raw } = node['object'] as Node
  const { type: kind, name } = node['property'] as Node
  return type === 'Literal' && raw === 'null' && kind === 'Identifier' ? String(name) : undefined
}

/**
 * Throws the error that V8 throws for `null.name`. A rewritten program calls this function instead of evaluating
 * `null.name`. To word the error itself, V8 would parse the whole surrounding function again, at every start.
 */
export function throwAsNull(name: string): never {
  const error = new TypeError(`Cannot read properties of null (reading '${name}')`)
  Error.captureStackTrace(error, throwAsNull)
  throw error
}

function statementEdit(statement: Node, code: string): Edit | undefined {
  const { start, end } = statement
  const blank = blankOf(code, start, end)
  switch (statement.type) {
    case 'ImportDeclaration':
      return { start, end, text: importText(statement) + blank }
    case 'ExportNamedDeclaration': {
      const declared = statement['declaration'] as Node | null
      return declared === null ? { start, end, text: blank } : { start, end: declared.start, text: '' }
    }
    case 'ExportDefaultDeclaration':
      return { start, end: (statement['declaration'] as Node).start, text: `const ${DEFAULT} = ` }
    case 'ExportAllDeclaration':
      return { start, end, text: blank }
    default:
      return undefined
  }
}

/** Returns `const { a: b } = __chaosRequire("x");`, or only the call if nothing is named. */
function importText(statement: Node): string {
  const source = JSON.stringify((statement['source'] as Node)['value'])
  const specifiers = statement['specifiers'] as readonly Node[]
  const module = `${REQUIRE}(${source})`
  if (specifiers.length === 0) return `${module};`
  const named: string[] = []
  const whole: string[] = []
  for (const specifier of specifiers) {
    const local = String((specifier['local'] as Node)['name'])
    if (specifier.type !== 'ImportSpecifier') whole.push(local)
    else {
      const imported = specifier['imported'] as Node
      const name = String(imported['name'] ?? imported['value'])
      if (name === 'default') whole.push(local)
      else named.push(`${JSON.stringify(name)}: ${local}`)
    }
  }
  const texts = whole.map((local) => `const ${local} = ${module};`)
  if (named.length > 0) texts.push(`const { ${named.join(', ')} } = ${module};`)
  return texts.join(' ')
}
