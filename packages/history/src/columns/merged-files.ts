/** A file of several that were merged into one history: its lines are counted after those of the files before it. */
export interface MergedFile {
  readonly name: string
  /** Lines in the files before it. */
  readonly linesBefore: number
}

/** No file if the history is of one. */
export interface PlaceOfLine {
  readonly file: string | undefined
  readonly line: number
}

export function placeOfLine(files: readonly MergedFile[] | undefined, line: number): PlaceOfLine {
  const found = files?.findLast(({ linesBefore }) => linesBefore < line)
  return found === undefined ? { file: undefined, line } : { file: found.name, line: line - found.linesBefore }
}
