import type { BackendMessage } from '@chaosproxy/wire/postgresql'
import type { Notice } from '../session/session.ts'
import { SqlError, type SqlErrorFields } from '../sql/error.ts'

type Report = Extract<BackendMessage, { readonly kind: 'error' | 'notice' }>

export const errorMessage = ({ code, message, fields }: SqlError): Report => ({
  kind: 'error',
  fields: reportFields(fields.severity ?? 'ERROR', { code, message, fields }),
})

export const noticeMessage = ({ severity, code, message, fields = {} }: Notice): Report => ({
  kind: 'notice',
  fields: reportFields(severity, { code, message, fields }),
})

/** Ends the connection. */
export const fatal = (code: string, message: string): SqlError => new SqlError(code, message, { severity: 'FATAL' })

interface ReportedError {
  readonly code: string
  readonly message: string
  readonly fields: SqlErrorFields
}

/** Returns the fields in PostgreSQL's order (its manual, "Error and Notice Message Fields"). */
function reportFields(severity: string, { code, message, fields }: ReportedError): Report['fields'] {
  const { detail, hint, position, schema, table, column, dataType, constraint } = fields
  const all: readonly (readonly [letter: string, text: string | undefined])[] = [
    ['S', severity],
    ['V', severity],
    ['C', code],
    ['M', message],
    ['D', detail],
    ['H', hint],
    ['P', position === undefined ? undefined : String(position)],
    ['s', schema],
    ['t', table],
    ['c', column],
    ['d', dataType],
    ['n', constraint],
  ]
  return all.filter((field): field is readonly [string, string] => field[1] !== undefined)
}
