import { HistoryBuilder } from '../builder/builder.ts'
import { createReader } from '../codecs/formats.ts'
import { CannotPack } from '../event/error.ts'
import type { LentHistory } from '../history/history-data.ts'
import { type Dealing, type Packed, Packer } from '../packed/packer.ts'
import { pumpSteps, type ReadOptions, restOf } from './read.ts'
import { openSource, sourceName } from './source.ts'
import { MemoryLimitError, willExceed } from './system/memory-limit.ts'

/** A recording that was packed while it was read. Plain data. */
export interface PackedRecording {
  readonly rest: LentHistory
  readonly packed: readonly Packed[]
}

/**
 * Reads a recording like `readHistory`. Keeps only operations on keys to which `dealing` gives a place, and packs these
 * operations. The needed memory grows only with these operations.
 *
 * @throws CannotPack for a format other than JSON lines, and for a recording that must be checked as a whole.
 * @throws MemoryLimitError if `memoryBytes` is not enough.
 */
export async function readPacked(path: string, dealing: Dealing, options: ReadOptions = {}): Promise<PackedRecording> {
  const name = sourceName(path)
  const source = await openSource(path, options.stored)
  try {
    const { memoryBytes = Number.POSITIVE_INFINITY } = options
    let builder = new HistoryBuilder({ source: name })
    let packer = new Packer(builder, dealing)
    const steps = pumpSteps(source, path, options, (format) => {
      if (format !== 'jsonl') throw new CannotPack('another format than JSON lines')
      builder = new HistoryBuilder({ source: name, format, shared: true, ordering: options.ordering })
      packer = new Packer(builder, dealing)
      return createReader(format, { source: name, sink: builder, builder })
    })
    let textBytes = 0
    for await (const bytes of steps) {
      textBytes += bytes
      packer.pack()
      if (willExceed(memoryBytes, packer, { textBytes, of: source.sizeBytes, density: 0.5 }))
        throw new MemoryLimitError({ events: builder.eventCount, textBytes, of: source.sizeBytes })
    }
    const { history, packed } = packer.end()
    return { rest: restOf(history), packed: [packed] }
  } finally {
    source.close()
  }
}
