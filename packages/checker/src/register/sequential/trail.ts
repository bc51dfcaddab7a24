/** The former contents of changed cells, so that changes can be undone. */
export interface Trail {
  /** Starts recording changes. Returns the position to return to. */
  readonly begin: () => number
  /** Call before changing a cell. */
  readonly note: (cell: number) => void
  readonly undo: (place: number) => void
  /** The number of recorded changes. */
  readonly length: () => number
  /** Keeps all changes so far, and stops recording until the next `begin`. */
  readonly forget: () => void
}

/** `take` reserves more bytes. If it refuses, changes are no longer recorded, and nothing may be undone. */
export function createTrail(cells: Int32Array, take: (bytes: number) => boolean): Trail {
  // Alternately a cell and its former content.
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
