const NUMERIC = 1700

/** The most decimals written to each numeric column, by its table or recording. */
const most: WeakMap<object, Map<string, number>> = new WeakMap()

export function wroteDecimals(of: object, column: string, text: string | null): void {
  const decimals = /\.(\d*?)0*$/.exec(text ?? '')?.[1]?.length ?? 0
  const known = most.get(of) ?? new Map<string, number>()
  most.set(of, known)
  if (decimals > (known.get(column) ?? 0)) known.set(column, decimals)
}

/**
 * Why a read value may differ from the written one, if it may: the server rounds values silently to the decimals of
 * their column.
 *
 * @param modifier the type modifier of a numeric column, which contains its decimals.
 */
export function whyRounded(
  of: object,
  column: string,
  { type, modifier }: { readonly type: number; readonly modifier: number },
): string | undefined {
  if (type !== NUMERIC || modifier < HEADER) return undefined
  const kept = (((modifier - HEADER) & 0x7ff) ^ 0x400) - 0x400
  const written = most.get(of)?.get(column) ?? 0
  return kept >= 0 && written <= kept
    ? undefined
    : `the column ${column} keeps ${kept} decimals and rounds a written value with ${written}: let the program round values before it writes them`
}

/** Added to every modifier of varying size (PostgreSQL's VARHDRSZ). */
const HEADER = 4
