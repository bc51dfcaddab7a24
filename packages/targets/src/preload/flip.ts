import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { relative } from 'node:path'
import type { FaultOfKind } from '@chaosproxy/faults'
import { filesBelow } from './power.ts'

export interface Flip {
  /** The path of the file, relative to the disk. */
  readonly path: string
  readonly offset: number
  readonly before: number
  readonly after: number
}

type Choice = Pick<FaultOfKind<'flip-bit'>, 'files' | 'matching' | 'at' | 'bit'>

interface Span {
  readonly path: string
  readonly offset: number
  readonly length: number
}

/**
 * Flips a bit in one of the files of a disk. No program may have the files open. Never flips a bit in the zeros at the
 * end of a file, because servers allocate files before they fill them. Returns undefined if there is no other byte.
 */
export function flipBit(disk: string, { files = '', matching, at, bit }: Choice): Flip | undefined {
  const spans = filesBelow(disk)
    .filter((path) => relative(disk, path).includes(files))
    .flatMap((path) => (matching === undefined ? [usedSpan(path)] : matchesIn(path, matching)))
  const total = spans.reduce((sum, { length }) => sum + length, 0)
  let left = Math.min(total - 1, Math.floor(at * total))
  for (const { path, offset, length } of spans) {
    if (left < length && total > 0) return { path: relative(disk, path), ...flipped(path, offset + left, 1 << bit) }
    left -= length
  }
  return undefined
}

function flipped(path: string, offset: number, mask: number): Omit<Flip, 'path'> {
  const fd = openSync(path, 'r+')
  try {
    const byte = new Uint8Array(1)
    readSync(fd, byte, 0, 1, offset)
    const [before = 0] = byte
    const after = before ^ mask
    writeSync(fd, Uint8Array.of(after), 0, 1, offset)
    return { offset, before, after }
  } finally {
    closeSync(fd)
  }
}

const matchesIn = (path: string, pattern: string): Span[] =>
  [...readFileSync(path, 'latin1').matchAll(new RegExp(pattern, 'gs'))]
    .filter(([{ length }]) => length > 0)
    .map(({ index, 0: { length } }) => ({ path, offset: index, length }))

const READ_BYTES = 1 << 16
const ZEROS = Buffer.alloc(READ_BYTES)

function usedSpan(path: string): Span {
  const fd = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(READ_BYTES)
    let end = fstatSync(fd).size
    while (end > 0) {
      const start = Math.max(0, end - READ_BYTES)
      const part = bytes.subarray(0, readSync(fd, bytes, 0, end - start, start))
      if (!part.equals(ZEROS.subarray(0, part.length)))
        return { path, offset: 0, length: start + 1 + part.findLastIndex((byte) => byte !== 0) }
      end = start
    }
    return { path, offset: 0, length: 0 }
  } finally {
    closeSync(fd)
  }
}
