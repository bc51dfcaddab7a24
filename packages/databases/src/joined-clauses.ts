/** Joins the clauses of a sentence about a database's weakness. Returns undefined if all clauses are empty. */
export const joinedClauses = (clauses: readonly (string | undefined)[]): string | undefined =>
  clauses.filter(Boolean).join('; ') || undefined
