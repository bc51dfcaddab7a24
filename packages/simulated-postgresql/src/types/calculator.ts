/** PostgreSQL itself, which computes functions that this package does not: without tables, and without effects. */
export interface Calculator {
  /** The value of a query with parameters of these types, as texts. It answers at once. */
  value(query: string, oids: readonly number[], texts: readonly (string | null)[]): Calculated
}

export type Calculated = { readonly text: string | null } | { readonly code: string; readonly message: string }
