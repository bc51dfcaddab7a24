import { displayWidth, padEnd, padStart } from './width.ts'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

/** A cell's text, and its colour, applied after padding since colour codes must not count as width. */
export interface Cell {
  readonly text: string
  readonly paint?: (text: string) => string
}

const asCell = (cell: Cell | string): Cell => (typeof cell === 'string' ? { text: cell } : cell)

/**
 * Rows of equal display width, each column as wide as its widest cell, with `air` spaces between columns. `title`
 * paints the titles.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (Cell | string)[])[],
  title: (text: string) => string,
  air: number = 3,
): string[] {
  const widths = columns.map((column, i) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(asCell(row[i] ?? '').text))),
  )
  const line = (cells: readonly (Cell | string)[], paint?: (text: string) => string): string =>
    columns
      .map((column, i) => {
        const cell = asCell(cells[i] ?? '')
        const pad = column.align === 'right' ? padStart : padEnd
        return (paint ?? cell.paint ?? ((text) => text))(pad(cell.text, widths[i] ?? 0))
      })
      .join(' '.repeat(air))
  return [
    line(
      columns.map((column) => column.title),
      title,
    ),
    ...rows.map((row) => line(row)),
  ]
}
