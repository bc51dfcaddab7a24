import { isAbsolute, relative } from 'node:path'
import type { RolldownMagicString, RolldownPlugin } from 'rolldown'
import type { Scope } from './scopes.ts'
import { isFunction, isNode, linesOf, type Node, parsed } from './syntax.ts'
import { ModuleTouches, type Shared } from './touches.ts'

/** The name of the object whose functions probed programs call. */
export const PROBE = '__chaosProbe'

/**
 * Where to insert probes, besides at every await. `functions`: at every function. `lines`: at every function and every
 * line. A list: at the functions and statements on the given lines. Fewer probes are better, because a debugger also
 * steps through them.
 */
export type Probing = 'functions' | 'lines' | readonly ProbedLine[]

interface ProbedLine {
  /** The absolute path. */
  readonly file: string
  /** Counted from 1. */
  readonly line: number
}

/** A place in the program's source as its author wrote it. */
export interface Site {
  readonly kind: 'function' | 'statement' | 'await'
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  readonly lastLine: number
  /** The index of the enclosing function in `Program.sites`. For a function, its own index. */
  readonly within: number
  readonly name?: string | undefined
  /**
   * `reads` and `writes`: the shared state that the code at this place reads and writes. `rests`: the shared state from
   * which earlier code computed values that this code uses. All three are absent if the lines of the program have no
   * probes.
   */
  readonly reads?: readonly SharedState[] | undefined
  readonly writes?: readonly SharedState[] | undefined
  readonly rests?: readonly SharedState[] | undefined
}

/** A variable that outlives the calls that use it, or an external resource that the program uses through a variable. */
export interface SharedState {
  readonly name: string
  readonly part?: string | undefined
  /** `memory`: state that every node has separately. `outside`: a resource that all nodes share. */
  readonly kept: 'memory' | 'outside'
  /** The function that declares the variable; absent for a module's variable. */
  readonly of?: number | undefined
}

/** The functions that a probed program calls, each with the number of a site. */
export interface Probe {
  enters(site: number): boolean
  /** Called before a statement runs. If it returns true, a debugger pauses there. */
  at(site: number): boolean
  /** Called with the operand of an await, before the function suspends. */
  gone<Value>(site: number, value: Value): Value
  /** Called when the await has ended. */
  back<Value>(site: number, value: Value): Value
}

export const isInstalled = (file: string): boolean => /[/\\]node_modules[/\\]/.test(file)

/** Matches the comments at the beginning of a file. */
const HEADING = /^(?:\s+|\/\/.*|\/\*[\s\S]*?\*\/)*/
const GENERATED = /@generated\b|\bgenerated\b[\s\S]{0,100}\bdo not (?:edit|modify)\b/i
/** The largest average line length, in characters, of a file that people wrote. */
const LONGEST_WRITTEN = 300

/** Whether a tool has generated or minified the code. People do not read such code, so it gets no probes. */
const isGenerated = (code: string): boolean =>
  GENERATED.test(HEADING.exec(code)?.[0] ?? '') || code.length > LONGEST_WRITTEN * code.split('\n').length

/** Adds probes to the files of the program's author, and their sites to `sites`. Installed files get none. */
export const probePlugin = (
  { RolldownMagicString: Text }: { readonly RolldownMagicString: new (code: string) => RolldownMagicString },
  probing: Probing | undefined,
  sites: Site[],
): RolldownPlugin => ({
  name: 'probes',
  transform(code, id) {
    if (isInstalled(id) || !isAbsolute(id)) return undefined
    if (probing === undefined && !code.includes('await')) return undefined
    if (isGenerated(code)) return undefined
    const program = parsed(code, id)
    if (program === undefined) return undefined
    const text = new Text(code)
    probe(program, { code, file: id, probing, sites, text })
    return { code: text.toString(), map: text.generateMap({ hires: true, source: id }).toString() }
  },
})

/** Inserts text at an offset. Insertions with `appendRight` keep their order; those with `prependLeft` are reversed. */
interface Insertions {
  appendRight(index: number, text: string): unknown
  prependLeft(index: number, text: string): unknown
}

interface Probed {
  readonly code: string
  readonly file: string
  readonly probing: Probing | undefined
  readonly sites: Site[]
  readonly text: Insertions
}

const DECLARES = /^(?:TS|Import|Export|FunctionDeclaration|ClassDeclaration|EmptyStatement|BlockStatement)/

function probe(program: Node, probed: Probed): void {
  const { code, file, probing, sites, text } = probed
  const lineOf = linesOf(code)
  const touched = probing === 'lines' ? touchesIn(program) : undefined
  const add = (kind: Site['kind'], { start, end }: Node, within: number | undefined, more: Partial<Site> = {}) => {
    const number = sites.length
    sites.push({ ...{ kind, file, line: lineOf(start), lastLine: lineOf(end), within: within ?? number }, ...more })
    return number
  }
  const addStatement = (statement: Node, within: number): string => {
    const site = add('statement', headOf(statement), within, touched?.of(statement, within))
    return `if (${PROBE}.at(${site})) debugger;`
  }
  const isChosen = chosen(probing, { file, lineOf })

  /** `name` is the variable to which `value` is assigned. */
  function walk(value: unknown, within: number | undefined, name?: string): void {
    if (Array.isArray(value)) {
      for (const each of value) walk(each, within)
      return
    }
    if (!isNode(value)) return
    if (isFunction(value)) {
      walkFunction(value, value['body'] as Node, within, name)
      return
    }
    if (within !== undefined) probeAwait(value, within)
    if (within !== undefined && probing !== undefined && probing !== 'functions') probeStatements(value, within)
    for (const [member, part] of Object.entries(value))
      if (typeof part === 'object') walk(part, within, member === 'body' ? undefined : nameIn(value))
  }

  function walkFunction(node: Node, body: Node, within: number | undefined, given: string | undefined): void {
    const name = nameIn(node) ?? given
    const site = add('function', node, undefined, name === undefined ? {} : { name })
    walk(node['params'], within)
    if (probing === undefined || !isChosen(node)) {
      walk(body, site)
      return
    }
    touched?.entered(node, site)
    const enters = `if (${PROBE}.enters(${site})) debugger;`
    if (body.type === 'BlockStatement') {
      const statements = body['body'] as readonly Node[]
      const first = statements.find((statement) => typeof statement['directive'] !== 'string')
      // The last directive may lack a semicolon.
      if (first !== undefined) text.appendRight(first.start, enters)
      else text.appendRight(body.end - 1, statements.length === 0 ? enters : `;${enters}`)
      walk(body, site)
      return
    }
    Object.assign(sites[site] ?? {}, touched?.of(body, site))
    // The body may be in parentheses, which are not in its range.
    text.appendRight(arrowEnd(node, code), ` { ${enters} return (`)
    // If the body ends with an await, `walk` inserts `))` at the same offset, and `))` must precede `); }` in the text.
    // At one offset, `prependLeft` puts each insertion before the earlier ones. So `); }` is inserted first.
    text.prependLeft(node.end, '); }')
    walk(body, site)
  }

  function probeAwait(node: Node, within: number): void {
    if (node.type !== 'AwaitExpression') return
    const site = add('await', node, within)
    text.appendRight(node.start, `${PROBE}.back(${site}, `)
    text.appendRight(node.start + 'await'.length, ` ${PROBE}.gone(${site},`)
    text.prependLeft(node.end, '))')
  }

  function probeStatements(node: Node, within: number): void {
    for (const statement of statementsIn(node).filter(isChosen))
      text.appendRight(statement.start, addStatement(statement, within))
    for (const single of singlesIn(node).filter(isChosen)) {
      text.appendRight(single.start, `{ ${addStatement(single, within)}`)
      text.prependLeft(single.end, '}')
    }
  }

  walk(program, undefined)
}

function chosen(
  probing: Probing | undefined,
  { file, lineOf }: { readonly file: string; readonly lineOf: (offset: number) => number },
): (node: Node) => boolean {
  if (typeof probing !== 'object') return () => true
  const own = new Set(probing.filter((each) => each.file === file).map(({ line }) => line))
  return ({ start }) => own.has(lineOf(start))
}

/**
 * Returns two functions. `entered` registers a function of the module by its site number. `of` finds the shared state
 * that a part of a registered function reads and writes.
 */
function touchesIn(program: Node) {
  const touches = new ModuleTouches(program)
  const [scopes, numbers] = [new Map<number, Scope>(), new Map<Scope, number>()]
  const numbered = ({ name, part, kept, of }: Shared): SharedState => ({
    ...{ name, part, kept },
    ...(of === undefined ? {} : { of: numbers.get(of) }),
  })
  return {
    entered(node: Node, site: number): void {
      const scope = touches.scopeOf(node)
      if (scope === undefined) return
      scopes.set(site, scope)
      numbers.set(scope, site)
    },
    of(node: Node, site: number): Pick<Site, 'reads' | 'writes' | 'rests'> {
      const scope = scopes.get(site)
      if (scope === undefined) return {}
      const { reads, writes, rests } = touches.of(node, scope)
      return { reads: reads.map(numbered), writes: writes.map(numbered), rests: rests.map(numbered) }
    },
  }
}

/** Returns the name of each await by its site: `server.ts:31`, or `server.ts:31#2` for the second await on a line. */
export function awaitPlaces(sites: readonly Site[], directory: string): ReadonlyMap<number, string> {
  const [places, counts] = [new Map<number, string>(), new Map<string, number>()]
  for (const [number, { kind, file, line }] of sites.entries()) {
    if (kind !== 'await') continue
    const place = `${relative(directory, file).replaceAll('\\', '/')}:${line}`
    const count = (counts.get(place) ?? 0) + 1
    counts.set(place, count)
    places.set(number, count === 1 ? place : `${place}#${count}`)
  }
  return places
}

function statementsIn(node: Node): readonly Node[] {
  const list = node.type === 'SwitchCase' ? node['consequent'] : node.type === 'BlockStatement' ? node['body'] : []
  return (list as readonly Node[]).filter(
    (statement) => !DECLARES.test(statement.type) && typeof statement['directive'] !== 'string',
  )
}

function singlesIn(node: Node): readonly Node[] {
  const { body, consequent, alternate } = node as unknown as { readonly [member: string]: unknown }
  const parts =
    node.type === 'IfStatement' ? [consequent, alternate] : /^(?:For|While|DoWhile)/.test(node.type) ? [body] : []
  // The `if` of an `else if` is not a statement of its own.
  return parts.filter(
    (part): part is Node =>
      isNode(part) && !DECLARES.test(part.type) && !(part === alternate && part.type === 'IfStatement'),
  )
}

function headOf(statement: Node): Node {
  const block = ['consequent', 'body', 'block'].map((member) => statement[member]).find(isNode)
  return block === undefined ? statement : { ...statement, end: Math.max(statement.start, block.start - 1) }
}

function nameIn(node: Node): string | undefined {
  const named = (node['id'] ?? node['key'] ?? (node.type === 'AssignmentExpression' ? node['left'] : undefined)) as
    | Node
    | null
    | undefined
  return typeof named?.['name'] === 'string' ? named['name'] : undefined
}

/**
 * Returns the offset directly after the `=>` of an arrow function. An `=>` within its parameters or types does not
 * count.
 */
function arrowEnd({ params, returnType, typeParameters, start }: Node, code: string): number {
  const before = [...(params as readonly unknown[]), returnType, typeParameters].filter(isNode).map(({ end }) => end)
  const arrow = /(?:\/\*[\s\S]*?\*\/|\/\/.*|[\s\S])*?=>/y
  arrow.lastIndex = Math.max(start, ...before)
  arrow.test(code)
  return arrow.lastIndex
}
