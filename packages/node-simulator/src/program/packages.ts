import type { Left } from './rewrite.ts'
import { namesIn } from './scopes.ts'
import { isFunction, isNode, type Node } from './syntax.ts'

/** A bundle in two parts. One loads installed packages on request, the other contains everything else. */
export interface Packages {
  readonly ofPackages: (statement: Node) => Left
  readonly ofRest: (statement: Node) => Left
  /** The names of the package loaders that the rest of the bundle uses. */
  readonly names: readonly string[]
  /** The name of the bundler's function that returns a loader, which evaluates a module when first called. */
  readonly loading: string
}

interface Loader {
  readonly call: Node
  readonly name: string
  /**
   * Whether the statement is just `var name = call`. If false, the bundler has inlined `call` into another statement.
   */
  readonly isWhole: boolean
}

export interface Sources {
  /** @param file as the bundler names it in a comment */
  isInstalled(file: string): boolean
  /** Returns the source file of the text between two offsets of the bundle; undefined if unknown. */
  fileAt(offset: number, end: number): string | undefined
}

/** Finds the installed CommonJS modules that use nothing from the program's own files. */
export function packagesIn(statements: readonly Node[], code: string, sources: Sources): Packages | undefined {
  const of = new Map<string, Node>()
  for (const statement of statements) for (const name of declaredBy(statement)) of.set(name, statement)
  const replaced = of.get(LOADING)
  if (replaced === undefined || declaredBy(replaced).length > 1) return undefined
  const loaders = loadersIn(statements, code, sources)
  const needs = new Map<Node, readonly Node[]>()
  const needsOf = (node: Node): readonly Node[] => {
    const known = needs.get(node) ?? namesUsedBy(node).flatMap((name) => of.get(name) ?? [])
    needs.set(node, known)
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
  const isApart = (statement: Node): boolean => loaders.get(statement)?.isWhole === true || isOfBundler(statement)
  // A loader cannot be separated from the program if it depends on a loader that cannot be separated.
  for (let before = -1; before !== loaders.size; ) {
    before = loaders.size
    for (const [statement, { call }] of loaders) if (!needsOf(call).every(isApart)) loaders.delete(statement)
  }
  if (loaders.size === 0) return undefined
  helpers.delete(replaced)
  const used = new Set(statements.filter((each) => !loaders.has(each)).flatMap(namesUsedBy))
  return {
    names: [...loaders.values()].flatMap(({ name, isWhole }) => (!isWhole || used.has(name) ? [name] : [])),
    loading: LOADING,
    ofPackages(statement) {
      const loader = loaders.get(statement)
      if (loader === undefined) return helpers.has(statement) ? 'all' : 'nothing'
      return loader.isWhole ? 'all' : { only: loader.call, as: loader.name }
    },
    ofRest(statement) {
      const loader = loaders.get(statement)
      if (loader === undefined) return 'all'
      return loader.isWhole ? 'nothing' : { without: loader.call, as: loader.name }
    },
  }
}

const LOADING = '__commonJSMin'
const HELPER = /^__[a-z]\w*$/i

/** Returns the loaders of installed packages, each with the statement that contains it. */
function loadersIn(statements: readonly Node[], code: string, sources: Sources): Map<Node, Loader> {
  const loaders = new Map<Node, Loader>()
  let end = 0
  for (const statement of statements) {
    const loader = loaderIn(statement, loaders.size)
    if (loader !== undefined && isOfPackage(loader, code.slice(end, statement.start), sources))
      loaders.set(statement, loader)
    end = statement.end
  }
  return loaders
}

function loaderIn(statement: Node, number: number): Loader | undefined {
  if (statement.type !== 'VariableDeclaration') return undefined
  const [first, second] = statement['declarations'] as readonly Node[]
  const init = first?.['init']
  if (second !== undefined || !isNode(init)) return undefined
  const [name] = namesIn(first?.['id'])
  if (isLoader(init)) return name === undefined ? undefined : { call: init, name, isWhole: true }
  const call = loaderWithin(init)
  return call && { call, name: `__chaosLoader${number}`, isWhole: false }
}

const isLoader = (node: Node): boolean => node.type === 'CallExpression' && (node['callee'] as Node)['name'] === LOADING

function loaderWithin(value: unknown): Node | undefined {
  if (Array.isArray(value)) {
    for (const each of value) {
      const found = loaderWithin(each)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (!isNode(value) || isFunction(value)) return undefined
  return isLoader(value) ? value : loaderWithin(Object.values(value).filter((part) => typeof part === 'object'))
}

/**
 * Whether the CommonJS module that a loader evaluates belongs to an installed package. If the loader is a statement of
 * its own, the bundler's comment before the statement, in `gap`, names the module's file. If the bundler has inlined
 * the loader in another statement, the source map names the file.
 */
function isOfPackage({ call, isWhole }: Loader, gap: string, { isInstalled, fileAt }: Sources): boolean {
  const file = isWhole ? /^\/\/(?:#region)? (.*)$/m.exec(gap)?.[1] : fileAt(call.start, call.end)
  return file !== undefined && isInstalled(file)
}

function declaredBy(statement: Node): readonly string[] {
  const exported = statement['declaration']
  return namesIn(isNode(exported) && exported.type.endsWith('Declaration') ? exported : statement)
}

/**
 * Returns the names that a statement uses, without those that are declared inside it. A name that is declared inside
 * the statement never denotes a variable of the whole bundle, because the bundler names the bundle's variables
 * differently from all names in the module.
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

/**
 * Identifiers that are only names, and do not refer to variables. The key is the type of a syntax node, and the value
 * is the member with such an identifier.
 */
const NAMES_ONLY: { readonly [type: string]: string } = {
  MemberExpression: 'property',
  Property: 'key',
  MethodDefinition: 'key',
  PropertyDefinition: 'key',
  LabeledStatement: 'label',
  BreakStatement: 'label',
  ContinueStatement: 'label',
}

const DECLARING: ReadonlySet<string> = new Set([
  'VariableDeclarator',
  'CatchClause',
  'ClassDeclaration',
  'ClassExpression',
])

function declaredIn(node: Node): readonly string[] {
  if (isFunction(node)) return [...namesIn(node['params']), ...namesIn(node['id'])]
  return DECLARING.has(node.type) ? namesIn(node) : []
}
