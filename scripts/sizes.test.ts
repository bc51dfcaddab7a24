import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAst } from 'rolldown/parseAst'
import { expect, test } from 'vitest'

/**
 * The maximum number of lines of a function, so that it fits on a screen. Lines that contain only a comment do not
 * count, so that comments cost nothing.
 */
const MOST_LINES_OF_FUNCTION = 79
const MOST_LINES_OF_INDEX = 60

/**
 * The functions that exceed the limit, and the maximum number of lines of each. These numbers may only be lowered. Most
 * of these functions are searches with a dozen local variables. Splitting such a search would add function calls to its
 * innermost loop, or turn local variables there into properties of an object.
 */
const longFunctions: { readonly [name: string]: number } = {
  'checker/src/register/causal/orders/view.ts createViews': 173,
  'checker/src/register/causal/orders/view.ts conflictOf': 91,
  'checker/src/register/linearizable/portfolio/portfolio.ts createPortfolio': 101,
  'checker/src/register/linearizable/search/narrow-search.ts createNarrowSearch': 150,
  'checker/src/register/linearizable/search/narrow-search.ts run': 84,
  'checker/src/register/linearizable/search/search.ts createSearch': 201,
  'checker/src/register/linearizable/walks/frontier-expand.ts createFrontierExpansion': 255,
  'checker/src/register/linearizable/walks/frontier.ts createFrontier': 101,
  'checker/src/register/linearizable/walks/narrow-expand.ts createExpansion': 258,
  'checker/src/register/linearizable/walks/narrow.ts createNarrowFrontier': 173,
  'checker/src/register/linearizable/open/open.ts createOpenOperations': 118,
  'checker/src/object/search/frugal.ts createFrugalSearch': 261,
  'checker/src/object/search/in-client-order.ts createClientOrderSearch': 91,
  'checker/src/object/search/search.ts createObjectSearch': 180,
  'checker/src/register/online/any-start.ts createMonitorFromAny': 92,
  'checker/src/register/online/monitor.ts createRegisterMonitor': 191,
  'checker/src/register/sequential/greedy.ts layOut': 103,
  'checker/src/register/sequential/hopeful.ts attempt': 100,
  'checker/src/register/sequential/saturation.ts saturate': 191,
  'checker/src/register/sequential/search.ts createSequentialSearch': 154,
  'checker/src/watch/scan.ts scanWatch': 238,
  'history/src/codecs/jsonl-scanner.ts scan': 119,
  'wire/src/resp/resp-scanner.ts createRespScanner': 119,
  'targets/src/client-kinds/postgres/clients.ts openClient': 80,
  'targets/src/client-kinds/postgres/connection.ts openConnection': 107,
}

const root = join(import.meta.dirname, '..')
const packages = join(root, 'packages')

/** All packages except `testing`, which contains only code for tests. */
const rows = readdirSync(packages).filter((row) => row !== 'testing')
const sources = rows.flatMap((row) =>
  readdirSync(join(packages, row, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => {
      const file = `${row}/src/${path.replaceAll('\\', '/')}`
      return { file, text: readFileSync(join(packages, file), 'utf8') }
    }),
)

const isCode = (line: string): boolean => !/^\s*(?:\/\/|\/?\*)/.test(line)

const codeLinesOf = (text: string): number => text.split('\n').filter(isCode).length

const linesOf = (text: string): number => text.split('\n').length - 1

test('every function fits on a screen or is an exception in longFunctions', () => {
  const long = sources.flatMap(({ file, text }) =>
    longFunctionsOf(text).map(({ name, lines }) => [`${file} ${name}`, lines] as const),
  )
  console.log(JSON.stringify(Object.fromEntries(long)))
  expect(long.filter(([name, lines]) => lines > (longFunctions[name] ?? 0))).toEqual([])
})

test('the index.ts of a package has at most 60 lines', () => {
  const long = sources.filter(
    ({ file, text }) => /^[^/]+\/src\/index\.ts$/.test(file) && linesOf(text) > MOST_LINES_OF_INDEX,
  )
  expect(long.map(({ file }) => file)).toEqual([])
})

interface Found {
  readonly name: string
  readonly lines: number
}

/** Returns the long functions of a file. A function without a name gets the name of the code around it. */
function longFunctionsOf(text: string): readonly Found[] {
  if (codeLinesOf(text) <= MOST_LINES_OF_FUNCTION) return []
  const found: Found[] = []
  visit(parseAst(text, { lang: 'ts' }).body, '')
  return found

  function visit(node: unknown, around: string): void {
    if (Array.isArray(node)) for (const each of node) visit(each, around)
    if (!isNode(node)) return
    const lines = codeLinesOf(text.slice(node.start, node.end))
    // A syntax node with so few lines contains no long function.
    if (lines <= MOST_LINES_OF_FUNCTION) return
    const name = nameOf(node) ?? around
    if (FUNCTIONS.has(node.type)) found.push({ name, lines })
    for (const member of Object.values(node)) visit(member, name)
  }
}

const FUNCTIONS: ReadonlySet<string> = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly id?: unknown
  readonly key?: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value && 'end' in value

/** Returns the name of a declaration, member or variable. */
function nameOf({ id, key }: Node): string | undefined {
  const named = id ?? key
  return typeof named === 'object' && named !== null && 'name' in named ? String(named.name) : undefined
}
