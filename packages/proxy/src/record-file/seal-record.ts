import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'

/** The longest line expected at the end of a file that is sealed, in bytes. */
const SEARCHED_BYTES = 4 * 1024 * 1024
const LINE_END = 0x0a

/**
 * Ends a file with the seal `line`. The file cannot grow, so the seal overwrites the last lines: a full disk still
 * accepts overwrites. Returns false if the seal cannot be written.
 *
 * @param wholeBytes the size of the file's complete lines.
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

function lastLineStart(file: number, wholeBytes: number, latest: number): number | undefined {
  if (wholeBytes <= latest) return wholeBytes
  const from = Math.max(0, latest - SEARCHED_BYTES)
  const bytes = Buffer.alloc(Math.max(0, latest - from))
  readSync(file, bytes, 0, bytes.length, from)
  const end = bytes.lastIndexOf(LINE_END)
  return end < 0 ? undefined : from + end + 1
}
