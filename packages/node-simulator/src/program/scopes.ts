import { isFunction, isNode, type Node, visit } from './syntax.ts'

/** A name that a function or module declares. */
interface Declaration {
  readonly kept?: 'memory' | 'outside' | undefined
  readonly body?: Node | undefined
  /** For a constant: the syntax node of its value. */
  readonly text?: Node | undefined
  readonly imported?: 'files' | undefined
}

/**
 * The names that are declared in a function or module, including those in its blocks. Blocks have no `Scope` of their
 * own. If two of them declare the same name, the two variables are usually of the same kind, so one entry is enough.
 */
export interface Scope {
  readonly node: Node
  readonly outer: Scope | undefined
  readonly isModule: boolean
  readonly declared: Map<string, Declaration>
  /**
   * Returns where objects of the module's classes keep their member `name`: in `memory`, which every node has
   * separately, or `outside`, in a resource that all nodes share.
   */
  keptOfThis(name: string): 'memory' | 'outside'
  /** Returns the method `this.name` of the module's classes. */
  methodOfThis(name: string): Node | undefined
  /** Whether the function is being visited. Prevents endless recursion in recursive functions. */
  visiting: boolean
}

/**
 * Returns the scope of the module and the scopes of its functions. The key is the syntax node of the module or
 * function.
 */
export function scopesOf(program: Node): ReadonlyMap<Node, Scope> {
  const scopes = new Map<Node, Scope>()
  const inMemory = new Set<string>()
  const methods = new Map<string, Node>()
  const ofThis = {
    keptOfThis: (name: string) => (inMemory.has(name) ? ('memory' as const) : ('outside' as const)),
    methodOfThis: (name: string) => methods.get(name),
  }
  const open = (node: Node, outer: Scope | undefined): Scope => {
    const isModule = outer === undefined
    const scope = { node, outer, isModule, declared: new Map<string, Declaration>(), ...ofThis, visiting: false }
    scopes.set(node, scope)
    return scope
  }

  function walk(value: unknown, scope: Scope): void {
    if (Array.isArray(value)) {
      for (const each of value) walk(each, scope)
      return
    }
    if (!isNode(value)) return
    declare(value, scope)
    if (value.type === 'PropertyDefinition' && isCollection(value['value'])) inMemory.add(nameOf(value['key']))
    if (
      /^(?:PropertyDefinition|MethodDefinition)$/.test(value.type) &&
      isNode(value['value']) &&
      isFunction(value['value'])
    )
      methods.set(nameOf(value['key']), value['value'])
    const inner = isFunction(value) ? open(value, scope) : scope
    if (inner !== scope) for (const name of namesIn(value['params'])) inner.declared.set(name, { kept: 'outside' })
    for (const part of Object.values(value)) if (typeof part === 'object') walk(part, inner)
  }

  walk(program['body'], open(program, undefined))
  return scopes
}

function declare(node: Node, { declared }: Scope): void {
  if (node.type === 'FunctionDeclaration') declared.set(nameOf(node['id']), { body: node })
  if (node.type === 'ImportDeclaration') declareImports(node, declared)
  if (node.type !== 'VariableDeclaration') return
  for (const { id, init } of node['declarations'] as readonly (Node & { readonly id: Node; readonly init?: Node })[])
    for (const name of namesIn(id))
      declared.set(name, {
        kept: keptIn(init ?? undefined, { isWhole: id.type === 'Identifier', isConstant: node['kind'] === 'const' }),
        body: isNode(init) && isFunction(init) ? init : undefined,
        text: isNode(init) && id.type === 'Identifier' && /^(?:Template)?Literal$/.test(init.type) ? init : undefined,
      })
}

function declareImports(node: Node, declared: Scope['declared']): void {
  const source = String((node['source'] as Node)['value'])
  const isOwn = source.startsWith('.')
  const imported = /^(?:node:)?fs(?:\/promises)?$/.test(source) ? 'files' : undefined
  for (const name of namesIn(node)) declared.set(name, { kept: isOwn ? 'outside' : undefined, imported })
}

const nameOf = (node: unknown): string => (isNode(node) ? String(node['name'] ?? '') : '')

/** Returns where the state of a variable is stored. An immutable constant has no state. */
function keptIn(
  init: Node | undefined,
  { isWhole, isConstant }: { readonly isWhole: boolean; readonly isConstant: boolean },
): Declaration['kept'] {
  if (!isWhole) return undefined
  if (isCollection(init)) return 'memory'
  const made = init?.type === 'AwaitExpression' ? (init['argument'] as Node) : init
  if (made?.type === 'NewExpression' || made?.type === 'CallExpression') return 'outside'
  return isConstant ? undefined : 'memory'
}

const COLLECTIONS: ReadonlySet<string> = new Set(['Map', 'Set', 'WeakMap', 'WeakSet', 'Array'])

const isCollection = (value: unknown): boolean =>
  isNode(value) &&
  (value.type === 'ArrayExpression' ||
    value.type === 'ObjectExpression' ||
    (value.type === 'NewExpression' && COLLECTIONS.has(nameOf(value['callee']))))

/** Returns the names that a pattern or declaration declares. */
export function namesIn(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(namesIn)
  if (!isNode(node)) return []
  if (node.type === 'Identifier') return [nameOf(node)]
  const member = NAMED_IN[node.type]
  return member === undefined ? [] : namesIn(node[member])
}

/** By type of syntax node: the member with the names that the node declares. */
const NAMED_IN: { readonly [type: string]: string } = {
  ObjectPattern: 'properties',
  ArrayPattern: 'elements',
  Property: 'value',
  AssignmentPattern: 'left',
  RestElement: 'argument',
  TSParameterProperty: 'parameter',
  VariableDeclaration: 'declarations',
  VariableDeclarator: 'id',
  FunctionDeclaration: 'id',
  ClassDeclaration: 'id',
  ClassExpression: 'id',
  CatchClause: 'param',
  ImportDeclaration: 'specifiers',
  ImportSpecifier: 'local',
  ImportDefaultSpecifier: 'local',
  ImportNamespaceSpecifier: 'local',
}

export function bindingsIn({ node, isModule }: Scope): readonly Binding[] {
  const found: Binding[] = []
  visit(isModule ? node['body'] : node, (value) => {
    if (value !== node && isFunction(value)) return false
    const [target, given] = GIVEN[value.type] ?? []
    if (target !== undefined && given !== undefined && isNode(value[given]))
      found.push({ targets: namesIn(value[target]), value: value[given] })
    return true
  })
  return found
}

export interface Binding {
  readonly targets: readonly string[]
  readonly value: Node
}

const GIVEN: { readonly [type: string]: readonly [target: string, given: string] } = {
  VariableDeclarator: ['id', 'init'],
  AssignmentExpression: ['left', 'right'],
  ForOfStatement: ['left', 'right'],
}
