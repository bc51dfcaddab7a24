import { bindingsIn, type Scope, scopesOf } from './scopes.ts'
import { isFunction, isNode, type Node } from './syntax.ts'

/** State that several requests of a program share. */
export interface Shared {
  readonly name: string
  /** The part of the state, named by the first argument of the call that reads or writes it, such as `seat:{}`. */
  readonly part: string | undefined
  /** `memory`: state that every node has separately. `outside`: a resource that all nodes share. */
  readonly kept: 'memory' | 'outside'
  /** The function that declares the variable; undefined for a module's variable. */
  readonly of: Scope | undefined
}

/**
 * The {@link Shared} state that a part of a program uses. The part itself reads `reads` and writes `writes`. Earlier
 * code has read `rests`, to compute values that this part uses.
 */
export interface Touches {
  readonly reads: readonly Shared[]
  readonly writes: readonly Shared[]
  readonly rests: readonly Shared[]
}

const READS =
  /^(?:get|has|keys|values|entries|size|count|find|filter|map|flatMap|some|every|includes|indexOf|at|slice|join|forEach|reduce|concat|toString|toJSON|toSorted|read|list|peek|exists|select|scan|ttl|pttl|type|strlen|mget|l(?:len|range|index)$|h(?:get|mget|getall|keys|vals|len|exists)$|s(?:card|ismember|members)$|z(?:card|score|range|rank|count))/i
/** An SQL statement that changes nothing. */
const QUERY = /^\s*select\b/i
const FILE_READS = /^(?:read|exists|stat|access)/
const FILE_WRITES = /^(?:write|append|rename|unlink|rm|copy|truncate)/

const FILES: Shared = { name: 'files', part: undefined, kept: 'memory', of: undefined }

type Kind = keyof Touches
type Sink = (kind: Kind, shared: Shared) => void

/** Finds the state that each part of a module touches, from the source alone. */
export class ModuleTouches {
  readonly #scopes: ReadonlyMap<Node, Scope>
  /** For each local variable: the state that its value was read from. */
  readonly #derived = new Map<Scope, Map<string, Set<Shared>>>()
  readonly #known = new Map<string, Shared>()

  constructor(program: Node) {
    this.#scopes = scopesOf(program)
    // A function's result may depend on what its callees read. Each round follows the calls one level further.
    for (let round = 0; round < ROUNDS; round++)
      for (const scope of this.#scopes.values())
        for (const { targets, value } of bindingsIn(scope)) this.#derive(scope, targets, value)
  }

  scopeOf(node: Node): Scope | undefined {
    return this.#scopes.get(node)
  }

  /** Returns the state that a statement or expression touches. Statements and functions nested in it do not count. */
  of(node: Node, scope: Scope): Touches {
    const found = { reads: new Set<Shared>(), writes: new Set<Shared>(), rests: new Set<Shared>() }
    for (const part of headParts(node)) this.#visit(part, scope, (kind, shared) => found[kind].add(shared), true)
    return { reads: [...found.reads], writes: [...found.writes], rests: [...found.rests] }
  }

  #derive(scope: Scope, targets: readonly string[], value: Node): void {
    const found = new Set<Shared>()
    this.#visit(value, scope, (kind, shared) => kind !== 'writes' && found.add(shared), false)
    if (found.size === 0) return
    const names = this.#derived.get(scope) ?? new Map<string, Set<Shared>>()
    this.#derived.set(scope, names)
    for (const name of targets) names.set(name, new Set([...(names.get(name) ?? []), ...found]))
  }

  /**
   * Collects the state that a syntax node touches. If `isRun` is true, functions inside the node are skipped, because
   * executing the node does not call them.
   */
  #visit(node: Node, scope: Scope, sink: Sink, isRun: boolean): void {
    const go = (part: unknown): void => {
      if (Array.isArray(part)) for (const each of part) go(each)
      else if (isNode(part)) this.#visit(part, scope, sink, isRun)
    }
    if (isFunction(node)) {
      if (!isRun) this.#visitBody(node, sink)
      return
    }
    switch (node.type) {
      case 'BlockStatement':
      case 'ClassBody':
        return
      case 'Identifier':
        this.#touch(node, scope, ['reads'], sink)
        return
      case 'MemberExpression':
        if (/^Identifier$|^ThisExpression$/.test(baseOf(node).type)) this.#touch(node, scope, ['reads'], sink)
        else go(node['object'])
        if (node['computed'] === true) go(node['property'])
        return
      case 'Property':
        if (node['computed'] === true) go(node['key'])
        go(node['value'])
        return
      case 'VariableDeclarator':
        go(node['init'])
        return
      case 'AssignmentExpression':
        this.#assigned(node['left'] as Node, scope, node['operator'] === '=' ? ['writes'] : ['reads', 'writes'], sink)
        go(node['right'])
        return
      case 'UpdateExpression':
        this.#assigned(node['argument'] as Node, scope, ['reads', 'writes'], sink)
        return
      case 'UnaryExpression':
        if (node['operator'] === 'delete') this.#assigned(node['argument'] as Node, scope, ['writes'], sink)
        else go(node['argument'])
        return
      case 'CallExpression':
        this.#called(node, scope, sink, isRun)
        go(node['arguments'])
        return
      default:
        if (/^TS(?!As|NonNull|Satisfies)/.test(node.type)) return
        for (const [member, part] of Object.entries(node)) if (!TYPES.has(member)) go(part)
    }
  }

  #visitBody(node: Node, sink: Sink): void {
    const inner = this.#scopes.get(node)
    if (inner === undefined || inner.visiting) return
    inner.visiting = true
    const body = node['body'] as Node
    everyStatement(body, (statement) => {
      for (const part of headParts(statement)) this.#visit(part, inner, sink, false)
    })
    inner.visiting = false
  }

  /**
   * Handles an assignment. Assigning a local variable changes nothing shared, but assigning a member of its value may.
   */
  #assigned(target: Node, scope: Scope, kinds: readonly Kind[], sink: Sink): void {
    if (target.type === 'Identifier' && scope.declared.has(String(target['name']))) return
    this.#touch(target, scope, kinds, sink)
    if (target['computed'] === true && isNode(target['property'])) this.#visit(target['property'], scope, sink, true)
  }

  #called(node: Node, scope: Scope, sink: Sink, isRun: boolean): void {
    const called = unwrapped(node['callee'] as Node)
    if (called.type === 'Identifier') {
      const found = resolve(scope, String(called['name']))
      if (found?.declaration.imported === 'files') this.#touchFiles(String(called['name']), sink)
      else if (!isRun && found?.declaration.body !== undefined) this.#visitBody(found.declaration.body, sink)
      return
    }
    if (called.type !== 'MemberExpression') {
      this.#visit(called, scope, sink, isRun)
      return
    }
    const method = nameOf(called)
    const base = baseOf(called)
    const own = unwrapped(called['object'] as Node).type === 'ThisExpression' ? scope.methodOfThis(method) : undefined
    if (own !== undefined) {
      if (!isRun) this.#visitBody(own, sink)
      return
    }
    if (base.type === 'Identifier' && resolve(scope, String(base['name']))?.declaration.imported === 'files')
      this.#touchFiles(method, sink)
    else if (base.type === 'Identifier' || base.type === 'ThisExpression') {
      const part = partOf(node, scope)
      const isRead = READS.test(method) || (part !== undefined && QUERY.test(part))
      this.#touch(called, scope, isRead ? ['reads'] : ['reads', 'writes'], sink, part)
    } else this.#visit(base, scope, sink, isRun)
  }

  #touchFiles(method: string, sink: Sink): void {
    if (FILE_READS.test(method)) sink('reads', FILES)
    if (FILE_WRITES.test(method)) sink('writes', FILES)
  }

  #touch(node: Node, scope: Scope, kinds: readonly Kind[], sink: Sink, part?: string): void {
    const base = baseOf(node)
    if (base.type === 'ThisExpression') {
      const name = memberOfThis(node)
      const shared =
        name === undefined ? undefined : this.#shared(`this.${name}`, part, scope.keptOfThis(name), undefined)
      for (const kind of kinds) if (shared !== undefined) sink(kind, shared)
      return
    }
    if (base.type !== 'Identifier') return
    const name = String(base['name'])
    const found = resolve(scope, name)
    if (found === undefined) return
    const { declaration, in: owner } = found
    if (owner !== scope && declaration.kept !== undefined) {
      const shared = this.#shared(name, part, declaration.kept, owner.isModule ? undefined : owner)
      for (const kind of kinds) sink(kind, shared)
    }
    for (const shared of this.#derived.get(owner)?.get(name) ?? []) {
      sink('rests', shared)
      // A local variable may hold a shared object in memory, so changing a member changes the shared object. A value of
      // an outside resource is a copy.
      if (base !== unwrapped(node) && shared.kept === 'memory') for (const kind of kinds) sink(kind, shared)
    }
  }

  #shared(name: string, given: string | undefined, kept: Shared['kept'], of: Scope | undefined): Shared {
    const part = kept === 'outside' ? given : undefined
    const id = JSON.stringify([name, part, kept, of?.node.start])
    const shared = this.#known.get(id) ?? { name, part, kept, of }
    this.#known.set(id, shared)
    return shared
  }
}

/** The number of rounds. In each round, the analysis follows calls at least one level further. */
const ROUNDS = 4

const TYPES: ReadonlySet<string> = new Set(['typeAnnotation', 'typeArguments', 'typeParameters', 'returnType'])

function everyStatement(body: Node, visit: (statement: Node) => void): void {
  visit(body)
  for (const member of Object.values(body))
    for (const each of Array.isArray(member) ? member : [member])
      if (isNode(each) && HOLDS.test(each.type)) everyStatement(each, visit)
}

const HOLDS = /Statement$|^SwitchCase$|^CatchClause$|^VariableDeclaration$/

function headParts(node: Node): readonly Node[] {
  const members = HEADS[node.type]
  return members === undefined ? [node] : members.map((member) => node[member]).filter(isNode)
}

const HEADS: { readonly [type: string]: readonly string[] } = {
  BlockStatement: [],
  CatchClause: [],
  DoWhileStatement: ['test'],
  ForInStatement: ['right'],
  ForOfStatement: ['right'],
  ForStatement: ['init', 'test', 'update'],
  IfStatement: ['test'],
  LabeledStatement: [],
  SwitchCase: ['test'],
  SwitchStatement: ['discriminant'],
  TryStatement: [],
  WhileStatement: ['test'],
}

function resolve(scope: Scope, name: string) {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const declaration = at.declared.get(name)
    if (declaration !== undefined) return { declaration, in: at }
  }
  return undefined
}

function unwrapped(node: Node): Node {
  const inner = node['expression'] ?? (node.type === 'AwaitExpression' ? node['argument'] : undefined)
  return isNode(inner) ? unwrapped(inner) : node
}

/** Returns the object at the base of a member access: `a` for `a.b.c`. */
function baseOf(node: Node): Node {
  const plain = unwrapped(node)
  return plain.type === 'MemberExpression' ? baseOf(plain['object'] as Node) : plain
}

/**
 * Returns the first argument of a call, such as a key, as the name of a part of the state. Each expression in a
 * template becomes `{}`, as in `seat:{}`.
 */
function partOf(call: Node, scope: Scope): string | undefined {
  const [first] = call['arguments'] as readonly Node[]
  const given = first?.type === 'Identifier' ? resolve(scope, String(first['name']))?.declaration.text : first
  if (given?.type === 'Literal' && typeof given['value'] === 'string') return given['value']
  if (given?.type !== 'TemplateLiteral') return undefined
  const quasis = given['quasis'] as readonly { readonly value: { readonly raw: string } }[]
  return quasis.map(({ value }) => value.raw).join('{}')
}

const nameOf = (member: Node): string => String((member['property'] as Node)['name'] ?? '')

function memberOfThis(node: Node): string | undefined {
  const plain = unwrapped(node)
  if (plain.type !== 'MemberExpression') return undefined
  const object = unwrapped(plain['object'] as Node)
  return object.type === 'ThisExpression' ? nameOf(plain) : memberOfThis(object)
}
