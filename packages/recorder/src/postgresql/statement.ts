import type { Touches } from '../record/call.ts'
import type { Action, Control, MayTouch, Operand } from './action.ts'
import { everyCell, everyCellOf } from './cells.ts'
import { type SchemaDoubt, type SchemaScope, schemasSetBy, scopeOfSchemas, type TableNaming } from './named-schemas.ts'
import { analyseOther, mayWrite, strangeFunction } from './other-statements.ts'
import type { RecordedTable } from './recorded-table.ts'
import { isolationOf, type RequestedIsolation } from './requested-isolation.ts'
import { rowStatementOf } from './row-reader.ts'
import type { RowStatement } from './row-statement.ts'
import type { PostgresqlSettings } from './settings.ts'
import { actionOf } from './single-row.ts'
import { type Parsed, parse } from './sql-parser.ts'
import { isTable, plainWord, plainWords, shapeOf, type Token, wordSet } from './sql-tokens.ts'

/** The meaning of a statement, how it names recorded tables, and the schemas that it chooses for names without one. */
export type Statement = Meaning & {
  readonly naming?: TableNaming | undefined
  readonly schemas?: Operand | 'default' | undefined
  readonly schemaScope?: SchemaScope | undefined
}

/** `what`: the statement's name in remarks. */
type Meaning =
  | { readonly kind: 'action'; readonly what: string; readonly action: Action }
  /** `name`: name of a savepoint. */
  | {
      readonly kind: 'control'
      readonly what: string
      readonly control: Control
      readonly name: string
      readonly isolation: RequestedIsolation | undefined
    }
  /** A statement on rows, if whole transactions are recorded. */
  | ({ readonly kind: 'rows'; readonly what: string; readonly rows: RowStatement } & Aside)
  /** The declaration of a cursor. FETCH reads its rows. */
  | { readonly kind: 'cursor'; readonly what: string; readonly name: string; readonly rows: RowStatement }
  | { readonly kind: 'fetch'; readonly what: string; readonly name: string }
  /**
   * A statement that is not understood. `touches`: the cells that it may change. If `touches` is `nothing`, the
   * statement changes no cell, and only the values that it read are unknown.
   */
  | ({
      readonly kind: 'doubtful'
      readonly what: string
      readonly why: string
      readonly touches: Touches
      readonly lasts: boolean
    } & Aside)
  | {
      readonly kind: 'other'
      readonly what: string
      readonly touches: MayTouch
      readonly why: string
      readonly isolation?: RequestedIsolation | undefined
      readonly indirect?: Indirect | undefined
    }

interface Aside {
  readonly indirect?: Indirect | undefined
}

/** The cells that a statement may also write indirectly, because of the table that it names. */
interface Indirect {
  readonly why: string
  readonly touches: Touches
}

type Recorded = PostgresqlSettings['commands']

export function analyse(tokens: readonly Token[], recorded: Recorded): Statement {
  const schemas = schemasSetBy(tokens)
  const statement = meaningOf(tokens, recorded)
  return schemas === undefined ? statement : { ...statement, schemas, schemaScope: scopeOfSchemas(tokens) }
}

function meaningOf(tokens: readonly Token[], recorded: Recorded): Statement {
  const what = shapeOf(tokens)
  const own = recorded.dialect?.meaningOf(tokens, what, recorded.functionsRead)
  if (own !== undefined) return own
  const control = controlOf(tokens)
  if (control !== undefined)
    return { kind: 'control', what, control, name: tokens.at(-1)?.text ?? '', isolation: isolationOf(tokens) }
  // PostgreSQL's default schema is `public`. In MySQL, each connection chooses its default database.
  const usual = recorded.dialect === undefined ? 'public' : undefined
  const { tables, table: name, schema } = recorded
  const known = tables ?? new Map([[name, { name, schema }]])
  const { tokens: named, doubt, naming } = recorded.schemas.read(tokens, known, usual)
  if (tables === undefined)
    return doubt === undefined
      ? { ...analyseColumn(named, what, recorded), naming }
      : { kind: 'other', what, touches: mayWrite(tokens) ? 'everything' : 'nothing', why: doubt.why }
  const cursor = doubt === undefined ? cursorOf(named, what, tables, recorded) : undefined
  if (cursor !== undefined) return { ...cursor, naming }
  const text = { tree: parse(named), tokens: named, tables }
  const statement = doubt === undefined ? analyseRows(text, what, recorded) : otherSchema(text, what, doubt)
  return { ...statement, naming, indirect: indirectOf(text, statement, recorded) }
}

/** Analyses a statement for a recording of a single column. */
function analyseColumn(tokens: readonly Token[], what: string, recorded: Recorded): Statement {
  const { table, key, value, type, decimals } = recorded
  const tree = tokens.some((token) => isTable(token, table)) ? parse(tokens) : 'other'
  const tables = new Map([[table, { name: table, key, values: new Map([[value, type]]), decimals }]])
  const rows = typeof tree === 'string' ? undefined : rowStatementOf(tree, tokens, tables)
  const action = rows && actionOf(rows, recorded)
  if (action === undefined) {
    const { touches, why } = analyseOther(tokens, recorded)
    return { kind: 'other', what, touches, why: touches === 'nothing' ? whyUnread(tokens, tree, rows) : why }
  }
  return 'does' in action ? { kind: 'action', what, action } : { kind: 'other', what, ...action }
}

/**
 * Returns why the result of a SELECT is not recorded. Empty for other statements, for a SELECT on other tables, and for
 * a SELECT whose result contains neither a recorded column nor an aggregate of rows named by key.
 */
function whyUnread(tokens: readonly Token[], tree: Parsed, rows: RowStatement | undefined): string {
  const isSelect = tokens[0]?.text === 'select'
  const shows =
    rows === undefined
      ? tree !== 'other'
      : rows.does === 'read' &&
        rows.rows.kind === 'keys' &&
        (rows.resultColumns.values.size > 0 || rows.aggregate !== undefined)
  return !isSelect || !shows ? '' : tree === 'too deep' ? TOO_DEEP : UNREAD_COLUMN
}

export function controlOf(tokens: readonly Token[]): Control | undefined {
  const [first, second, third] = plainWords(tokens.slice(0, 3))
  switch (first) {
    case 'begin':
      return 'begin'
    case 'start':
      return second === 'transaction' ? 'begin' : undefined
    case 'commit':
    case 'end':
      if (second === 'prepared') return undefined
      return isChained(tokens) ? 'chain' : 'commit'
    case 'rollback':
    case 'abort':
      if (second === 'prepared') return undefined
      if (second === 'to' || third === 'to') return 'rollback-to'
      return isChained(tokens) ? 'chain' : 'rollback'
    case 'savepoint':
    case 'release':
      return first
    case 'prepare':
      return second === 'transaction' ? 'prepare' : undefined
    case 'deallocate':
    case 'discard':
      return 'forget'
    default:
      return undefined
  }
}

/** Reads DECLARE or FETCH. Undefined for a cursor that outlives its transaction, or cannot be read row by row. */
function cursorOf(
  tokens: readonly Token[],
  what: string,
  tables: ReadonlyMap<string, RecordedTable>,
  { functionsRead }: Recorded,
): Statement | undefined {
  const [first] = tokens
  if (first?.text !== 'fetch' && first?.text !== 'declare') return undefined
  const words = plainWords(tokens)
  if (words[0] === 'fetch') return { kind: 'fetch', what, name: tokens.at(-1)?.text ?? '' }
  const at = words[0] === 'declare' ? words.indexOf('for', words.indexOf('cursor') + 1) : -1
  const query = tokens.slice(at + 1)
  const isHeld = words.includes('hold') && !words.includes('without')
  if (at === -1 || isHeld || !(functionsRead || strangeFunction(query) === undefined)) return undefined
  const tree = parse(query)
  const rows = typeof tree === 'string' ? undefined : rowStatementOf(tree, query, tables)
  return rows?.does === 'read' ? { kind: 'cursor', what, name: tokens[1]?.text ?? '', rows } : undefined
}

/** A statement that may name another table than the recorded one. */
function otherSchema({ tokens, tables }: Text, what: string, { table, why }: SchemaDoubt): RowsStatement {
  const found = tables.get(table)
  const touches = found !== undefined && mayWrite(tokens) ? everyCell(found) : 'nothing'
  return { kind: 'doubtful', what, why, touches, lasts: false }
}

type RowsStatement = Extract<Statement, { readonly indirect?: Indirect | undefined }>

function indirectOf(
  { tree, tokens, tables }: Text,
  { kind }: RowsStatement,
  { indirect }: Recorded,
): Indirect | undefined {
  if (indirect === undefined || indirect.size === 0 || !mayWrite(tokens)) return undefined
  const isDelete = tokens.some(({ kind: of, text }) => of === 'word' && DELETING.has(text))
  const set = columnsSet(tree)
  const causes: string[] = []
  const reached = [...indirect].flatMap(([name, { write = [], delete: deleted = [], update = {}, by = [] }]) => {
    if (!tokens.some((token) => isTable(token, name))) return []
    const isUnknown = kind === 'doubtful'
    const all = [
      ...write,
      ...(isDelete || isUnknown ? deleted : []),
      ...Object.entries(update).flatMap(([column, names]) =>
        isUnknown || set?.includes(column) !== false ? names : [],
      ),
    ]
    if (all.length > 0) causes.push(...by)
    return all
  })
  const written = [...new Set(reached)].flatMap((name) => tables.get(name) ?? [])
  if (written.length === 0) return undefined
  const names = written.map(({ name }) => name).join(', ')
  const cause = causes.length === 0 ? 'a trigger, rule, cascade or view' : [...new Set(causes)].join(' or ')
  return {
    why: `${cause} makes this statement write ${names}. Do not send this statement during the recording, or leave ${names} out of the recorded tables`,
    touches: everyCellOf(written),
  }
}

function columnsSet(tree: Parsed): readonly string[] | undefined {
  if (typeof tree === 'string') return undefined
  const sets = tree.does === 'select' ? [] : tree.does === 'insert' ? (tree.conflict?.sets ?? []) : tree.sets
  return sets.map(({ column }) => column.column)
}

const DELETING = wordSet('delete truncate merge')

/** A parsed statement, its tokens, and the tables that it may name. */
interface Text {
  readonly tree: Parsed
  readonly tokens: readonly Token[]
  readonly tables: ReadonlyMap<string, RecordedTable>
}

/** Analyses a statement if whole transactions are recorded. */
function analyseRows({ tree, tokens, tables }: Text, what: string, recorded: Recorded): RowsStatement {
  const { functionsRead, dialect } = recorded
  const named = [...tables.values()].filter(({ name }) => tokens.some((token) => isTable(token, name)))
  const called = functionsRead ? undefined : strangeFunction(tokens, dialect?.functions)
  const rows =
    called === undefined && named.length > 0 && typeof tree !== 'string'
      ? rowStatementOf(tree, tokens, tables)
      : undefined
  if (rows !== undefined) return { kind: 'rows', what, rows: dialect?.refined(rows) ?? rows }
  const isolation = isolationOf(tokens)
  for (const { name: table } of tables.values()) {
    const { touches, why, lasts = false } = analyseOther(tokens, { table, functionsRead, dialect })
    if (touches === 'nothing') continue
    const cells = named.length === 0 ? 'everything' : everyCellOf(named)
    return { kind: 'doubtful', what, why: tree === 'too deep' ? TOO_DEEP : why, touches: cells, lasts }
  }
  const isRead =
    !SHOWING_NO_ROWS.has(plainWord(tokens[0]) ?? '') &&
    tokens.some((token, at) => READING.has(plainWord(token) ?? '') || isTableQuery(tokens, at))
  if (named.length === 0 || !isRead) return { kind: 'other', what, touches: 'nothing', why: '', isolation }
  const why = tree === 'too deep' ? TOO_DEEP : UNREAD
  return { kind: 'doubtful', what, why, touches: 'nothing', lasts: false }
}

const TOO_DEEP =
  'brackets in it are nested more than 100 deep, and are not read; nest them less, or name the row by its primary key'
const UNREAD_COLUMN = 'its result does not show one row: select the recorded column of one row by its primary key'
const READING = wordSet('select copy')
/** Statements in which SELECT or COPY is no query, such as GRANT SELECT. */
const SHOWING_NO_ROWS = wordSet('grant revoke comment lock vacuum analyze reindex cluster')

/** Whether a query such as `TABLE accounts` begins here. */
const isTableQuery = (tokens: readonly Token[], at: number): boolean =>
  plainWord(tokens[at]) === 'table' && (at === 0 || BEFORE_QUERY.has(tokens[at - 1]?.text ?? ''))

const BEFORE_QUERY = wordSet('( as union intersect except all distinct for explain analyze verbose')
const UNREAD = 'its result does not show single rows: select the primary key and the recorded columns of each table'

const isChained = (tokens: readonly Token[]): boolean => {
  const words = tokens.map(({ text }) => text)
  return words.includes('chain') && !words.includes('no')
}
