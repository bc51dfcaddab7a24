/** A file merged into one history. Its lines are numbered after the lines of the files before it. */
export interface MergedFile {
  readonly name: string
  /** Number of lines in the files before this file. */
  readonly linesBefore: number
}

/** `file` is undefined for a history of one file. */
export interface PlaceOfLine {
  readonly file: string | undefined
  readonly line: number
}

export function placeOfLine(files: readonly MergedFile[] | undefined, line: number): PlaceOfLine {
  const found = files?.findLast(({ linesBefore }) => linesBefore < line)
  return found === undefined ? { file: undefined, line } : { file: found.name, line: line - found.linesBefore }
}
