import { asIs, type Paint } from './style.ts'
import { displayWidth, padEnd, padStart, wrap } from './width.ts'

interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

/** A cell's text and colour. The colour is applied after padding, because colour codes must not count as width. */
export interface Cell {
  readonly text: string
  readonly paint?: Paint | undefined
}

const asCell = (cell: Cell | string): Cell => (typeof cell === 'string' ? { text: cell } : cell)

/** Renders a table whose columns are as wide as their widest cell. `title` paints the titles of the columns. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (Cell | string)[])[],
  title: Paint,
  air: number = 3,
): string[] {
  const widths = columns.map((column, i) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(asCell(row[i] ?? '').text))),
  )
  const line = (cells: readonly (Cell | string)[], paint?: Paint): string =>
    columns
      .map((column, i) => {
        const cell = asCell(cells[i] ?? '')
        const pad = column.align === 'right' ? padStart : padEnd
        return (paint ?? cell.paint ?? asIs)(pad(cell.text, widths[i] ?? 0))
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

/** Renders a table that fits `width`. Columns that do not fit continue in a further table below. */
export function fittingTable(
  columns: readonly Column[],
  rows: readonly (readonly (Cell | string)[])[],
  title: Paint,
  { air, width }: { readonly air: number; readonly width: number },
): string[] {
  const narrow = rows.flatMap((row) => brokenRow(row, Math.floor(width / 2)))
  const widths = columns.map((_, i) => displayWidth(table(pick(columns, [i]), pickAll(narrow, [i]), asIs)[0] ?? ''))
  return groupsOf(widths, air, width).flatMap((group, i) => [
    ...(i === 0 ? [] : ['']),
    ...table(pick(columns, group), pickAll(narrow, group), title, air),
  ])
}

const pick = <T>(row: readonly T[], places: readonly number[]): T[] =>
  places.flatMap((place) => row.slice(place, place + 1))

const pickAll = <T>(rows: readonly (readonly T[])[], places: readonly number[]): T[][] =>
  rows.map((row) => pick(row, places))

/** Breaks the first cell of a row into several rows. */
function brokenRow(row: readonly (Cell | string)[], width: number): (Cell | string)[][] {
  const [first = '', ...others] = row
  const { text, paint = asIs } = asCell(first)
  return wrap(text, width).map((part, i) => [{ text: part, paint }, ...(i === 0 ? others : others.map(() => ''))])
}

/** Groups columns into tables that fit. Every table has the first column. */
function groupsOf(widths: readonly number[], air: number, width: number): number[][] {
  const [first = 0] = widths
  const groups: number[][] = []
  let room = -1
  for (let at = 1; at < widths.length; at++) {
    const needed = (widths[at] ?? 0) + air
    const group = room < needed ? undefined : groups.at(-1)
    if (group === undefined) groups.push([0, at])
    else group.push(at)
    room = (group === undefined ? width - first : room) - needed
  }
  return groups.length === 0 ? [[0]] : groups
}
