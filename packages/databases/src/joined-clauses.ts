/** Joins the clauses of a weakness. Returns undefined if all of them are empty. */
export const joinedClauses = (clauses: readonly (string | undefined)[]): string | undefined =>
  clauses.filter(Boolean).join('; ') || undefined
