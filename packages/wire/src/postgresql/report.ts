import type { BackendMessage } from './message.ts'

/** The content of an ErrorResponse or a NoticeResponse. */
export interface ServerReport {
  /** The severity in English: ERROR, FATAL, PANIC, WARNING, NOTICE, … */
  readonly severity: string
  /** SQLSTATE. */
  readonly code: string
  readonly message: string
}

export function reportOf({ fields }: Extract<BackendMessage, { readonly kind: 'error' | 'notice' }>): ServerReport {
  const fieldValues = new Map(fields)
  return {
    severity: fieldValues.get('V') ?? fieldValues.get('S') ?? '',
    code: fieldValues.get('C') ?? '',
    message: fieldValues.get('M') ?? '',
  }
}

/** Returns a report as text: `40001 could not serialize access due to concurrent update`. */
export const reportText = ({ code, message }: ServerReport): string => `${code} ${message}`

/** Returns the number of rows in a command's tag: 1 for `UPDATE 1`. */
export function rowsOf(tag: string): number | undefined {
  const count = /\s(\d+)$/.exec(tag)?.[1]
  return count === undefined ? undefined : Number(count)
}
