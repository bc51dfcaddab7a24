/** The comparison operators. Their functions have names such as `int4eq` and `date_le`, which contain these words. */
export const COMPARISONS: ReadonlyMap<string, string> = new Map([
  ['=', 'eq'],
  ['<>', 'ne'],
  ['<', 'lt'],
  ['<=', 'le'],
  ['>', 'gt'],
  ['>=', 'ge'],
])
