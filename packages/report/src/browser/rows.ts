import type { Operation } from './decode.ts'

/** The operations of one lane, in the order of their calls. */
export interface Row {
  /** Short enough to stand before them; empty for a further lane of the same client. */
  readonly name: string
  readonly operations: readonly Operation[]
  /** The latest end of the operations up to each of them, in nanoseconds. */
  readonly reached: Float64Array
}

/** A row for each lane, in their order. */
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
