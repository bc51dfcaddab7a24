import { namesIn } from './scopes.ts'
import { isFunction, isNode, type Node } from './syntax.ts'

/** The statements of a bundle that only say how installed packages are loaded, once something asks for them. */
export interface Packages {
  /** Those, and what they rest on: the bundler's own functions, and imports. */
  readonly statements: ReadonlySet<Node>
  /** Those alone, which the rest of the bundle can do without. */
  readonly loaders: ReadonlySet<Node>
  /** What the rest of the bundle calls them. */
  readonly names: readonly string[]
  /** The bundler's function that loads a module at its first call. */
  readonly loading: string
}

/**
 * Finds the CommonJS modules of installed packages in a bundle that use nothing of the program's own files, as the bundler
 * writes them: `var require_ms = __commonJSMin((exports, module) => { … })`. Undefined if there are none.
 */
export function packagesIn(
  statements: readonly Node[],
  code: string,
  isInstalled: (file: string) => boolean,
): Packages | undefined {
  const of = new Map<string, Node>()
  for (const statement of statements) for (const name of declaredBy(statement)) of.set(name, statement)
  const replaced = of.get(LOADING)
  if (replaced === undefined || declaredBy(replaced).length > 1) return undefined
  const loaders = new Set<Node>()
  let end = 0
  for (const statement of statements) {
    const file = loaderOf(statement) === LOADING ? fileIn(code.slice(end, statement.start)) : undefined
    if (file !== undefined && isInstalled(file)) loaders.add(statement)
    end = statement.end
  }
  const needs = new Map<Node, readonly Node[]>()
  const needsOf = (statement: Node): readonly Node[] => {
    const known = needs.get(statement) ?? namesUsedBy(statement).flatMap((name) => of.get(name) ?? [])
    needs.set(statement, known)
    return known
  }
  const helpers = new Set<Node>()
  const isOfBundler = (statement: Node): boolean => {
    if (helpers.has(statement)) return true
    if (!declaredBy(statement).every((name) => HELPER.test(name)) && statement.type !== 'ImportDeclaration')
      return false
    helpers.add(statement)
    if (needsOf(statement).every(isOfBundler)) return true
    helpers.delete(statement)
    return false
  }
  // Whatever rests on what is not shared is not shared either.
  for (let before = -1; before !== loaders.size; ) {
    before = loaders.size
    for (const loader of loaders)
      if (!needsOf(loader).every((each) => loaders.has(each) || isOfBundler(each))) loaders.delete(loader)
  }
  if (loaders.size === 0) return undefined
  helpers.delete(replaced)
  const used = new Set(statements.filter((each) => !loaders.has(each)).flatMap(namesUsedBy))
  const names = [...loaders].flatMap(declaredBy).filter((name) => used.has(name))
  return { statements: new Set([...helpers, ...loaders]), loaders, names, loading: LOADING }
}

const LOADING = '__commonJSMin'
const HELPER = /^__[a-z]\w*$/i

/** What a statement of this shape is made by. */
function loaderOf(statement: Node): unknown {
  if (statement.type !== 'VariableDeclaration') return undefined
  const [first, second] = statement['declarations'] as readonly Node[]
  const init = second === undefined ? first?.['init'] : undefined
  return isNode(init) && init.type === 'CallExpression' ? (init['callee'] as Node)['name'] : undefined
}

/** The bundler names the file of each module in a comment before it, as seen from the directory where it runs. */
const fileIn = (gap: string): string | undefined => /^\/\/(?:#region)? (.*)$/m.exec(gap)?.[1]

/** The names that a statement declares for the whole bundle. */
function declaredBy(statement: Node): readonly string[] {
  const { type } = statement
  const declared = statement['declaration']
  if (type.startsWith('Export') && isNode(declared)) return declaredBy(declared)
  if (type === 'ImportDeclaration')
    return (statement['specifiers'] as readonly Node[]).flatMap(({ local }: Node & { local?: unknown }) =>
      namesIn(local),
    )
  if (type === 'VariableDeclaration')
    return (statement['declarations'] as readonly Node[]).flatMap(({ id }: Node & { id?: unknown }) => namesIn(id))
  return type === 'FunctionDeclaration' || type === 'ClassDeclaration' ? namesIn(statement['id']) : []
}

/**
 * The names of the bundle that a statement uses. One that is declared anywhere within is its own: the bundler gives what it
 * adds to a module names that the module has not.
 */
function namesUsedBy(statement: Node): readonly string[] {
  const used = new Set<string>()
  const own = new Set<string>()
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const each of value) walk(each)
      return
    }
    if (!isNode(value)) return
    if (value.type === 'Identifier') used.add(String(value['name']))
    if (value !== statement) for (const name of declaredIn(value)) own.add(name)
    const unused = value['computed'] === true ? undefined : NAMES_ONLY[value.type]
    for (const [member, part] of Object.entries(value)) if (member !== unused && typeof part === 'object') walk(part)
  }
  walk(statement)
  return [...used].filter((name) => !own.has(name))
}

/** Where a node has a name that stands for nothing outside of it. */
const NAMES_ONLY: { readonly [type: string]: string } = {
  MemberExpression: 'property',
  Property: 'key',
  MethodDefinition: 'key',
  PropertyDefinition: 'key',
  LabeledStatement: 'label',
  BreakStatement: 'label',
  ContinueStatement: 'label',
}

function declaredIn(node: Node): readonly string[] {
  switch (node.type) {
    case 'VariableDeclarator':
      return namesIn(node['id'])
    case 'CatchClause':
      return namesIn(node['param'])
    case 'ClassDeclaration':
    case 'ClassExpression':
      return isNode(node['id']) ? namesIn(node['id']) : []
    default:
      return isFunction(node) ? [...namesIn(node['params']), ...(isNode(node['id']) ? namesIn(node['id']) : [])] : []
  }
}
