import { NotSupported, SqlError } from '../sql/error.ts'
import { compareNullable } from './array.ts'
import { ByteWriter } from './bytes.ts'
import type { Behaviour } from './definitions.ts'
import type { TextContext } from './registry.ts'
import { type RecordColumn, SqlRecord, type SqlValue } from './value.ts'

function asRecord(value: SqlValue): SqlRecord {
  if (value instanceof SqlRecord) return value
  throw new TypeError('expected a row')
}

/**
 * Returns the behaviour of the type `record`. A text such as `(1,2)` cannot be parsed, because it does not tell the
 * types of the columns.
 */
export function recordBehaviour(): Behaviour {
  const refuse = (): never => {
    throw new NotSupported('the input of a value of the type record')
  }
  return { input: refuse, receive: refuse, output: formatRecord, send: sendRecord, compare: undefined }
}

/** Returns the behaviour of a composite type. The order of its values is not simulated. */
export function compositeBehaviour(name: string, columns: readonly RecordColumn[]): Behaviour {
  const refuse = (what: string) => (): never => {
    throw new NotSupported(`${what} of the type ${name}`)
  }
  return {
    input: (text, context) => parseRecord(text, columns, context),
    receive: refuse('the binary form'),
    output: formatRecord,
    send: sendRecord,
    compare: refuse('the order of values'),
  }
}

/** Matches a field with its delimiter. In quotes, a quote is doubled or follows a backslash. */
const FIELD = /((?:"(?:[^"\\]|\\.|"")*"|\\.|[^",)\\])*)([,)])/suy
const QUOTED = /"((?:[^"\\]|\\.|"")*)"|\\(.)/gsu

const unquoted = (_: string, quoted: string | undefined, escaped: string | undefined): string =>
  escaped ?? (quoted ?? '').replaceAll(/\\(.)|""/gsu, (_, one: string | undefined) => one ?? '"')

/** Parses a row (record_in): an empty unquoted field is null. */
function parseRecord(text: string, columns: readonly RecordColumn[], context: TextContext): SqlRecord {
  const malformed = (detail: string): SqlError =>
    new SqlError('22P02', `malformed record literal: "${text}"`, { detail })
  const whole = text.trim()
  if (!whole.startsWith('(')) throw malformed('Missing left parenthesis.')
  const fields: (string | null)[] = []
  const next = new RegExp(FIELD)
  for (let end = ','; end === ','; ) {
    next.lastIndex = next.lastIndex || 1
    const [, field = '', separator] = next.exec(whole) ?? []
    if (separator === undefined) throw malformed('Unexpected end of input.')
    fields.push(field === '' ? null : field.replaceAll(QUOTED, unquoted))
    end = separator
  }
  if (next.lastIndex < whole.length) throw malformed('Junk after right parenthesis.')
  if (fields.length < columns.length) throw malformed('Too few columns.')
  if (fields.length > columns.length) throw malformed('Too many columns.')
  const values = columns.map(({ type }, i) => {
    const field = fields[i] ?? null
    return field === null ? null : context.types.typeOf(type.domain ?? type.oid).input(field, context, type.typmod)
  })
  return new SqlRecord(columns, values)
}

function formatRecord(value: SqlValue, context: TextContext): string {
  const record = asRecord(value)
  const parts = record.values.map((field, i) => {
    if (field === null) return ''
    const column = record.columns[i]
    const text = column === undefined ? '' : context.types.typeOf(column.type.oid).output(field, context)
    return text === '' || /["\\(),\s]/.test(text) ? `"${text.replace(/["\\]/g, '$&$&')}"` : text
  })
  return `(${parts.join(',')})`
}

function sendRecord(value: SqlValue, context: TextContext): Uint8Array {
  const record = asRecord(value)
  const writer = new ByteWriter()
  writer.int32(record.values.length)
  record.values.forEach((field, i) => {
    const oid = record.columns[i]?.type.oid ?? 0
    writer.int32(oid)
    writer.sized(field === null ? null : context.types.typeOf(oid).send(field, context))
  })
  return writer.bytes()
}

/** Compares records with the same number of columns. */
export function compareRecords(
  a: SqlRecord,
  b: SqlRecord,
  compareColumn: (column: number) => (x: SqlValue, y: SqlValue) => number,
): number {
  for (const [i, value] of a.values.entries()) {
    const difference = compareNullable(value, b.values[i] ?? null, compareColumn(i))
    if (difference !== 0) return difference
  }
  return 0
}
