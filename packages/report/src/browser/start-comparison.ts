import type { sortTable } from './sort-table.ts'

export interface ComparisonParts {
  readonly sortTable: typeof sortTable
}

/** The behaviour of a page of compared systems. The page is whole without it. */
export function startComparison({ sortTable }: ComparisonParts): void {
  for (const table of document.querySelectorAll<HTMLTableElement>('table.sortable')) sortTable(table)
}
