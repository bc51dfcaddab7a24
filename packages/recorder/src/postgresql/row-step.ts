import type { Json } from '@chaosproxy/history'
import { rowsOf } from '@chaosproxy/wire/postgresql'
import type { Touches } from '../record/call.ts'
import type { Operand, Place } from './action.ts'
import { cellName, cellsOf, everyCell, rowName } from './cells.ts'
import { elementsOf, recordedValue, textOf, whyNotCompared } from './column-values.ts'
import type { Answer } from './part.ts'
import { formatAt, operandText, type Portal } from './prepared.ts'
import type { ColumnType, RecordedTable } from './recorded-table.ts'
import type { NewValue, RowStatement, Rows, Shown } from './row-statement.ts'

// A statement on recorded rows, with its values: what it reads and writes, cell by cell.

/**
 * `["r", cell, value]`, or `["w", cell, value]`; a write of an unknown value has none. `["add", cell, number]` changes an
 * unknown value by a known number.
 */
export type MicroOperation = readonly [kind: 'r' | 'w' | 'add', cell: string, value?: Json]

/** What is known of a statement once it was answered. */
export interface Done {
  readonly micro: readonly MicroOperation[]
  readonly locked: readonly string[]
  /** Whether rows that it does not show may have decided what it shows. */
  readonly isPredicate: boolean
  /** What is not known. */
  readonly doubt?: Doubt | undefined
}

/** Cells that it may have changed, or with `nothing` read, in an unknown way. */
export interface Doubt {
  readonly why: string
  readonly touches: Touches
  /** Whether it goes on after the transaction. */
  readonly lasts?: boolean
}

export interface RowStep {
  readonly what: string
  readonly statement: RowStatement
  readonly portal: Portal | undefined
}

const WARNED = 'the server warned that a value does not fit, and so may have taken another one; give values that fit'
const NOTHING: Done = { micro: [], locked: [], isPredicate: false }

/** What is known of it before the answer. */
export const askedOf = (step: RowStep): readonly MicroOperation[] => eachOf(step).flatMap(askedOfOne)

/** A step for each table that it reads. */
function eachOf(step: RowStep): readonly RowStep[] {
  const { statement } = step
  const others = statement.does === 'read' ? (statement.others ?? []) : []
  return [step, ...others.map((other) => ({ ...step, statement: other }))]
}

function askedOfOne({ statement, portal }: RowStep): readonly MicroOperation[] {
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
        return [...statement.shown.values.keys()].map((column) => ['r', cellName(table, key, column), null])
      case 'update':
        return [...statement.sets].flatMap(([column, value]) => written(table, key, column, value, portal))
      case 'delete':
        return [...table.values.keys()].map((column) => ['w', cellName(table, key, column), null])
    }
  }
  return keys.flatMap(ofRow)
}

/** What it did, by its answer. */
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
  if (answer.isWarned === true)
    return { ...NOTHING, isPredicate: true, doubt: { why: WARNED, touches: mayChange(statement) } }
  const all = shownRows(statement.table, statement.shown, answer, step)
  if (typeof all === 'string') return { ...NOTHING, doubt: { why: all, touches: mayChange(statement) } }
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

/** A join repeats a row for each row that it is joined with. */
function withoutRepeats(rows: readonly ShownRow[]): readonly ShownRow[] {
  const seen = new Set<string>()
  return rows.filter(({ key, values }) => {
    const text = JSON.stringify([key ?? null, ...values])
    return !seen.has(text) && seen.add(text)
  })
}

/** Two rows of one name: what is recorded of the table mixes them up. */
const repeatedKey = (table: RecordedTable): Doubt => ({
  why: `two of its rows have the same ${table.key}, which is not the primary key of ${table.name}: name that, or leave the table out`,
  touches: everyCell(table),
  lasts: true,
})

/** The cells that it changes if the rows cannot be told. */
function mayChange(statement: RowStatement): Touches {
  if (statement.does === 'read') return 'nothing'
  return everyCell(statement.table, statement.does === 'update' ? statement.sets.keys() : undefined)
}

const remedyFor = ({ key, converts }: RecordedTable): string =>
  converts === true ? `name each by a ${key} in digits or lower case` : `add RETURNING ${key}`

interface ShownRow {
  /** Undefined if the result has no primary key. */
  readonly key: string | undefined
  readonly values: ReadonlyMap<string, Json>
}

type Of<Does extends RowStatement['does']> = Extract<RowStatement, { readonly does: Does }>

function readBy(statement: Of<'read'>, rows: readonly ShownRow[], { tag, hasMore }: Answer, { portal }: RowStep): Done {
  const { table, shown } = statement
  const keys = keysOf(table, statement.rows, portal)
  const named = rows.map((row) => ({ ...row, key: row.key ?? (keys?.length === 1 ? keys[0] : undefined) }))
  const micro = named.flatMap(({ key, values }) =>
    key === undefined
      ? []
      : [...readsOf(table, key, values), ...expectedOf(table, key, statement.rows, portal, [...values.keys()])],
  )
  const found = new Set(named.map(({ key }) => key))
  const isWhole = hasMore !== true && tag !== ''
  const missing = keys?.filter((key) => !found.has(key)) ?? []
  const isExact = statement.rows.kind === 'keys' && statement.rows.isExact && keys !== undefined && isWhole
  if (isExact)
    for (const key of missing)
      for (const column of (shown.values.size > 0 ? shown : table).values.keys())
        micro.push(['r', cellName(table, key, column), null])
  // That a row is there is no value.
  const isBare = shown.values.size === 0 && found.size > 0
  const isHidden = hides(statement.rows, [...shown.values.keys()])
  const isByKey = isExact || (keys !== undefined && missing.length === 0)
  const locked = statement.locks ? [...found].flatMap((key) => (key === undefined ? [] : [rowName(table, key)])) : []
  const doubt = !isWhole
    ? 'not all of its rows were seen; read them without a cursor'
    : found.has(undefined) && shown.values.size > 0
      ? `its result lacks ${table.key}; select it as well`
      : undefined
  return {
    micro,
    locked,
    isPredicate: !(statement.rows.kind === 'linked' || (isByKey && !isBare)) || isHidden,
    doubt: doubt === undefined ? undefined : { why: doubt, touches: 'nothing' },
  }
}

function changedBy(
  statement: Of<'update'> | Of<'delete'>,
  rows: readonly ShownRow[],
  { tag }: Answer,
  { portal }: RowStep,
): Done {
  const { table } = statement
  const count = rowsOf(tag) ?? 0
  const keys = keysOf(table, statement.rows, portal)
  const columns = statement.does === 'update' ? [...statement.sets.keys()] : [...table.values.keys()]
  const isExact = statement.rows.kind === 'keys' && statement.rows.isExact
  const isPredicate = !(isExact || (keys?.length === 1 && count === 1)) || hides(statement.rows, columns)
  const named = rows.flatMap(({ key }) => key ?? [])
  const changed = keys !== undefined && count === keys.length ? keys : named.length === count ? named : undefined
  if (changed === undefined) {
    const touches = keys === undefined ? everyCell(table, columns) : cellsOf(table, keys, columns)
    if (columns.length === 0) return { ...NOTHING, isPredicate }
    return {
      ...NOTHING,
      isPredicate,
      doubt: { why: `it does not say which rows it changed; ${remedyFor(table)}`, touches },
    }
  }
  const micro: MicroOperation[] = []
  for (const key of keys ?? [])
    if (isExact && !changed.includes(key))
      for (const column of columns) micro.push(['r', cellName(table, key, column), null])
  for (const key of changed) {
    const row = rows.find((each) => (each.key ?? keys?.[0]) === key)
    micro.push(...expectedOf(table, key, statement.rows, portal))
    if (statement.does === 'delete') for (const column of columns) micro.push(['w', cellName(table, key, column), null])
    else
      for (const [column, value] of statement.sets)
        micro.push(...written(table, key, column, value, portal, row?.values.get(column)))
    for (const [column, value] of row?.values ?? [])
      if (!columns.includes(column)) micro.push(['r', cellName(table, key, column), value])
  }
  const locked = columns.length === 0 ? [] : changed.map((key) => rowName(table, key))
  const unseen = statement.does === 'update' && changed.length > 0 ? unseenIn(statement) : undefined
  const doubt =
    unseen === undefined
      ? undefined
      : { why: `it reads ${unseen} unseen; add RETURNING ${unseen}`, touches: 'nothing' as const }
  return { micro, locked, isPredicate, doubt }
}

/** A column that its new values are made of, of which neither the old nor the new value is known. */
const unseenIn = ({ sets, shown }: Of<'update'>): string | undefined =>
  [...sets.values()]
    .flatMap((value) => (value.kind === 'expression' ? (value.of ?? []) : []))
    .find((column) => !sets.has(column) && !shown.values.has(column))

function insertedBy(
  { table, inserted, conflict }: Of<'insert'>,
  rows: readonly ShownRow[],
  { tag }: Answer,
  { portal }: RowStep,
): Done {
  const count = rowsOf(tag) ?? 0
  // That a row is there is no value.
  if (count === 0) return { ...NOTHING, isPredicate: conflict === 'nothing' }
  const keys = inserted.map(({ key }) => (key === undefined ? undefined : keyText(table, key, portal)))
  const isAll = count === inserted.length
  const micro: MicroOperation[] = []
  const locked: string[] = []
  for (const [at, { values }] of inserted.entries()) {
    // Without a conflict, rows are returned in the order of the VALUES.
    const row = isAll ? rows[at] : rows.find(({ key }) => key !== undefined && key === keys[at])
    const key = row?.key ?? keys[at]
    const isKnown =
      key !== undefined && (isAll || row !== undefined || (rows.length === count && rows[0]?.key !== undefined))
    if (!isKnown)
      return {
        ...NOTHING,
        doubt: { why: `it does not say which rows it inserted; ${remedyFor(table)}`, touches: everyCell(table) },
      }
    if (!isAll && row === undefined) continue
    locked.push(rowName(table, key))
    for (const [column, value] of values) {
      if (value.kind === 'conflicting')
        return {
          ...NOTHING,
          doubt: {
            why: `it inserts ${column} or leaves it as it is; set it in DO UPDATE as well`,
            touches: everyCell(table, [column]),
          },
        }
      micro.push(...written(table, key, column, value, portal, row?.values.get(column)))
    }
  }
  return { micro, locked, isPredicate: conflict === 'nothing' && !isAll }
}

/** Whether columns besides these decide which rows there are, or other tables. */
const hides = (rows: Rows, known: readonly string[]): boolean =>
  rows.kind === 'keys' && rows.hidden.some((column) => !known.includes(column))

/** What a row has that is asked for, besides columns that are shown. */
function expectedOf(
  table: RecordedTable,
  key: string,
  rows: Rows,
  portal: Portal | undefined,
  shown: readonly string[] = [],
): readonly MicroOperation[] {
  return [...(rows.kind === 'linked' ? [] : rows.expected)].flatMap(([column, operand]): readonly MicroOperation[] => {
    if (shown.includes(column)) return []
    const value = isCompared(table, column) ? operandValue(operand, portal, table, column) : undefined
    return value === undefined || value === null ? [] : [['r', cellName(table, key, column), value]]
  })
}

/** An assignment: of a sum whose result is known, also the value read. */
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

/** Only of whole numbers, whose sum the server writes in the same way. */
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

/** Whether a condition on it holds for one value only: a text may equal others, or a number. */
const isCompared = ({ values, converts }: RecordedTable, column: string): boolean =>
  converts !== true || values.get(column) !== 'text'

const readsOf = (table: RecordedTable, key: string, values: ReadonlyMap<string, Json>): readonly MicroOperation[] =>
  [...values].map(([column, value]) => ['r', cellName(table, key, column), value])

/** The rows of a result, or why they cannot be read. */
function shownRows(
  table: RecordedTable,
  shown: Shown,
  answer: Answer,
  { what, statement }: RowStep,
): readonly ShownRow[] | string {
  if (shown.key === undefined && shown.values.size === 0) return answer.rows.map(() => UNNAMED)
  const rows: ShownRow[] = []
  for (const row of answer.rows) {
    const key = shown.key === undefined ? undefined : fieldOf(row, shown.key, answer)
    if (statement.does === 'read' && statement.isJoined && key?.text === null) continue
    if (
      shown.key !== undefined &&
      (typeof key?.text !== 'string' || (table.converts === true && !isKey(table, key.text)))
    )
      return `the primary key in the answer of ${what} is not readable`
    const values = new Map<string, Json>()
    for (const [column, place] of shown.values) {
      const type = table.values.get(column) ?? 'text'
      const field = fieldOf(row, place, answer)
      if (field === undefined) return `its answer has no column ${column}`
      const why = whyNotCompared(type, field.type)
      if (why !== undefined) return why.replace(/say .*$/, `say "values":{"${column}":"${typeOf(field.type)}"}`)
      const value = field.text === undefined ? undefined : recordedValue(field.text, type)
      if (value === undefined) return `the value of ${column} in its answer is not read as ${type}`
      values.set(column, value)
    }
    rows.push({ key: key?.text ?? undefined, values })
  }
  return rows
}

const UNNAMED: ShownRow = { key: undefined, values: new Map() }

const typeOf = (oid: number): ColumnType => (oid === 16 ? 'boolean' : oid === 1700 ? 'numeric' : 'json')

function fieldOf(row: Answer['rows'][number], place: Place, { columns, formats }: Answer) {
  const at = typeof place === 'number' ? place : (columns?.findIndex(({ name }) => name === place) ?? -1)
  const value = row[at]
  if (value === undefined) return undefined
  const column = columns?.[at]
  const type = column?.type ?? 0
  return { type, text: textOf(value, formats === undefined ? (column?.format ?? 0) : formatAt(formats, at), type) }
}

/** The value that a statement gives to a column; undefined if the server may store another one. */
function operandValue(
  operand: Operand,
  portal: Portal | undefined,
  { values, converts }: RecordedTable,
  column: string,
): Json | undefined {
  const type = values.get(column) ?? 'text'
  const text = operandText(operand, portal)
  if (text === undefined) return undefined
  const value = recordedValue(text, type)
  return converts === true && type === 'text' && typeof value === 'string' && MAY_BE_NUMBER.test(value)
    ? undefined
    : value
}

/** What a column of numbers stores as another text, or a column of CHAR without its end. */
const MAY_BE_NUMBER = /^[\s\d.+-]|\s$/

/** Different texts of one number would be different keys. */
function keyText(table: RecordedTable, operand: Operand, portal: Portal | undefined): string | undefined {
  const text = operandText(operand, portal)
  return typeof text === 'string' && isKey(table, text) ? text : undefined
}

const isKey = ({ converts }: RecordedTable, text: string): boolean =>
  recordedValue(text, 'text') !== undefined && (converts !== true || ONE_ROW.test(text))

/** What no collation of MySQL takes for another text; 0 asks AUTO_INCREMENT for the next number. */
const ONE_ROW = /^(?!0$)[a-z0-9_-]+$/

/** The primary keys that a WHERE names, each once; undefined if it does not, or they cannot be read. */
function keysOf(table: RecordedTable, rows: Rows, portal: Portal | undefined): readonly string[] | undefined {
  if (rows.kind !== 'keys') return undefined
  const texts =
    'array' in rows.keys
      ? (binaryTexts(rows.keys.array, portal) ?? arrayTexts(operandText(rows.keys.array, portal)))
      : rows.keys.map((operand) => keyText(table, operand, portal))
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

/** `{1,"a b"}`, without escapes and nested arrays. */
function arrayTexts(text: string | null | undefined): readonly string[] | undefined {
  if (text === undefined || text === null || !/^\{[^\\{}]*\}$/.test(text)) return undefined
  const inner = text.slice(1, -1)
  if (inner === '') return []
  return inner.match(/"[^"]*"|[^,]+/g)?.map((item) => item.replace(/^"(.*)"$/, '$1'))
}
