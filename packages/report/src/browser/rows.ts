import type { Operation } from './decode.ts'

/** The operations of one process, in the order of their calls. */
export interface Row {
  /** Short enough to stand before them. */
  readonly name: string
  readonly operations: readonly Operation[]
  readonly longestNanos: number
}

/** A row for each process, in their order. */
export function rowsOf(processes: readonly string[], operations: readonly Operation[]): Row[] {
  const byProcess = processes.map((): Operation[] => [])
  for (const operation of operations) byProcess[operation.process]?.push(operation)
  return processes.map((process, i) => {
    const name = process.replace(/^\d+$/, 'p$&')
    const row = byProcess[i] ?? []
    return {
      name: name.length > 9 ? `${name.slice(0, 8)}…` : name,
      operations: row,
      longestNanos: row.reduce((most, { call, shownEnd }) => Math.max(most, shownEnd - call), 0),
    }
  })
}
