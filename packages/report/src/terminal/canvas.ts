import type { Paint } from './style.ts'
import { displayWidth } from './width.ts'

interface Place {
  readonly character: string
  readonly paint: Paint | undefined
}

/** A grid of character cells. Written cells are never overwritten, so lines pass behind text. */
export interface Canvas {
  /** Writes into the cells that are still empty. */
  readonly write: (row: number, column: number, text: string, paint?: Paint) => void
  /** Returns the column after a row's last written cell. */
  readonly end: (row: number) => number
  readonly lines: () => string[]
}

export function canvas(): Canvas {
  const rows: (Place | undefined)[][] = []
  const rowAt = (row: number): (Place | undefined)[] => {
    while (rows.length <= row) rows.push([])
    return rows[row] as (Place | undefined)[]
  }
  return {
    write(row, column, text, paint) {
      const places = rowAt(row)
      let at = column
      for (const character of text) {
        const width = displayWidth(character)
        if (places[at] === undefined) {
          places[at] = { character, paint }
          if (width === 2) places[at + 1] = { character: '', paint }
        }
        at += width
      }
    },
    end: (row) => rowAt(row).length,
    lines: () => rows.map(lineOf),
  }
}

/** Joins the cells of a row to a line. Paints adjacent cells of the same colour with a single call. */
function lineOf(places: readonly (Place | undefined)[]): string {
  let line = ''
  let stretch = ''
  let paint: Paint | undefined
  const flush = (): void => {
    line += paint === undefined || stretch.trim() === '' ? stretch : paint(stretch)
    stretch = ''
  }
  for (let column = 0; column < places.length; column++) {
    const place = places[column]
    if (place?.paint !== paint) {
      flush()
      paint = place?.paint
    }
    stretch += place?.character ?? ' '
  }
  flush()
  return line
}
