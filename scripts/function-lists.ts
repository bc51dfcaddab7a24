import { parseAst } from 'rolldown/parseAst'

/** A place in a source file that lists several function names. */
export interface FunctionList {
  readonly line: number
  readonly names: readonly string[]
}

/**
 * Returns the places in a source that distinguish operations by several names. A place is a list, record, switch or
 * pattern, a text of words only, or a function that compares one expression with several names. A place counts if it
 * has at least three names, or if it has exactly two words, and both are names. Types do not count, because nothing is
 * looked up in them.
 */
export function functionListsIn(text: string, isName: (word: string) => boolean): readonly FunctionList[] {
  // Most sources contain fewer than two different names (see `isName`) outside of comments and calls. Such a source
  // need not be parsed.
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '')
  if (new Set(code.match(/(?<![.\w])\w+(?![\w(])/g)?.filter(isName)).size < 2) return []
  const found: FunctionList[] = []
  visit(parseAst(text, { lang: 'ts' }).body, new Map())
  return found

  function visit(node: unknown, compared: Map<string, string[]>): void {
    if (Array.isArray(node)) for (const each of node) visit(each, compared)
    if (!isNode(node)) return
    note(node, wordsOf(node))
    const within = FUNCTIONS.has(node.type) ? new Map<string, string[]>() : compared
    noteComparison(node, within)
    for (const member of Object.values(node)) visit(member, within)
    if (within !== compared) for (const words of within.values()) note(node, words)
  }

  function note(node: Node, all: readonly string[]): void {
    const names = [...new Set(all)].filter(isName)
    if (names.length < 2 || (names.length === 2 && new Set(all).size > 2)) return
    found.push({ line: text.slice(0, node.start).split('\n').length, names })
  }

  /** If an expression is compared with a name, adds the name to `compared`, under the text of the expression. */
  function noteComparison({ type, operator, left, right }: Node, compared: Map<string, string[]>): void {
    if (type !== 'BinaryExpression' || !/^[!=]==?$/.test(String(operator))) return
    for (const [one, other] of [
      [left, right],
      [right, left],
    ]) {
      const word = wordIn(other)
      if (word === undefined || !isName(word) || !isNode(one)) continue
      const expression = text.slice(one.start, one.end)
      compared.set(expression, [...(compared.get(expression) ?? []), word])
    }
  }
}

const FUNCTIONS: ReadonlySet<string> = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

/** Represents anything that is not a word. */
const OTHER = ''

/** Returns the elements of a list, record or switch, or the words of a pattern or a text. */
function wordsOf(node: Node): readonly string[] {
  switch (node.type) {
    case 'ArrayExpression':
      return nodesIn(node.elements).flatMap(elementsOf)
    case 'ObjectExpression':
      return nodesIn(node.properties).map(({ key, computed }) => (computed === true ? OTHER : (nameIn(key) ?? OTHER)))
    case 'SwitchStatement':
      return nodesIn(node.cases).flatMap(({ test }) => (isNode(test) ? [wordIn(test) ?? OTHER] : []))
    case 'Literal':
      if (isNode(node) && typeof node.value === 'string') return wordsIn(node.value)
      return hasPattern(node.regex) ? (node.regex.pattern.match(/[a-z_]+/gi) ?? []) : []
    case 'TemplateLiteral':
      return wordsIn(wordIn(node) ?? '')
    default:
      return []
  }
}

/**
 * Returns the words that an element adds to a list: the key of a map entry, all words of a spread expression, or the
 * element's own text. `OTHER` stands for an element that is not a word.
 */
function elementsOf(element: Node): readonly string[] {
  if (element.type === 'SpreadElement' && isNode(element.argument)) return wordsOf(element.argument)
  if (element.type === 'ArrayExpression') return [wordsOf(element)[0] ?? OTHER]
  return [wordIn(element) ?? OTHER]
}

/** Returns the words of a text that only lists words, such as `enqueue send` or `read,write`; none for other texts. */
const wordsIn = (text: string): readonly string[] =>
  /^\s*\w+([\s,|]+\w+)+\s*$/.test(text) ? text.trim().split(/[\s,|]+/) : []

/** Returns the text of a string literal, or of a template without placeholders. */
function wordIn(node: unknown): string | undefined {
  if (!isNode(node)) return undefined
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined
  const [quasi, ...others] = node.type === 'TemplateLiteral' ? nodesIn(node.quasis) : []
  return others.length === 0 && typeof quasi?.value === 'object' ? quasi.value.cooked : undefined
}

const nameIn = (key: unknown): string | undefined =>
  isNode(key) && key.type === 'Identifier' && typeof key.name === 'string' ? key.name : wordIn(key)

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly name?: unknown
  readonly key?: unknown
  readonly computed?: unknown
  readonly value?: string | { readonly cooked?: string }
  readonly regex?: unknown
  readonly elements?: unknown
  readonly properties?: unknown
  readonly cases?: unknown
  readonly test?: unknown
  readonly argument?: unknown
  readonly quasis?: unknown
  readonly operator?: unknown
  readonly left?: unknown
  readonly right?: unknown
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value

const nodesIn = (list: unknown): readonly Node[] => (Array.isArray(list) ? list.filter(isNode) : [])

const hasPattern = (regex: unknown): regex is { readonly pattern: string } =>
  typeof regex === 'object' && regex !== null && 'pattern' in regex
