import { hasSqlDetails, loadModule, type Node, parseSync } from 'libpg-query'
import { SqlError } from './error.ts'
import { objectsIn } from './trees.ts'

/** One statement of a query string. `location` fields of its nodes count characters of `text`, from 0. */
export interface Statement {
  /** The whole query string that contains the statement. Error positions count from its start. */
  readonly text: string
  /** The statement alone. */
  readonly sql: string
  readonly node: Node
}

/** Services repeat their statements, so parse trees are cached. */
const CACHED_TEXTS = 2_000
const cache = new Map<string, readonly Statement[]>()

/** The messages of syntax errors whose code is not 42601. */
const CODES: readonly (readonly [message: RegExp, code: string])[] = [
  [/^frame (?:start|end)/, '42P20'],
  [/^precision for type float/, '22023'],
  [/ is reserved$| as a role name here$/, '42939'],
  [/ not yet implemented$| not supported | cannot be marked /, '0A000'],
]

/** Loads the grammar. Must be called once before `parse`. */
export async function loadParser(): Promise<void> {
  await loadModule()
}

/** Returns the statements of a query string; none for an empty one. Throws SqlError 42601 with a position. */
export function parse(text: string): readonly Statement[] {
  const cached = cache.get(text)
  if (cached !== undefined) return cached
  const statements = parseAnew(text)
  if (cache.size >= CACHED_TEXTS) cache.clear()
  cache.set(text, statements)
  return statements
}

function parseAnew(text: string): readonly Statement[] {
  if (text.trim() === '') return []
  const bytes = byteOffsets(text)
  const statements: Statement[] = []
  for (const raw of parseGrammar(text).stmts ?? []) {
    if (raw.stmt === undefined) continue
    const from = raw.stmt_location ?? 0
    const start = bytes === undefined ? from : characterAt(bytes, from)
    const end = raw.stmt_len === undefined || raw.stmt_len === 0 ? undefined : from + raw.stmt_len
    const stop = end === undefined || bytes === undefined ? end : characterAt(bytes, end)
    if (bytes !== undefined) countCharacters(raw.stmt, bytes)
    const sql = bytes === undefined ? text.slice(start, stop) : [...text].slice(start, stop).join('')
    statements.push({ text, sql: sql.trim(), node: raw.stmt })
  }
  return statements
}

function parseGrammar(text: string): ReturnType<typeof parseSync> {
  try {
    return parseSync(text)
  } catch (error) {
    if (!hasSqlDetails(error)) throw error
    const position = (error.sqlDetails?.cursorPosition ?? -1) + 1
    const [, code = '42601'] = CODES.find(([message]) => message.test(error.message)) ?? []
    throw new SqlError(code, error.message, position > 0 ? { position } : {})
  }
}

/** Returns the UTF-8 offset of every character, if any differs from its index. */
function byteOffsets(text: string): readonly number[] | undefined {
  let ascii = true
  const offsets: number[] = []
  let bytes = 0
  for (const character of text) {
    offsets.push(bytes)
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    if (code >= 0x80) ascii = false
  }
  offsets.push(bytes)
  return ascii ? undefined : offsets
}

function characterAt(offsets: readonly number[], byte: number): number {
  let low = 0
  let high = offsets.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((offsets[middle] ?? 0) < byte) low = middle + 1
    else high = middle
  }
  return low
}

function countCharacters(tree: unknown, offsets: readonly number[]): void {
  for (const each of objectsIn(tree)) {
    const { location = 0 }: { location?: number } = each
    if (location > 0) Object.assign(each, { location: characterAt(offsets, location) })
  }
}
