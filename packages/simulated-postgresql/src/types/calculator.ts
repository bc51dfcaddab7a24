import { NotSupported } from '../sql/error.ts'

/**
 * A PostgreSQL instance that computes functions that this package does not implement. It has no tables, and its
 * functions have no side effects.
 */
export interface Calculator {
  /**
   * Returns the rows of a query with parameters of these types, as texts, synchronously.
   * @param zone the setting `TimeZone`
   */
  rows(query: string, oids: readonly number[], texts: readonly (string | null)[], zone: string): Calculated
}

export type Calculated =
  | { readonly rows: readonly (readonly (string | null)[])[] }
  | { readonly code: string; readonly message: string }

/**
 * The end of an error message about a function. It says that PGlite computes the function if the option `--calculator`
 * is given.
 */
export const REMEDY = ' (--calculator has PGlite compute it)'

/** Thrown if only PGlite can compute a function for the given values. */
export class NotComputed extends NotSupported {
  constructor(what: string) {
    super(`${what}${REMEDY}`)
  }
}
