import { NotSupported } from '../sql/error.ts'

/** PostgreSQL itself, which computes functions that this package does not: without tables, and without effects. */
export interface Calculator {
  /**
   * The rows of a query with parameters of these types, as texts. It answers at once.
   * @param zone the setting `TimeZone`
   */
  rows(query: string, oids: readonly number[], texts: readonly (string | null)[], zone: string): Calculated
}

export type Calculated =
  | { readonly rows: readonly (readonly (string | null)[])[] }
  | { readonly code: string; readonly message: string }

/** What to do about a function that only a calculator computes. */
export const REMEDY = ' (--calculator has PGlite compute it)'

/** A case of a function that this package leaves to a calculator. */
export class NotComputed extends NotSupported {
  constructor(what: string) {
    super(`${what}${REMEDY}`)
  }
}
