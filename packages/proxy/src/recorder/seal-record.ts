import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'

/** No line of a record is expected to be longer; where one is, the file stays as it is. */
const SEARCHED_BYTES = 4 * 1024 * 1024
const LINE_END = 0x0a

/**
 * Ends a file that can no longer be written to with a line that says so, in place of its last ones: a full disk still
 * takes what overwrites. False where that fails as well.
 *
 * @param wholeBytes How much of the file is whole lines; after that there may be part of one.
 */
export function sealRecord(path: string, wholeBytes: number, line: string): boolean {
  try {
    const file = openSync(path, 'r+')
    try {
      const seal = Buffer.from(line)
      const { size } = fstatSync(file)
      const at = lastLineStart(file, wholeBytes, size - seal.length)
      if (at === undefined) return false
      if (writeSync(file, seal, 0, seal.length, at) < seal.length) return false
      ftruncateSync(file, at + seal.length)
      return true
    } finally {
      closeSync(file)
    }
  } catch {
    return false
  }
}

/** Of the lines that begin at `latest` or before; undefined where none does. */
function lastLineStart(file: number, wholeBytes: number, latest: number): number | undefined {
  if (wholeBytes <= latest) return wholeBytes
  const from = Math.max(0, latest - SEARCHED_BYTES)
  const bytes = Buffer.alloc(Math.max(0, latest - from))
  readSync(file, bytes, 0, bytes.length, from)
  const end = bytes.lastIndexOf(LINE_END)
  return end < 0 ? undefined : from + end + 1
}
