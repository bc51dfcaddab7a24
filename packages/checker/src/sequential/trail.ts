/** What some cells held before they were changed, so that the changes can be taken back. */
export interface Trail {
  /** From now on changes are noted. Returns the place to go back to. */
  readonly begin: () => number
  /** To be called before a cell changes. */
  readonly note: (cell: number) => void
  readonly undo: (place: number) => void
  /** How many changes are noted. */
  readonly length: () => number
  /** No change made so far can be taken back any more, and until the next `begin` none is noted. */
  readonly forget: () => void
}

/** `take` asks for so many bytes more. Where they are refused, changes are no longer noted: nothing may be undone then. */
export function createTrail(cells: Int32Array, take: (bytes: number) => boolean): Trail {
  // A cell, and what it held, in turn.
  let notes = new Int32Array(0)
  let used = 0
  let recording = false
  const grow = (): boolean => {
    const length = Math.max(FEWEST, 2 * notes.length)
    if (!take(4 * (length - notes.length))) return false
    const larger = new Int32Array(length)
    larger.set(notes)
    notes = larger
    return true
  }
  return {
    begin: () => {
      recording = true
      return used
    },
    note: (cell) => {
      if (!recording) return
      if (used === notes.length && !grow()) {
        recording = false
        return
      }
      notes[used++] = cell
      notes[used++] = cells[cell]
    },
    undo: (place) => {
      while (used > place) {
        used -= 2
        cells[notes[used]] = notes[used + 1]
      }
    },
    length: () => used / 2,
    forget: () => {
      used = 0
      recording = false
    },
  }
}

const FEWEST = 2048
