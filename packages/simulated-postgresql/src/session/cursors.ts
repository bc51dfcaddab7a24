import { SqlError } from '../sql/error.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { Rows, SqlValue } from '../types/value.ts'
import type { ReportRead } from './runner.ts'
import type { ResultColumn } from './session.ts'

/** A cursor of DECLARE. */
export interface Cursor {
  readonly columns: readonly ResultColumn[]
  /** The rows of the cursor. With FOR UPDATE, these are the rows locked so far, and `reading` locks further rows. */
  readonly rows: Rows
  readonly reading: (() => Coroutine<boolean>) | undefined
  position: number
  /** Reports fetched rows as read, if the engine is observed. */
  readonly reportRead: ReportRead | undefined
  /** WITH HOLD: the cursor outlives its transaction. */
  readonly hold: boolean
  readonly forwardOnly: boolean
}

export type Direction =
  | { readonly kind: 'forward' | 'backward'; readonly count: number }
  | { readonly kind: 'absolute' | 'relative'; readonly to: number }

/** For a cursor with FOR UPDATE, locks the rows up to the last row that a FETCH or MOVE reaches. */
export function* readUpTo(cursor: Cursor, direction: Direction): Coroutine {
  const { reading, rows, position } = cursor
  if (reading === undefined || direction.kind === 'backward') return
  const start = direction.kind === 'absolute' ? 0 : position
  const last = start + ('to' in direction ? direction.to : direction.count)
  while (rows.length < last) if (!(yield* reading())) return
}

/** Moves the cursor, and returns the rows that it passes. */
export function fetchRows(cursor: Cursor, direction: Direction, isMove: boolean): Rows {
  const { rows } = cursor
  if (cursor.forwardOnly && goesBack(cursor, direction, isMove))
    throw new SqlError('55000', 'cursor can only scan forward', {
      hint: 'Declare it with SCROLL option to enable backward scan.',
    })
  const at = (position: number): Rows => {
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

/** The parser's count for ALL: the largest `long` of its WebAssembly target. */
const ALL = 2 ** 31 - 1

/** Whether PostgreSQL would scan backward or restart from the beginning (DoPortalRunFetch). */
function goesBack({ position, rows }: Cursor, direction: Direction, isMove: boolean): boolean {
  const again = !isMove && position > 0 && position <= rows.length
  switch (direction.kind) {
    case 'absolute': {
      const { to } = direction
      if (to < 0) return true
      const rewinds = to === 0 || to - 1 <= Math.min(position, rows.length) / 2
      return rewinds ? position > 0 : to <= position
    }
    case 'relative':
      return direction.to < 0 || (direction.to === 0 && again)
    case 'forward':
    case 'backward':
      if (direction.count === 0) return again
      // MOVE BACKWARD ALL has no effect at the beginning.
      if (isMove && position === 0 && direction.count >= ALL) return false
      return (direction.kind === 'forward') !== direction.count > 0
  }
}
