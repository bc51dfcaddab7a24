import type { Column, FieldValue, Format } from '@chaosproxy/wire/postgresql'
import type { Operand } from './action.ts'
import { textOf } from './column-values.ts'
import type { ColumnType } from './recorded-table.ts'
import type { PostgresqlSettings } from './settings.ts'
import { statementsOf, type Token, wordSet } from './sql-tokens.ts'
import { analyse, type Statement } from './statement.ts'

export interface Prepared {
  readonly statements: readonly Statement[]
  /** The literals of this text. Undefined if its statements are not shared with texts that have other literals. */
  readonly literals?: readonly string[] | undefined
  /** The trace or request that a comment in the statement's text names (see `requestIn`). */
  readonly request?: string | undefined
  types: readonly number[]
  /** The columns of the result; undefined until the statement is described. */
  columns: readonly Column[] | undefined
}

export interface Portal {
  readonly prepared: Prepared
  readonly formats: readonly Format[]
  readonly values: readonly FieldValue[]
  readonly literals?: readonly string[] | undefined
  readonly resultFormats: readonly Format[]
  columns: readonly Column[] | undefined
  wasExecuted: boolean
}

const UNREADABLE: Statement = {
  kind: 'other',
  what: 'a statement that cannot be read',
  touches: 'everything',
  why: 'it has a quotation or a comment without an end, or a comment that only some servers execute',
}

const NEWEST = 1000
/**
 * Maximum length of cached texts, in characters. Longer texts, such as bulk inserts, rarely recur and would fill the
 * memory.
 */
const LONGEST_KNOWN = 10_000
const UNKNOWN_STATEMENT: Statement = {
  kind: 'other',
  what: 'a statement prepared before the recording',
  touches: 'everything',
  why: 'its SQL text is unknown; start the recording before the clients connect',
}

export const NOTHING_ASKED: Statement = { kind: 'other', what: 'an empty statement', touches: 'nothing', why: '' }
export const REST: Statement = { kind: 'other', what: 'the next rows of a cursor', touches: 'nothing', why: '' }
export const FUNCTION: Statement = {
  kind: 'other',
  what: 'a function called without SQL',
  touches: 'everything',
  why: 'the recorder does not read which function is called; call it by SELECT',
}

export const unseen: Prepared = { statements: [UNKNOWN_STATEMENT], types: [], columns: undefined }

/** The trace or request that a comment names: `traceparent` by sqlcommenter, `request_id` by Rails. */
export function requestIn(sql: string): string | undefined {
  const start = sql.indexOf('/*')
  if (start === -1) return undefined
  const commented = sql.slice(start)
  return /\btraceparent='00-([0-9a-f]{32})-/.exec(commented)?.[1] ?? /\brequest_id[=:]'?([\w-]+)/.exec(commented)?.[1]
}

export type Meaning = Pick<Prepared, 'statements' | 'literals'>

/** Whether a statement's literals are only values, as in a SELECT, so that they do not affect its meaning. */
const isOfRows = (kind: Statement['kind'], first: string | undefined): boolean =>
  first === undefined || ((kind === 'rows' || kind === 'other') && OF_ROWS.has(first))

const OF_ROWS = wordSet('select insert update delete')

/** Returns the meanings of texts, and caches them, because applications repeat a small number of texts. */
export class StatementReader {
  readonly #recorded: PostgresqlSettings['commands']
  readonly #known: Map<string, readonly Statement[]> = new Map()
  /** Maps each text without its literals to its statements. `several`: the statements depend on the literals. */
  readonly #shapes: Map<string, readonly Statement[] | 'several'> = new Map()
  /**
   * Texts that were read once. A meaning is cached when its text is read again, because a text that contains values is
   * rarely repeated.
   */
  readonly #readOnce: Set<string> = new Set()

  constructor(recorded: PostgresqlSettings['commands']) {
    this.#recorded = recorded
  }

  read(sql: string): Meaning {
    const { tables, dialect } = this.#recorded
    const isOwn = tables === undefined || dialect !== undefined
    const shape = isOwn || sql.length > LONGEST_KNOWN ? undefined : shapeIn(sql)
    const statements = shape === undefined ? undefined : this.#ofShape(sql, shape)
    return statements === undefined ? { statements: this.#ofText(sql) } : { statements, literals: shape?.literals }
  }

  /**
   * Returns the statements that `sql` shares with all texts that differ from it only in literals. Undefined if the
   * statements depend on the literals.
   */
  #ofShape(sql: string, { key, literals }: Shape): readonly Statement[] | undefined {
    const known = this.#shapes.get(key)
    if (known !== undefined) return known === 'several' ? undefined : known
    const tokens = numbered(statementsOf(sql) ?? [], literals)
    const statements = tokens?.map((each) => analyse(each, this.#recorded))
    const isOne = statements?.every(({ kind }, at) => isOfRows(kind, tokens?.[at]?.[0]?.text)) === true
    if (this.#shapes.size >= NEWEST) this.#shapes.clear()
    this.#shapes.set(key, isOne && statements !== undefined ? statements : 'several')
    return isOne ? statements : undefined
  }

  #ofText(sql: string): readonly Statement[] {
    const known = this.#known.get(sql)
    if (known !== undefined) return known
    const read = this.#recorded.dialect?.statementsOf ?? statementsOf
    const statements = read(sql)?.map((tokens) => analyse(tokens, this.#recorded)) ?? [UNREADABLE]
    if (sql.length > LONGEST_KNOWN) return statements
    if (!this.#readOnce.delete(sql)) {
      if (this.#readOnce.size >= NEWEST) this.#readOnce.clear()
      this.#readOnce.add(sql)
      return statements
    }
    if (this.#known.size >= NEWEST) this.#known.clear()
    this.#known.set(sql, statements)
    return statements
  }
}

export function operandText(operand: Operand, portal: Portal | undefined): string | null | undefined {
  if (operand.kind === 'constant') return operand.text
  if (operand.kind === 'literal') {
    const text = portal?.literals?.[operand.number]
    return text === undefined ? undefined : `${operand.sign}${text}`
  }
  const at = operand.number - 1
  const value = portal?.values[at]
  if (portal === undefined || value === undefined) return undefined
  return textOf(value, formatAt(portal.formats, at), portal.prepared.types[at] ?? 0)
}

/** The text of a value that a column of this type stores as given. Undefined if the server may store another value. */
export function exactText(operand: Operand, portal: Portal | undefined, type: ColumnType): string | null | undefined {
  const text = operandText(operand, portal)
  const isExact = operand.exact === undefined || (operand.exact === 'as numeric' && type === 'numeric')
  return isExact || typeof text !== 'string' || /^-?\d+$/.test(text) ? text : undefined
}

/** Whether a result of `rows` rows remains complete despite LIMIT and OFFSET. */
export const isUnlimited = (
  { limit, offset }: { readonly limit: Operand | undefined; readonly offset: Operand | undefined },
  rows: number,
  portal: Portal | undefined,
): boolean =>
  (limit === undefined || Number(operandText(limit, portal)) >= rows) &&
  (offset === undefined || operandText(offset, portal) === '0')

/** The format of value `at`. A list with a single format applies to all values. Without a format, a value is text. */
export const formatAt = (formats: readonly Format[], at: number): Format =>
  formats.length === 1 ? (formats[0] ?? 0) : (formats[at] ?? 0)

// The form of a text without its literals. Texts of one form share a cached meaning.

interface Shape {
  readonly key: string
  readonly literals: readonly string[]
}

/** Matches strings and numbers, which `shapeIn` replaces, and quoted names, which `shapeIn` keeps. */
const LITERALS = /"(?:[^"]|"")*"|'(?:[^']|'')*'|(?<![\w$.])(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w)/g
/** Matches comments, parameters, escapes, and the characters that replace literals. */
const UNUSUAL = /--|\/\*|[\\$¤¦]/
/** Matches texts whose meaning may depend on their literals. */
const COMPARED = /\w¦|¦¦|[¤¦]\s*=\s*[¤¦]|\bconflict\b|\bset_config\b/i

function shapeIn(sql: string): Shape | undefined {
  if (UNUSUAL.test(sql)) return undefined
  const literals: string[] = []
  const key = sql.replace(LITERALS, (found) => {
    if (found.startsWith('"')) return found
    const isString = found.startsWith("'")
    literals.push(isString ? found.slice(1, -1).replaceAll("''", "'") : found)
    return isString ? '¦' : '¤'
  })
  return literals.length === 0 || COMPARED.test(key) ? undefined : { key, literals }
}

/** Numbers the literals of the statements in order. Returns undefined if the literals are not those in `literals`. */
function numbered(
  statements: readonly (readonly Token[])[],
  literals: readonly string[],
): readonly (readonly Token[])[] | undefined {
  let next = 0
  let isSame = true
  const found = statements.map((tokens) =>
    tokens.map((token): Token => {
      if (token.kind !== 'number' && token.kind !== 'string') return token
      isSame &&= literals[next] === token.text
      return { ...token, literal: next++ }
    }),
  )
  return isSame && next === literals.length ? found : undefined
}
