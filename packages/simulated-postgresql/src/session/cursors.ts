import type { SqlValue } from '../types/value.ts'
import type { ResultColumn } from './session.ts'

/** A cursor of DECLARE: its rows were read when it was opened. */
export interface Cursor {
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly (readonly SqlValue[])[]
  /** The number of the row that it stands on; 0 before the first. */
  position: number
  /** WITH HOLD: outlives the transaction. */
  readonly hold: boolean
}

export type Direction =
  | { readonly kind: 'forward' | 'backward'; readonly count: number }
  | { readonly kind: 'absolute' | 'relative'; readonly to: number }

/** The rows that FETCH gives; moves the cursor. */
export function fetchRows(cursor: Cursor, direction: Direction): readonly (readonly SqlValue[])[] {
  const { rows } = cursor
  const at = (position: number): readonly (readonly SqlValue[])[] => {
    cursor.position = Math.min(Math.max(position, 0), rows.length + 1)
    const row = rows[cursor.position - 1]
    return row === undefined ? [] : [row]
  }
  switch (direction.kind) {
    case 'absolute':
      return at(direction.to < 0 ? rows.length + 1 + direction.to : direction.to)
    case 'relative':
      return at(cursor.position + direction.to)
    case 'forward':
    case 'backward': {
      if (direction.count === 0) return at(cursor.position)
      const step = (direction.kind === 'forward') === direction.count > 0 ? 1 : -1
      const found: (readonly SqlValue[])[] = []
      for (let left = Math.abs(direction.count); left > 0; left--) {
        const [row] = at(cursor.position + step)
        if (row === undefined) break
        found.push(row)
      }
      return found
    }
  }
}
