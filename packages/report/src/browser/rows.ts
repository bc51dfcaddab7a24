import type { Operation } from './decode.ts'

/** The operations of one row, in the order of calls. */
export interface Row {
  /** The shortened name of the row; empty for further rows of a client. */
  readonly name: string
  readonly operations: readonly Operation[]
  /**
   * For each operation, in nanoseconds: the time by which this operation and all earlier ones of the row have ended.
   */
  readonly reached: Float64Array
}

export function rowsOf(lanes: readonly string[], operations: readonly Operation[]): Row[] {
  const byLane = lanes.map((): Operation[] => [])
  for (const operation of operations) byLane[operation.lane]?.push(operation)
  return lanes.map((name, i) => {
    const row = byLane[i] ?? []
    let latest = Number.NEGATIVE_INFINITY
    const reached = Float64Array.from(row, ({ shownEnd }) => {
      latest = Math.max(latest, shownEnd)
      return latest
    })
    return { name: name.length > 13 ? `${name.slice(0, 12)}…` : name, operations: row, reached }
  })
}
