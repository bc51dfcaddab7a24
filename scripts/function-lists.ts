import { parseAst } from 'rolldown/parseAst'

/** Function names that stand together in a source. */
export interface FunctionList {
  readonly line: number
  readonly names: readonly string[]
}

/**
 * The places of a source that tell operations apart by several names: lists, records, switches, patterns, texts of words,
 * and functions that compare one expression with several names. Two words that are both names are a list, and so are
 * three names among other words. Types are none, since nothing is looked up in them.
 */
export function functionListsIn(text: string, isName: (word: string) => boolean): readonly FunctionList[] {
  // Most sources contain fewer than two names, called functions and comments aside, and need not be parsed.
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

  /** Gathers, by the text of the expression, what it is compared with. */
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

/** Stands for what is no word. */
const OTHER = ''

/** What a list, record or switch consists of; the words of a pattern or a text. */
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

/** An entry of a map is its first element; a list that is spread out is its elements. */
function elementsOf(element: Node): readonly string[] {
  if (element.type === 'SpreadElement' && isNode(element.argument)) return wordsOf(element.argument)
  if (element.type === 'ArrayExpression') return [wordsOf(element)[0] ?? OTHER]
  return [wordIn(element) ?? OTHER]
}

/** `enqueue send`, `read,write`; no word of a sentence. */
const wordsIn = (text: string): readonly string[] =>
  /^\s*\w+([\s,|]+\w+)+\s*$/.test(text) ? text.trim().split(/[\s,|]+/) : []

/** The text of a literal that is one. */
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
