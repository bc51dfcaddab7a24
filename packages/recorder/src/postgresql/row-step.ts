import type { Json } from '@chaosproxy/history'
import { rowsOf } from '@chaosproxy/wire/postgresql'
import type { Touches } from '../record/call.ts'
import type { Operand, Place } from './action.ts'
import { cellName, cellsOf, columnOfCell, everyCell, rowName } from './cells.ts'
import { elementsOf, recordedValue, whyNotCompared } from './column-values.ts'
import { type Answer, fieldOf } from './part.ts'
import { exactText, formatAt, isUnlimited, operandText, type Portal } from './prepared.ts'
import type { RecordedTable } from './recorded-table.ts'
import type { Compared, NewValue, ResultColumns, RowStatement, Rows } from './row-statement.ts'

// The reads and writes of a statement, cell by cell.

/**
 * `["r", cell, value]` is a read, and `["w", cell, value]` is a write; an unknown value is left out. `["add", cell,
 * number]` adds to an unknown value. `["r>=", cell, 40]` reads an unknown value for which the comparison holds.
 * `["r!>=", cell, 40]` found no such value: the comparison does not hold, or there is no row.
 */
export type MicroOperation = readonly [
  kind: 'r' | 'w' | 'add' | `r${'' | '!'}${Compared['comparison']}`,
  cell: string,
  value?: Json,
]

export interface Done {
  readonly micro: readonly MicroOperation[]
  readonly locked: readonly string[]
  /** Whether the result may depend on rows that it does not show. */
  readonly isPredicate: boolean
  readonly doubt?: Doubt | undefined
}

/** An unknown effect. `touches`: the cells that may have changed; `nothing` if only the reads are unknown. */
export interface Doubt {
  readonly why: string
  readonly touches: Touches
  /** Whether the cells may also change after the end of the transaction, for example by a new trigger. */
  readonly lasts?: boolean
}

export interface RowStep {
  readonly what: string
  readonly statement: RowStatement
  readonly portal: Portal | undefined
}

const WARNED = 'the server warned that a value does not fit, so it may have stored another value; give values that fit'
const NOTHING: Done = { micro: [], locked: [], isPredicate: false }

const doubtful = (why: string, touches: Touches, isPredicate = false): Done => ({
  ...NOTHING,
  isPredicate,
  doubt: { why, touches },
})

/** The reads or writes of a row's columns. */
const cells = (
  kind: 'r' | 'w',
  table: RecordedTable,
  key: string,
  columns: Iterable<string>,
  ...value: readonly [value?: null]
): readonly MicroOperation[] => [...columns].map((column) => [kind, cellName(table, key, column), ...value])

/** Returns the reads and writes of a statement as far as the request shows them. The results of reads are null. */
export const requestedOperations = (step: RowStep): readonly MicroOperation[] =>
  eachOf(step).flatMap(requestedOperationsOfOne)

function eachOf(step: RowStep): readonly RowStep[] {
  const { statement } = step
  const others = statement.does === 'read' ? (statement.others ?? []) : []
  return [step, ...others.map((other) => ({ ...step, statement: other }))]
}

function requestedOperationsOfOne({ statement, portal }: RowStep): readonly MicroOperation[] {
  const { table } = statement
  if (statement.does === 'insert')
    return statement.inserted.flatMap(({ key, values }) => {
      const name = key === undefined ? undefined : keyText(table, key, portal)
      if (name === undefined) return []
      return [...values].flatMap(([column, value]) => written(table, name, column, value, portal))
    })
  const keys = keysOf(table, statement.rows, portal) ?? []
  const ofRow = (key: string): readonly MicroOperation[] => {
    switch (statement.does) {
      case 'read':
        return cells('r', table, key, statement.resultColumns.values.keys(), null)
      case 'update':
        return [...statement.sets].flatMap(([column, value]) => written(table, key, column, value, portal))
      case 'delete':
        return cells('w', table, key, table.values.keys(), null)
    }
  }
  return keys.flatMap(ofRow)
}

export function doneBy(step: RowStep, answer: Answer): Done {
  const [first = NOTHING, ...others] = eachOf(step).map((each) => doneByOne(each, answer))
  return others.reduce(
    (all, { micro, locked, isPredicate, doubt }) => ({
      micro: [...all.micro, ...micro],
      locked: [...all.locked, ...locked],
      isPredicate: all.isPredicate || isPredicate,
      doubt: all.doubt ?? doubt,
    }),
    first,
  )
}

function doneByOne(step: RowStep, answer: Answer): Done {
  const { statement } = step
  if (answer.isWarned === true) return doubtful(WARNED, mayChange(statement), true)
  if (statement.does === 'read' && statement.aggregate !== undefined)
    return aggregateReads(statement, statement.aggregate, answer, step)
  const all = resultRows(statement.table, statement.resultColumns, answer, step)
  if (typeof all === 'string') return doubtful(all, mayChange(statement))
  const rows = statement.does === 'read' && statement.isJoined ? withoutRepeats(all) : all
  const keys = rows.flatMap(({ key }) => key ?? [])
  if (new Set(keys).size < keys.length) return { ...NOTHING, doubt: repeatedKey(statement.table) }
  switch (statement.does) {
    case 'read':
      return readBy(statement, rows, answer, step)
    case 'insert':
      return insertedBy(statement, rows, answer, step)
    default:
      return changedBy(statement, rows, answer, step)
  }
}

function withoutRepeats(rows: readonly ResultRow[]): readonly ResultRow[] {
  const seen = new Set<string>()
  return rows.filter(({ key, values }) => {
    const text = JSON.stringify([key ?? null, ...values])
    return !seen.has(text) && seen.add(text)
  })
}

/**
 * If two rows of a statement have the same key, the statement's effect is unknown: the record cannot tell these rows
 * apart.
 */
const repeatedKey = (table: RecordedTable): Doubt => ({
  why: `two rows of its answer have the same ${table.key}. Name the primary key of ${table.name}, or leave this table out of the recording. At REPEATABLE READ, do not insert a row that another transaction deleted: the snapshot still shows it`,
  touches: everyCell(table),
  lasts: true,
})

/** The cells that a statement on unknown rows may change. */
function mayChange(statement: RowStatement): Touches {
  if (statement.does === 'read') return 'nothing'
  return everyCell(statement.table, statement.does === 'update' ? statement.sets.keys() : undefined)
}

const remedyFor = ({ key, converts }: RecordedTable): string =>
  converts === true
    ? `name each row by its ${key}, written only in lower-case letters, digits, - and _`
    : `add RETURNING ${key}`

interface ResultRow {
  /** Undefined if the result does not contain the primary key. */
  readonly key: string | undefined
  readonly values: ReadonlyMap<string, Json>
}

type Of<Does extends RowStatement['does']> = Extract<RowStatement, { readonly does: Does }>

function readBy(
  statement: Of<'read'>,
  rows: readonly ResultRow[],
  { tag, hasMore }: Answer,
  { portal }: RowStep,
): Done {
  const { table, resultColumns, rows: selection } = statement
  const keys = keysOf(table, selection, portal)
  const named = rows.map((row) => ({ ...row, key: row.key ?? (keys?.length === 1 ? keys[0] : undefined) }))
  const found = named.flatMap(({ key }) => key ?? [])
  const micro = named.flatMap(({ key, values }) => {
    if (key === undefined) return []
    const resultReads = [...values].map(([column, value]): MicroOperation => ['r', cellName(table, key, column), value])
    const read = [...resultReads, ...decided(table, key, selection, portal, values)]
    return read.length > 0 || selection.kind !== 'keys' ? read : present(table, key)
  })
  const isEachNamed = found.length === named.length
  const there = new Set(found)
  const missing = keys?.filter((key) => !there.has(key)) ?? []
  const isAllFound = keys !== undefined && missing.length === 0
  // The server's command tag is empty if the client limited the number of rows. Rows may then be left out, unless a row
  // was found for each requested key.
  const isHeldBack = hasMore === true || (tag === '' && !isAllFound)
  const isWhole = keys !== undefined && !isHeldBack && leavesNoneOut(selection, keys.length, portal)
  // A result row without its key may be any row. Then it is not known which rows are absent.
  const isComplete = isEachNamed && isWhole
  if (selection.kind === 'keys' && isComplete)
    for (const key of missing)
      micro.push(
        ...missed(table, key, selection, portal, (resultColumns.values.size > 0 ? resultColumns : table).values.keys()),
      )
  const doubt = isHeldBack
    ? 'not all of its rows were seen; read them without a cursor'
    : !isEachNamed && resultColumns.values.size > 0
      ? `its result lacks ${table.key}; select it as well`
      : undefined
  return {
    micro,
    locked: statement.locks ? [...there].map((key) => rowName(table, key)) : [],
    isPredicate: !(selection.kind === 'linked' || isComplete || isAllFound) || hidesOthers(selection, table),
    doubt: doubt === undefined ? undefined : { why: doubt, touches: 'nothing' },
  }
}

/** Whether a lookup by this many keys returns every existing row that meets the conditions. */
const leavesNoneOut = (rows: Rows, keys: number, portal: Portal | undefined): boolean =>
  rows.kind === 'keys' && !rows.isPartial && isUnlimited(rows, keys, portal)

/** Returns the reads of a query that returns a count of rows, or whether rows exist. */
function aggregateReads({ table, rows }: Of<'read'>, place: Place, answer: Answer, { portal }: RowStep): Done {
  const keys = keysOf(table, rows, portal)
  const [row] = answer.rows
  const text = row === undefined ? undefined : fieldOf(row, place, answer)?.text
  const isNone = text === '0' || text === 'f'
  const isAll = text === String(keys?.length) || (text === 't' && keys?.length === 1)
  if (rows.kind !== 'keys' || keys === undefined || !leavesNoneOut(rows, keys.length, portal) || !(isNone || isAll))
    return { ...NOTHING, isPredicate: true }
  const micro = keys.flatMap((key): readonly MicroOperation[] => {
    if (isNone) return missed(table, key, rows, portal, table.values.keys())
    const read = decided(table, key, rows, portal)
    return read.length > 0 ? read : present(table, key)
  })
  return { ...NOTHING, micro, isPredicate: hidesOthers(rows, table) }
}

const present = (table: RecordedTable, key: string): readonly MicroOperation[] =>
  cells('r', table, key, table.values.keys())

function changedBy(
  statement: Of<'update'> | Of<'delete'>,
  rows: readonly ResultRow[],
  { tag }: Answer,
  { portal }: RowStep,
): Done {
  const { table } = statement
  const { rows: selection } = statement
  const keys = keysOf(table, selection, portal)
  const count = countOf(tag, rows, keys)
  const columns = statement.does === 'update' ? [...statement.sets.keys()] : [...table.values.keys()]
  const isPredicate = keys === undefined || hidesOthers(selection, table)
  const named = rows.flatMap(({ key }) => key ?? [])
  const isCounted = tag !== '' || count > 0
  const changed =
    keys !== undefined && count === keys.length ? keys : isCounted && named.length === count ? named : undefined
  if (changed === undefined) {
    const touches = keys === undefined ? everyCell(table, columns) : cellsOf(table, keys, columns)
    if (columns.length === 0) return { ...NOTHING, isPredicate }
    return doubtful(`it does not say which rows it changed; ${remedyFor(table)}`, touches, isPredicate)
  }
  const micro: MicroOperation[] = []
  if (selection.kind === 'keys')
    for (const key of keys ?? [])
      if (!changed.includes(key)) micro.push(...missed(table, key, selection, portal, columns))
  for (const key of changed) {
    const row = rows.find((each) => (each.key ?? keys?.[0]) === key)
    const writes =
      statement.does === 'delete'
        ? cells('w', table, key, columns, null)
        : [...statement.sets].flatMap(([column, value]) =>
            written(table, key, column, value, portal, row?.values.get(column)),
          )
    const read = writes.flatMap(([kind, cell]) => (kind === 'r' ? [columnOfCell(cell)] : []))
    const returned = [...(row?.values.keys() ?? [])].filter((column) => !columns.includes(column))
    micro.push(...decided(table, key, selection, portal, new Set([...read, ...returned])), ...writes)
    for (const [column, value] of row?.values ?? [])
      if (!columns.includes(column)) micro.push(['r', cellName(table, key, column), value])
  }
  const locked = columns.length === 0 ? [] : changed.map((key) => rowName(table, key))
  const unseen = statement.does === 'update' && changed.length > 0 ? unseenIn(statement) : undefined
  const doubt =
    unseen === undefined
      ? undefined
      : { why: `it reads ${unseen}, whose value no reply shows; add RETURNING ${unseen}`, touches: 'nothing' as const }
  return { micro, locked, isPredicate, doubt }
}

/**
 * Returns the number of changed rows; 0 if it is unknown. The command tag contains the number, unless the client
 * limited the number of returned rows. In that case the tag is empty, and the number is known only if the server
 * returned as many rows as `all` contains. `all`: the rows that the statement specifies; undefined if it specifies
 * none.
 */
const countOf = (tag: string, { length }: readonly unknown[], all: readonly unknown[] | undefined): number =>
  tag === '' && length === all?.length ? length : (rowsOf(tag) ?? 0)

/** Returns a column whose value is unknown, if the statement computes a new value from it. */
const unseenIn = ({ sets, resultColumns }: Of<'update'>): string | undefined =>
  [...sets.values()]
    .flatMap((value) => (value.kind === 'expression' ? (value.of ?? []) : []))
    .find((column) => !sets.has(column) && !resultColumns.values.has(column))

function insertedBy(
  { table, inserted, conflict }: Of<'insert'>,
  rows: readonly ResultRow[],
  { tag }: Answer,
  { portal }: RowStep,
): Done {
  const count = countOf(tag, rows, inserted)
  const keys = inserted.map(({ key }) => (key === undefined ? undefined : keyText(table, key, portal)))
  if (count === 0 && tag !== '') {
    const there = keys.flatMap((key) => key ?? [])
    const micro = there.flatMap((key) => present(table, key))
    // The row may conflict on a unique column other than the key.
    return { ...NOTHING, micro, isPredicate: conflict === 'nothing' || there.length < keys.length }
  }
  const isAll = count === inserted.length
  const micro: MicroOperation[] = []
  const locked: string[] = []
  const conflicting: { readonly key: string; readonly column: string }[] = []
  for (const [at, { values }] of inserted.entries()) {
    // Without conflicts, the returned rows have the order of the VALUES.
    const row = isAll ? rows[at] : rows.find(({ key }) => key !== undefined && key === keys[at])
    const key = row?.key ?? keys[at]
    const isKnown =
      key !== undefined && (isAll || row !== undefined || (rows.length === count && rows[0]?.key !== undefined))
    if (!isKnown) return doubtful(`it does not say which rows it inserted; ${remedyFor(table)}`, everyCell(table))
    if (!isAll && row === undefined) continue
    locked.push(rowName(table, key))
    for (const [column, value] of values)
      if (value.kind === 'conflicting') conflicting.push({ key, column })
      else micro.push(...written(table, key, column, value, portal, row?.values.get(column)))
  }
  const isPredicate = conflict.startsWith('nothing') && !isAll
  return { micro, locked, isPredicate, doubt: doubtOf(table, conflicting) }
}

/**
 * Returns the doubt about `cells`, which the DO UPDATE of an INSERT … ON CONFLICT does not change. The answer does not
 * say whether the statement inserted new values into the cells or kept their old values. Undefined if there are none.
 */
function doubtOf(
  table: RecordedTable,
  cells: readonly { readonly key: string; readonly column: string }[],
): Doubt | undefined {
  const columns = new Set(cells.map(({ column }) => column))
  if (columns.size === 0) return undefined
  const keys = [...new Set(cells.map(({ key }) => key))]
  const names = [...columns].join(' and ')
  return {
    why: `its answer does not say whether it inserted ${names} or kept the old value; set ${names} in DO UPDATE as well`,
    touches: cellsOf(table, keys, [...columns]),
  }
}

type Keyed = Extract<Rows, { readonly kind: 'keys' }>

/** Whether the selection also depends on other tables. */
const hidesOthers = (rows: Rows, { values }: RecordedTable): boolean =>
  rows.kind === 'keys' && rows.hidden.some((name) => !values.has(name))

/** Returns the reads of a row that meets all conditions. */
function decided(
  table: RecordedTable,
  key: string,
  rows: Rows,
  portal: Portal | undefined,
  known: { readonly has: (column: string) => boolean } = new Set(),
): readonly MicroOperation[] {
  if (rows.kind === 'linked') return []
  const reads = rows.compared
    .filter(({ column }) => !known.has(column))
    .map((each) => comparedRead(table, key, each, portal))
  if (rows.kind === 'predicate') return reads.filter(([, , value]) => value !== undefined)
  const others = new Set(rows.hidden.filter((column) => table.values.has(column) && !known.has(column)))
  return [...reads, ...cells('r', table, key, others)]
}

/** A row is missing from the result. Returns reads of this row that express what its absence shows. */
function missed(
  table: RecordedTable,
  key: string,
  { compared, conditions, hidden }: Keyed,
  portal: Portal | undefined,
  columns: Iterable<string>,
): readonly MicroOperation[] {
  if (conditions === 0) return cells('r', table, key, columns, null)
  const [only] = compared
  if (conditions === 1 && only !== undefined) return [comparedRead(table, key, only, portal, '!')]
  const read = new Set([
    ...compared.map(({ column }) => column),
    ...hidden.filter((column) => table.values.has(column)),
  ])
  return cells('r', table, key, read.size > 0 ? read : table.values.keys())
}

/**
 * Returns the read of a compared column. The comparison is left out if its operand is unknown or a collation applies.
 */
function comparedRead(
  table: RecordedTable,
  key: string,
  { column, comparison, operand }: Compared,
  portal: Portal | undefined,
  not: '!' | '' = '',
): MicroOperation {
  const cell = cellName(table, key, column)
  const given = isCompared(table, column) ? operandValue(operand, portal, table, column) : undefined
  const isOrder = comparison !== '=' && comparison !== '<>'
  const isKnown = isOrder ? table.values.get(column) === 'numeric' && typeof given === 'number' : given !== undefined
  if (!isKnown || given === undefined || given === null) return ['r', cell]
  return [comparison === '=' && not === '' ? 'r' : `r${not}${comparison}`, cell, given]
}

/**
 * Returns the micro-operations of an assignment to a column. If the result of a sum such as `x + 5` is known, a read of
 * the old value, which is computed from the result, precedes the write.
 */
function written(
  table: RecordedTable,
  key: string,
  column: string,
  value: NewValue,
  portal: Portal | undefined,
  returned?: Json,
): readonly MicroOperation[] {
  const cell = cellName(table, key, column)
  const given =
    value.kind === 'operand'
      ? operandValue(value.operand, portal, table, column)
      : value.kind === 'total'
        ? totalOf(value, portal, table, column)
        : undefined
  const known = returned ?? given
  const amount = value.kind === 'sum' ? operandValue(value.amount, portal, table, column) : undefined
  if (value.kind !== 'sum' || typeof amount !== 'number')
    return [known === undefined ? ['w', cell] : ['w', cell, known]]
  const change = value.sign === 1 ? amount : 0 - amount
  if (known === undefined) return [['add', cell, change]]
  return typeof known === 'number'
    ? [
        ['r', cell, known - change],
        ['w', cell, known],
      ]
    : [['w', cell, known]]
}

/** The sum of two whole numbers, in the server's spelling. */
function totalOf(
  { left, right, sign }: Extract<NewValue, { readonly kind: 'total' }>,
  portal: Portal | undefined,
  table: RecordedTable,
  column: string,
): Json | undefined {
  const [one, other] = [operandValue(left, portal, table, column), operandValue(right, portal, table, column)]
  const total = typeof one === 'number' && typeof other === 'number' ? one + sign * other : undefined
  return Number.isSafeInteger(total) ? total : undefined
}

/** Whether the column is compared exactly, not by a collation. */
const isCompared = ({ values, converts }: RecordedTable, column: string): boolean =>
  converts !== true || values.get(column) !== 'text'

/** The rows of a result, or why they cannot be read. */
function resultRows(
  table: RecordedTable,
  resultColumns: ResultColumns,
  answer: Answer,
  { what, statement }: RowStep,
): readonly ResultRow[] | string {
  if (resultColumns.key === undefined && resultColumns.values.size === 0) return answer.rows.map(() => UNNAMED)
  const rows: ResultRow[] = []
  for (const row of answer.rows) {
    const key = resultColumns.key === undefined ? undefined : fieldOf(row, resultColumns.key, answer)
    if (statement.does === 'read' && statement.isJoined && key?.text === null) continue
    if (
      resultColumns.key !== undefined &&
      (typeof key?.text !== 'string' || (table.converts === true && !isKey(table, key.text)))
    )
      return `the primary key in the answer of ${what} is not readable`
    const values = new Map<string, Json>()
    for (const [column, place] of resultColumns.values) {
      const type = table.values.get(column) ?? 'text'
      const field = fieldOf(row, place, answer)
      if (field === undefined) return `the answer has no column ${column}`
      const why = whyNotCompared(type, field, column) ?? table.decimals.whyRounded(column, field)
      if (why !== undefined) return why
      const value = field.text === undefined ? undefined : recordedValue(field.text, type)
      if (value === undefined) return `the value of ${column} in its answer cannot be read as ${type}`
      values.set(column, value)
    }
    rows.push({ key: key?.text ?? undefined, values })
  }
  return rows
}

const UNNAMED: ResultRow = { key: undefined, values: new Map() }

/** The value assigned to a column. Undefined if the server may store another value. */
function operandValue(
  operand: Operand,
  portal: Portal | undefined,
  table: RecordedTable,
  column: string,
): Json | undefined {
  const { values, converts } = table
  const type = values.get(column) ?? 'text'
  const text = exactText(operand, portal, type)
  if (text === undefined) return undefined
  if (type === 'numeric') table.decimals.wrote(column, text)
  const value = recordedValue(text, type)
  return converts === true && type === 'text' && typeof value === 'string' && MAY_BE_NUMBER.test(value)
    ? undefined
    : value
}

/** Texts that a numeric or CHAR column stores in another form. */
const MAY_BE_NUMBER = /^[\s\d.+-]|\s$/

/** Returns the key that an operand names. Undefined if it is unknown, or if another text may denote the same row. */
function keyText(table: RecordedTable, operand: Operand, portal: Portal | undefined): string | undefined {
  const text = exactText(operand, portal, 'text')
  return typeof text === 'string' && isKey(table, text) ? text : undefined
}

const isKey = ({ converts }: RecordedTable, text: string): boolean =>
  recordedValue(text, 'text') !== undefined && (converts !== true || ONE_ROW.test(text))

/**
 * Matches keys of which no two are equal in any collation of MySQL. The key 0 is excluded, because AUTO_INCREMENT
 * replaces it by another number.
 */
const ONE_ROW = /^(?!0$)[a-z0-9_-]+$/

/** Returns the distinct primary keys that a WHERE names, if they can be read. */
function keysOf(table: RecordedTable, rows: Rows, portal: Portal | undefined): readonly string[] | undefined {
  if (rows.kind !== 'keys') return undefined
  const texts =
    'array' in rows.keys
      ? (binaryTexts(rows.keys.array, portal) ?? arrayTexts(operandText(rows.keys.array, portal)))
      : // No row has the key NULL.
        rows.keys.flatMap((operand) => (operandText(operand, portal) === null ? [] : [keyText(table, operand, portal)]))
  const keys = texts?.flatMap((text) => text ?? [])
  return keys === undefined || keys.length < (texts?.length ?? 0) ? undefined : [...new Set(keys)]
}

function binaryTexts(operand: Operand, portal: Portal | undefined): readonly string[] | undefined {
  if (operand.kind !== 'parameter' || portal === undefined) return undefined
  const value = portal.values[operand.number - 1]
  return formatAt(portal.formats, operand.number - 1) === 1 && value !== null && value !== undefined
    ? elementsOf(value)
    : undefined
}

/** Parses `{1,"a b"}`; undefined for escapes and nested arrays. */
function arrayTexts(text: string | null | undefined): readonly string[] | undefined {
  if (text === undefined || text === null || !/^\{[^\\{}]*\}$/.test(text)) return undefined
  const inner = text.slice(1, -1)
  if (inner === '') return []
  return inner.match(/"[^"]*"|[^,]+/g)?.map((item) => item.replace(/^"(.*)"$/, '$1'))
}
