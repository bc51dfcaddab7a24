import { NotSupported } from '../sql/error.ts'
import { compareNullable } from './array.ts'
import { ByteWriter } from './bytes.ts'
import type { Behaviour } from './definitions.ts'
import type { TextContext } from './registry.ts'
import { SqlRecord, type SqlValue } from './value.ts'

function asRecord(value: SqlValue): SqlRecord {
  if (value instanceof SqlRecord) return value
  throw new TypeError('expected a row')
}

/** Rows: their text can be written, and read by nobody (`'(1,2)'::record` has no types). */
export function recordBehaviour(): Behaviour {
  const refuse = (): never => {
    throw new NotSupported('the input of a value of the type record')
  }
  return { input: refuse, receive: refuse, output: formatRecord, send: sendRecord, compare: undefined }
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

/** The order of rows: column by column, null above all values. */
export function compareRecords(
  a: SqlRecord,
  b: SqlRecord,
  compareColumn: (column: number) => (x: SqlValue, y: SqlValue) => number,
): number {
  for (let i = 0; i < Math.min(a.values.length, b.values.length); i += 1) {
    const difference = compareNullable(a.values[i] ?? null, b.values[i] ?? null, compareColumn(i))
    if (difference !== 0) return difference
  }
  return a.values.length - b.values.length
}
