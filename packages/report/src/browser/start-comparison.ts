import type { find } from './find.ts'
import type { sortTable } from './sort-table.ts'
import type { startTheme } from './theme.ts'

interface ComparisonParts {
  readonly find: typeof find
  readonly startTheme: typeof startTheme
  readonly sortTable: typeof sortTable
}

/** Starts the script of a comparison's page. */
export function startComparison({ find, startTheme, sortTable }: ComparisonParts): void {
  startTheme(find)
  for (const table of document.querySelectorAll<HTMLTableElement>('table.sortable')) sortTable(table)
}
