/** The rows of a column that is grouped by key, by transaction. */
export interface Rows {
  of(transaction: number): Int32Array
  /** By row. */
  readonly key: Int32Array
}

/** @param starts the rows of key k are starts[k] to starts[k + 1] */
export function rowsBy(starts: Int32Array, transaction: Int32Array, transactions: number): Rows {
  const begins = new Int32Array(transactions + 1)
  const key = new Int32Array(transaction.length)
  const rows = new Int32Array(transaction.length)
  for (const t of transaction) begins[t + 1]++
  for (let t = 0; t < transactions; t++) begins[t + 1] += begins[t]
  const next = begins.slice()
  for (let k = 0; k + 1 < starts.length; k++)
    for (let at = starts[k]; at < starts[k + 1]; at++) {
      key[at] = k
      rows[next[transaction[at]]++] = at
    }
  return { of: (t) => rows.subarray(begins[t], begins[t + 1]), key }
}
