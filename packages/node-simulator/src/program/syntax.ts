import { extname } from 'node:path'
import { type ParserOptions, parseAst } from 'rolldown/parseAst'

export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [member: string]: unknown
}

export const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value

const FUNCTIONS: ReadonlySet<string> = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

export const isFunction = (node: Node): boolean => FUNCTIONS.has(node.type) && isNode(node['body'])

/** Calls `seen` for the nodes of a syntax tree. If `seen` returns false, the nodes below are skipped. */
export function visit(value: unknown, seen: (node: Node) => unknown): void {
  if (Array.isArray(value)) {
    for (const each of value) visit(each, seen)
    return
  }
  if (!isNode(value) || seen(value) === false) return
  for (const member of Object.values(value)) if (typeof member === 'object') visit(member, seen)
}

/** Returns a function that finds the line of an offset in a text, counted from 1. */
export function linesOf(code: string): (offset: number) => number {
  const starts = [0, ...Array.from(code.matchAll(/\n/g), ({ index }) => index + 1)]
  return (offset) => {
    let [low, high] = [0, starts.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low + 1
  }
}

const LANGUAGES: { readonly [extension: string]: 'js' | 'jsx' | 'ts' | 'tsx' } = {
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.jsx': 'jsx',
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
}

export function parsed(code: string, file: string): Node | undefined {
  const lang = LANGUAGES[extname(file)]
  if (lang === undefined) return undefined
  return treeOf(code, { lang }) ?? treeOf(code, { lang, sourceType: 'commonjs' })
}

function treeOf(code: string, options: ParserOptions): Node | undefined {
  try {
    return parseAst(code, options) as unknown as Node
  } catch {
    return undefined
  }
}
