import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { HistoryBuilder } from '../builder/builder.ts'
import { JsonlReader } from '../codecs/jsonl-reader.ts'
import { CannotPack } from '../event/error.ts'
import type { ReadStretch } from '../packed/join.ts'
import { type Dealing, Packer } from '../packed/packer.ts'
import { pumpSteps, restOf } from './read.ts'
import { isPlainFile, rangesSource, sourceName } from './source.ts'
import { MemoryLimitError, willExceed } from './system/memory-limit.ts'
import { partsOf } from './system/parts.ts'

/** Whole lines of a file, as a range of bytes. */
interface ByteRange {
  readonly path: string
  readonly from: number
  readonly to: number
}

export interface Stretch {
  readonly path: string
  readonly ranges: readonly ByteRange[]
  readonly isFirst: boolean
}

const NEWLINE = 10
const LOOK_BYTES = 1 << 16

/**
 * Divides a recording into about `count` stretches of whole lines; undefined for a compressed recording or one that is
 * not in files.
 */
export function stretchesOf(path: string, count: number): readonly Stretch[] | undefined {
  const parts = partsOf(path)
  if (!parts.every(isPlainFile)) return undefined
  const sizes = parts.map((part) => statSync(part).size)
  const each = Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / count)
  const stretches: ByteRange[][] = [[]]
  let left = each
  for (const [n, part] of parts.entries()) {
    const size = sizes[n] ?? 0
    for (let from = 0; from < size; ) {
      const to = size - from <= left ? size : lineAfter(part, from + left, size)
      stretches.at(-1)?.push({ path: part, from, to })
      left -= to - from
      from = to
      if (left > 0 || stretches.length === count) continue
      stretches.push([])
      left = each
    }
  }
  const some = stretches.filter(({ length }) => length > 0)
  return some.map((ranges, n) => ({ path, ranges, isFirst: n === 0 }))
}

function lineAfter(path: string, at: number, size: number): number {
  const file = openSync(path, 'r')
  const bytes = new Uint8Array(LOOK_BYTES)
  try {
    for (let from = Math.max(0, at - 1); from < size; from += LOOK_BYTES) {
      const length = readSync(file, bytes, 0, LOOK_BYTES, from)
      const newline = bytes.subarray(0, length).indexOf(NEWLINE)
      if (newline >= 0) return from + newline + 1
    }
    return size
  } finally {
    closeSync(file)
  }
}

/**
 * Reads a stretch of a recording in JSON lines.
 *
 * @throws CannotPack if the stretch can be read only as part of the whole recording.
 * @throws UserError for a broken rule. The line in its message counts from the beginning of the stretch.
 */
export async function readStretch(
  { path, ranges, isFirst }: Stretch,
  dealing: Dealing,
  { memoryBytes = Number.POSITIVE_INFINITY }: { readonly memoryBytes?: number | undefined } = {},
): Promise<ReadStretch> {
  const name = sourceName(path)
  const source = rangesSource(ranges)
  try {
    const builder = new HistoryBuilder({ source: name, format: 'jsonl', shared: true, stretch: true })
    const packer = new Packer(builder, dealing)
    const steps = pumpSteps(source, path, isFirst ? {} : { format: 'jsonl' }, (format) => {
      if (format !== 'jsonl') throw new CannotPack('another format than JSON lines')
      return new JsonlReader({ source: name, sink: builder, builder, isAmid: !isFirst })
    })
    let textBytes = 0
    for await (const bytes of steps) {
      textBytes += bytes
      packer.pack()
      // An estimate suffices. If it exceeds the limit, a single thread reads the whole recording instead. This takes
      // less memory, because each name is stored only once.
      if (willExceed(memoryBytes, packer, { textBytes, of: source.sizeBytes, density: 1 }))
        throw new MemoryLimitError({ events: builder.eventCount, textBytes })
    }
    const { history, packed, edges } = packer.endOfStretch(isFirst)
    return { rest: restOf(history), packed, edges }
  } finally {
    source.close()
  }
}
