import type { Touches } from '../record/call.ts'
import type { Action, Control, MayTouch, Operand } from './action.ts'
import { type AskedIsolation, isolationOf } from './asked-isolation.ts'
import { everyCellOf } from './cells.ts'
import { type Condition, changedOf, conditionOf } from './condition.ts'
import { analyseOther, mayWrite, strangeFunction } from './other-statements.ts'
import type { RecordedTable } from './recorded-table.ts'
import { rowStatementOf } from './row-parser.ts'
import type { RowStatement } from './row-statement.ts'
import type { PostgresqlSettings } from './settings.ts'
import { SqlParser } from './sql-parser.ts'
import { isTable, shapeOf, type Token } from './sql-tokens.ts'

/** A statement's meaning. `what` names it in remarks. */
export type Statement =
  | { readonly kind: 'action'; readonly what: string; readonly action: Action }
  /** `name`: of a savepoint. */
  | {
      readonly kind: 'control'
      readonly what: string
      readonly control: Control
      readonly name: string
      readonly isolation: AskedIsolation | undefined
    }
  /** It reads or writes rows of a transaction that is recorded whole. */
  | {
      readonly kind: 'rows'
      readonly what: string
      readonly rows: RowStatement
      readonly indirect?: Indirect | undefined
      readonly condition?: Condition | undefined
      readonly changed?: Condition | undefined
      readonly isCast?: boolean | undefined
    }
  /** It declares a cursor, whose rows are read by FETCH. */
  | { readonly kind: 'cursor'; readonly what: string; readonly name: string; readonly rows: RowStatement }
  | { readonly kind: 'fetch'; readonly what: string; readonly name: string }
  /** In such a transaction: the cells that it may change; nothing if only its reads are unknown. */
  | {
      readonly kind: 'doubtful'
      readonly what: string
      readonly why: string
      readonly touches: Touches
      readonly lasts: boolean
      readonly indirect?: Indirect | undefined
      readonly condition?: Condition | undefined
      readonly changed?: Condition | undefined
      readonly isCast?: boolean | undefined
    }
  | {
      readonly kind: 'other'
      readonly what: string
      readonly touches: MayTouch
      readonly why: string
      readonly isolation?: AskedIsolation | undefined
      readonly indirect?: Indirect | undefined
    }

/** The cells that a statement may write through the table or view that it names. */
interface Indirect {
  readonly why: string
  readonly touches: Touches
}

type Recorded = PostgresqlSettings['commands']

const REMEDY = 'select one row by its primary key, and write the recorded column from a parameter or a literal'

export function analyse(tokens: readonly Token[], recorded: Recorded): Statement {
  const what = shapeOf(tokens)
  const own = recorded.dialect?.meaningOf(tokens, what, recorded.functionsRead)
  if (own !== undefined) return own
  const control = controlOf(tokens)
  if (control !== undefined)
    return { kind: 'control', what, control, name: tokens.at(-1)?.text ?? '', isolation: isolationOf(tokens) }
  if (recorded.tables !== undefined) {
    const cursor = cursorOf(tokens, what, recorded.tables, recorded)
    if (cursor !== undefined) return cursor
    const statement = analyseRows(tokens, what, recorded.tables, recorded)
    const indirect = indirectOf(tokens, statement, recorded.tables, recorded)
    const whole = indirect === undefined ? statement : { ...statement, indirect }
    return recorded.followsConditions === true ? withCondition(whole, tokens, recorded.tables) : whole
  }
  if (!tokens.some((token) => isTable(token, recorded.table)))
    return { kind: 'other', what, ...analyseOther(tokens, recorded) }
  const parser = new SqlParser(tokens, recorded)
  const found = parser.takeWord('select')
    ? readOf(parser)
    : parser.takeWord('insert')
      ? insertOf(parser)
      : parser.takeWord('update')
        ? updateOf(parser)
        : parser.takeWord('delete')
          ? deleteOf(parser)
          : undefined
  if (found === undefined) return { kind: 'other', what, ...analyseOther(tokens, recorded) }
  if ('does' in found) return { kind: 'action', what, action: found }
  return { kind: 'other', what, touches: found.touches, why: `${found.why}: ${found.remedy ?? REMEDY}` }
}

function withCondition(
  statement: RowsStatement,
  tokens: readonly Token[],
  tables: ReadonlyMap<string, RecordedTable>,
): RowsStatement {
  if (statement.kind === 'other') return statement
  const isCast = tokens.some(({ kind, text }) => (kind === 'symbol' && text === '::') || text === 'cast')
  return { ...statement, isCast, condition: conditionOf(tokens, tables), changed: changedOf(tokens, tables) }
}

/** The statement is understood as far as the rows that it may change. */
interface Confined {
  readonly touches: MayTouch
  readonly why: string
  readonly remedy?: string
}

const onlyTouches = (touches: MayTouch, why: string): Confined => ({ touches, why })

export function controlOf(tokens: readonly Token[]): Control | undefined {
  const [first, second, third] = tokens
    .slice(0, 3)
    .map((token) => (token.kind === 'word' && !token.quoted ? token.text : ''))
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

/** A cursor of one transaction. Undefined for other statements, and for a query that is not read row by row. */
function cursorOf(
  tokens: readonly Token[],
  what: string,
  tables: ReadonlyMap<string, RecordedTable>,
  { functionsRead }: Recorded,
): Statement | undefined {
  const words = tokens.map((token) => (token.kind === 'word' && !token.quoted ? token.text : ''))
  if (words[0] === 'fetch') return { kind: 'fetch', what, name: tokens.at(-1)?.text ?? '' }
  const at = words[0] === 'declare' ? words.indexOf('for', words.indexOf('cursor') + 1) : -1
  const query = tokens.slice(at + 1)
  const isHeld = words.indexOf('hold') > 0 && !words.includes('without')
  if (at < 0 || isHeld || !(functionsRead || strangeFunction(query) === undefined)) return undefined
  const rows = rowStatementOf(query, tables)
  return rows?.does === 'read' ? { kind: 'cursor', what, name: tokens[1]?.text ?? '', rows } : undefined
}

type RowsStatement = Extract<Statement, { readonly indirect?: Indirect | undefined }>

/** What it may write through a trigger, rule, cascade or view. */
function indirectOf(
  tokens: readonly Token[],
  { kind }: RowsStatement,
  tables: ReadonlyMap<string, RecordedTable>,
  { indirect }: Recorded,
): Indirect | undefined {
  if (indirect === undefined || indirect.size === 0 || !mayWrite(tokens)) return undefined
  const isDelete = tokens.some(({ kind: of, text }) => of === 'word' && DELETING.has(text))
  const set = columnsSet(tokens)
  const causes: string[] = []
  const reached = [...indirect].flatMap(([name, { write = [], delete: deleted = [], update = {}, by = [] }]) => {
    if (!tokens.some((token) => isTable(token, name))) return []
    const isUnknown = kind === 'doubtful'
    const all = [
      ...write,
      ...(isDelete || isUnknown ? deleted : []),
      ...Object.entries(update).flatMap(([column, names]) => (isUnknown || set.has(column) ? names : [])),
    ]
    if (all.length > 0) causes.push(...by)
    return all
  })
  const written = [...new Set(reached)].flatMap((name) => tables.get(name) ?? [])
  if (written.length === 0) return undefined
  const names = written.map(({ name }) => name).join(', ')
  const cause = causes.length === 0 ? 'a trigger, rule, cascade or view' : [...new Set(causes)].join(' or ')
  return {
    why: `${cause} makes it write ${names}. Keep it out of the recording, or leave ${names} out`,
    touches: everyCellOf(written),
  }
}

/**
 * The columns that the SET clauses of a statement may change: every word of these is taken, also those in parentheses,
 * since a column too many only puts more in doubt.
 */
function columnsSet(tokens: readonly Token[]): ReadonlySet<string> {
  const columns = new Set<string>()
  let depth = 0
  /** The depths of the clauses that are open. */
  const open: number[] = []
  for (const token of tokens) {
    if (token.text === '(' && token.kind === 'symbol') depth++
    if (token.text === ')' && token.kind === 'symbol') depth--
    while ((open.at(-1) ?? -1) > depth) open.pop()
    if (token.kind !== 'word') continue
    if (open.length > 0) columns.add(token.text)
    if (token.quoted) continue
    if (token.text === 'set') open.push(depth)
    else if (ENDS_SET.has(token.text) && open.at(-1) === depth) open.pop()
  }
  return columns
}

const ENDS_SET = new Set(['where', 'from', 'returning'])

const DELETING = new Set(['delete', 'truncate', 'merge'])

/** A statement on the tables whose transactions are recorded whole. */
function analyseRows(
  tokens: readonly Token[],
  what: string,
  tables: ReadonlyMap<string, RecordedTable>,
  { functionsRead, dialect }: Recorded,
): RowsStatement {
  const named = [...tables.values()].filter(({ name }) => tokens.some((token) => isTable(token, name)))
  const called = functionsRead ? undefined : strangeFunction(tokens, dialect?.functions)
  const rows = called === undefined && named.length > 0 ? rowStatementOf(tokens, tables) : undefined
  if (rows !== undefined) return { kind: 'rows', what, rows: dialect?.refined(rows) ?? rows }
  const isolation = isolationOf(tokens)
  for (const { name: table } of tables.values()) {
    const { touches, why, lasts = false } = analyseOther(tokens, { table, functionsRead, dialect })
    if (touches === 'nothing') continue
    return { kind: 'doubtful', what, why, touches: named.length === 0 ? 'everything' : everyCellOf(named), lasts }
  }
  const isRead = tokens.some(({ kind, text }) => kind === 'word' && READING.has(text))
  if (named.length === 0 || !isRead) return { kind: 'other', what, touches: 'nothing', why: '', isolation }
  return { kind: 'doubtful', what, why: UNREAD, touches: 'nothing', lasts: false }
}

const READING = new Set(['select', 'table', 'copy'])
const UNREAD = 'its result does not show single rows: select the primary key and the recorded columns of each table'

/** `COMMIT AND CHAIN` begins the next transaction. */
const isChained = (tokens: readonly Token[]): boolean => {
  const words = tokens.map(({ text }) => text)
  return words.includes('chain') && !words.includes('no')
}

/** `SELECT value FROM t WHERE key = $1`. Any other SELECT changes nothing by itself. */
function readOf(parser: SqlParser): Action | undefined {
  const columns = parser.columns()
  if (columns === undefined || !parser.takeWord('from') || !parser.table()) return undefined
  const where = parser.conditions()
  if (where === undefined || where.key === undefined || where.others > 0 || where.expected !== undefined)
    return undefined
  if (!parser.endsAsRead()) return undefined
  return columns === undefined || columns.value === undefined
    ? undefined
    : { does: 'read', key: where.key, value: columns.value }
}

function updateOf(parser: SqlParser): Action | Confined | undefined {
  parser.takeWord('only')
  if (!parser.table() || !parser.takeWord('set')) return undefined
  const assigned = parser.assignments(['where', 'returning', 'from'])
  if (assigned === undefined || assigned.key) return undefined
  const where = parser.conditions()
  if (where === undefined || where.key === undefined)
    return assigned.value === undefined ? onlyTouches('nothing', '') : undefined
  const { key, expected, others } = where
  const sum = parser.returning()
  if (sum === undefined) return onlyTouches({ key }, 'its RETURNING is not understood')
  switch (assigned.value?.kind) {
    case undefined:
      return onlyTouches('nothing', '')
    case 'operand': {
      const { operand: value } = assigned.value
      if (expected !== undefined) return { does: 'cas', key, expected, value }
      return { does: 'write', key, value, mayMiss: true }
    }
    case 'sum': {
      if (expected !== undefined) return onlyTouches({ key }, 'it adds under a condition')
      if (others > 0 && sum.value === undefined && !parser.isCounter)
        return {
          ...onlyTouches({ key }, 'it adds under a condition'),
          remedy: 'add RETURNING with the recorded column',
        }
      const { amount, sign } = assigned.value
      return { does: 'add', key, amount, sign, creates: false, sum: sum.value }
    }
    case 'expression':
      return onlyTouches({ key }, 'the value that it writes is unknown')
  }
}

function insertOf(parser: SqlParser): Action | Confined | undefined {
  if (!parser.takeWord('into') || !parser.table()) return undefined
  const row = parser.insertedRow()
  if (row === undefined || row.key === undefined) return undefined
  const { key, value } = row
  const conflict = parser.conflict()
  if (conflict === undefined) return undefined
  const sum = parser.returning()
  if (sum === undefined || value === undefined) return onlyTouches({ key }, 'the value that it writes is unknown')
  if (conflict === 'none' || conflict === 'nothing') return { does: 'insert', key, value }
  const { assigned, isConditional } = conflict
  if (assigned.key) return undefined
  switch (assigned.value?.kind) {
    case 'operand': {
      const given = assigned.value.operand
      const isSame = given === 'excluded' || isEqual(given, value)
      return isSame
        ? { does: 'write', key, value, mayMiss: isConditional }
        : onlyTouches({ key }, 'it writes one value or another')
    }
    case 'sum': {
      const { amount, sign } = assigned.value
      const isSame = sign === 1 && (amount === 'excluded' || isEqual(amount, value))
      return isSame && !isConditional
        ? { does: 'add', key, amount: value, sign, creates: true, sum: sum.value }
        : onlyTouches({ key }, 'it writes one value or adds another')
    }
    default:
      return onlyTouches({ key }, 'the value that it writes is unknown')
  }
}

function deleteOf(parser: SqlParser): Action | undefined {
  if (!parser.takeWord('from')) return undefined
  parser.takeWord('only')
  if (!parser.table()) return undefined
  const where = parser.conditions()
  if (where === undefined || where.key === undefined || parser.returning() === undefined) return undefined
  const { key, expected, others } = where
  if (expected !== undefined) return { does: 'cas', key, expected, value: 'delete' }
  return { does: 'delete', key, mayMiss: others > 0 }
}

const isEqual = (one: Operand, other: Operand): boolean =>
  one.kind === 'parameter'
    ? other.kind === 'parameter' && one.number === other.number
    : one.kind === 'constant' && other.kind === 'constant' && one.text === other.text
