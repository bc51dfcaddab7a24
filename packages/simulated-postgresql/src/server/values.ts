import type { Column as DescribedColumn, FieldValue, Format } from '@chaosproxy/wire/postgresql'
import type { ResultColumn, Session } from '../session/session.ts'
import { SqlError } from '../sql/error.ts'
import type { SqlValue } from '../types/value.ts'

type Context = Session['context']

/**
 * Expands the formats of Bind: none for all text, one for all values, or one per value.
 *
 * @throws SqlError for another number of formats
 */
export function formatsFor(formats: readonly Format[], count: number, what: 'parameter' | 'result'): readonly Format[] {
  if (formats.length <= 1) return Array.from({ length: count }, () => formats[0] ?? 0)
  if (formats.length === count) return formats
  throw new SqlError(
    '08P01',
    what === 'parameter'
      ? `bind message has ${formats.length} parameter formats but ${count} parameters`
      : `bind message has ${formats.length} result formats but query has ${count} columns`,
  )
}

/** @throws SqlError for a value that is not of its type. */
export function readValue(bytes: FieldValue, format: Format, oid: number, context: Context): SqlValue {
  if (bytes === null) return null
  const type = context.types.typeOf(oid)
  return format === 1 ? type.receive(bytes, context, -1) : type.input(bytes.toString(), context, -1)
}

function writeValue(value: SqlValue, format: Format, oid: number, context: Context): FieldValue {
  if (value === null) return null
  const type = context.types.typeOf(oid)
  return Buffer.from(format === 1 ? type.send(value, context) : Buffer.from(type.output(value, context)))
}

export const describeColumns = (
  columns: readonly ResultColumn[],
  formats: readonly Format[],
  { types }: Context,
): readonly DescribedColumn[] =>
  columns.map(({ name, tableOid, attribute, type }, i) => ({
    ...{ name, table: tableOid, attribute, type: type.oid },
    size: types.typeOf(type.oid).length,
    modifier: type.typmod,
    format: formats[i] ?? 0,
  }))

export const writeRow = (
  row: readonly SqlValue[],
  {
    columns,
    formats,
    context,
  }: { readonly columns: readonly ResultColumn[]; readonly formats: readonly Format[]; readonly context: Context },
): readonly FieldValue[] => columns.map(({ type }, i) => writeValue(row[i] ?? null, formats[i] ?? 0, type.oid, context))
