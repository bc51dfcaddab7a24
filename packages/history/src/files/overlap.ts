import { basename } from 'node:path'
import type { OutOfOrder } from '../builder/disorder.ts'
import { inputError, type UserError } from '../event/error.ts'
import type { History } from '../history/history.ts'
import { duration } from '../text/figures.ts'
import { openSource, STDIN } from './source.ts'
import { isStored } from './stored/address.ts'
import { partsOf } from './system/parts.ts'

// Numbered files are either parts of one recording, or logs of several clients. Logs of several clients overlap in
// time, and parts do not.

/** Returns the error for parts that overlap in time. */
export async function overlapOfParts(path: string, { inversion, times }: OutOfOrder): Promise<UserError | undefined> {
  const placeOf = await partsByLine(path)
  const earlier = placeOf?.(inversion.line)
  const later = placeOf?.(inversion.latestLine)
  if (earlier === undefined || later === undefined || earlier.part === later.part) return undefined
  const { time, latest } = inversion
  return inputError(
    `${path}: ${earlier.part}:${earlier.line} (time ${times.time}) is ${duration(latest - time)} before ${later.part}:${later.line} (time ${times.latest}), and parts of a rotated recording do not overlap. If each file is the log of a different client, give --merge ${path}. If the files are parts with wrong times, give --order lines.`,
  )
}

/** Returns an error if the parts have no times and share no process: they may be the logs of different clients. */
export async function untimedParts(path: string, { operations }: History): Promise<UserError | undefined> {
  const { length, callTime, callEvent, callLine, process } = operations
  for (let row = 0; row < length; row++) if (callTime[row] !== callEvent[row]) return undefined
  if (length === 0) return undefined
  const placeOf = await partsByLine(path)
  if (placeOf === undefined) return undefined
  const parts = new Map<number, string>()
  for (let row = 0; row < length; row++) {
    const part = placeOf(callLine[row] ?? 1).part
    if ((parts.get(process[row] ?? 0) ?? part) !== part) return undefined
    parts.set(process[row] ?? 0, part)
  }
  if (new Set(parts.values()).size < 2) return undefined
  return inputError(
    `${path}: the order of the files is unknown: no event has a "time", and no process is in two files. If each file is the log of a different client, add times, and give --merge ${path}. If the files are parts of one recording, give --order lines.`,
  )
}

interface Place {
  readonly part: string
  readonly line: number
}

/** Returns a function that finds the part that contains a line. Lines are numbered through all parts. */
async function partsByLine(path: string): Promise<((line: number) => Place) | undefined> {
  if (path === STDIN || isStored(path)) return undefined
  const parts = partsOf(path)
  if (parts.length < 2) return undefined
  const ends: { readonly part: string; readonly before: number }[] = []
  let before = 0
  for (const part of parts) {
    ends.push({ part: basename(part), before })
    before += await linesIn(part)
  }
  return (line) => {
    const { part, before } = ends.findLast((each) => each.before < line) ?? { part: basename(path), before: 0 }
    return { part, line: line - before }
  }
}

const NEWLINE = 10
const BUFFER_BYTES = 1 << 18

async function linesIn(part: string): Promise<number> {
  const source = await openSource(part)
  const bytes = new Uint8Array(BUFFER_BYTES)
  let lines = 0
  let last = NEWLINE
  try {
    for (;;) {
      const size = await source.read(bytes)
      if (size === 0) return last === NEWLINE ? lines : lines + 1
      const read = bytes.subarray(0, size)
      for (let at = read.indexOf(NEWLINE); at >= 0; at = read.indexOf(NEWLINE, at + 1)) lines += 1
      last = read[size - 1] ?? NEWLINE
    }
  } finally {
    source.close()
  }
}
