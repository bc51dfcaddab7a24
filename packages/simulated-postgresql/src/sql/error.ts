/** An error as PostgreSQL reports it: the fields of ErrorResponse (protocol 3, "Error and Notice Message Fields"). */
export class SqlError extends Error {
  override readonly name: string = 'SqlError'
  /** The SQLSTATE: five characters such as `40001` (PostgreSQL's appendix A). */
  readonly code: string
  readonly fields: SqlErrorFields

  constructor(code: string, message: string, fields: SqlErrorFields = {}) {
    super(message)
    this.code = code
    this.fields = fields
  }
}

export interface SqlErrorFields {
  readonly severity?: 'ERROR' | 'FATAL'
  readonly detail?: string
  readonly hint?: string
  /** The position in the statement in characters, from 1. */
  readonly position?: number
  readonly schema?: string
  readonly table?: string
  readonly column?: string
  readonly dataType?: string
  readonly constraint?: string
}

export function position(location: number | undefined): { readonly position?: number } {
  return location === undefined || location < 0 ? {} : { position: location + 1 }
}

/** @param location the place in the statement, in characters from 0 */
export const errorAt = (
  location: number | undefined,
  code: string,
  message: string,
  fields: SqlErrorFields = {},
): SqlError => new SqlError(code, message, { ...fields, ...position(location) })

/**
 * Thrown for a statement that this engine does not execute as PostgreSQL would. It ends the run and is never a finding:
 * the program would continue differently with PostgreSQL.
 */
export class NotSupported extends Error {
  override readonly name: string = 'NotSupported'
  /** The unsupported construct in SQL terms. */
  readonly construct: string

  constructor(construct: string) {
    super(`${construct} is not simulated`)
    this.construct = construct
  }
}
