const NUMERIC = 1700

/** The most decimals written to each numeric column of a table. */
export class WrittenDecimals {
  readonly #most: Map<string, number> = new Map()

  wrote(column: string, text: string | null): void {
    const decimals = /\.(\d*?)0*$/.exec(text ?? '')?.[1]?.length ?? 0
    if (decimals > this.#of(column)) this.#most.set(column, decimals)
  }

  /**
   * Returns why a value read from a column may differ from the value written; undefined if rounding cannot explain
   * this. The server silently rounds values to the number of decimals of their column.
   *
   * @param modifier the type modifier of a numeric column, which contains its decimals.
   */
  whyRounded(
    column: string,
    { type, modifier }: { readonly type: number; readonly modifier: number },
  ): string | undefined {
    if (type !== NUMERIC || modifier < HEADER) return undefined
    const kept = (((modifier - HEADER) & 0x7ff) ^ 0x400) - 0x400
    const written = this.#of(column)
    return kept >= 0 && written <= kept
      ? undefined
      : `the column ${column} keeps ${kept} decimals and rounds a written value that has ${written}: let the program round values before it writes them`
  }

  #of(column: string): number {
    return this.#most.get(column) ?? 0
  }
}

/** PostgreSQL adds this number (VARHDRSZ) to the modifier of every type of varying size. */
const HEADER = 4
