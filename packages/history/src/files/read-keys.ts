import { HistoryBuilder } from '../builder/builder.ts'
import { createReader } from '../codecs/formats.ts'
import type { Columns } from '../columns/columns.ts'
import { CannotPack } from '../event/error.ts'
import type { History } from '../history/history.ts'
import { historyOf } from '../history/lending.ts'
import { copyRow, emptyUnpacked, sortRows } from '../packed/row-reader.ts'
import { NULL, ValueTable } from '../tables/value.ts'
import { pumpSteps, type ReadOptions } from './read.ts'
import { openSource, sourceName } from './source.ts'
import { MemoryLimitError } from './system/memory-limit.ts'

/**
 * The keys whose operations are kept, by name. For each key: the values whose operations are kept, or undefined for all
 * values.
 */
export type WantedKeys = ReadonlyMap<string, readonly (number | null)[] | undefined>

/**
 * Reads a recording like `readHistory`, but keeps only operations of some keys. Of some of these keys, it keeps only
 * operations with certain values. The key '' stands for no key. Positions, times and lines are those in the whole
 * history.
 *
 * @throws CannotPack as `readPacked` does.
 * @throws MemoryLimitError if `memoryBytes` is not enough.
 */
export async function readKeys(path: string, keys: WantedKeys, options: ReadOptions = {}): Promise<History> {
  const name = sourceName(path)
  const source = await openSource(path, options.stored)
  const { memoryBytes = Number.POSITIVE_INFINITY } = options
  try {
    let builder = new HistoryBuilder({ source: name })
    let keeping = new Keeping(builder, keys)
    const steps = pumpSteps(source, path, options, (format) => {
      builder = new HistoryBuilder({ source: name, format, ordering: options.ordering })
      keeping = new Keeping(builder, keys)
      return createReader(format, {
        source: name,
        sink: builder,
        builder,
        independent: options.independent,
        mapping: options.mapping,
      })
    })
    let textBytes = 0
    for await (const bytes of steps) {
      textBytes += bytes
      keeping.keep()
      if (keeping.sizeBytes > memoryBytes) throw new MemoryLimitError({ events: builder.eventCount, textBytes })
    }
    return keeping.end()
  } finally {
    source.close()
  }
}

/** Keeps the operations of some keys, and lets the builder forget all others. */
class Keeping {
  readonly #builder: HistoryBuilder
  readonly #keys: WantedKeys
  readonly #kept = emptyUnpacked(64)
  /** By the number of a key: which of its operations are kept. Number 0 stands for no key. */
  readonly #wanted: (Wanted | undefined)[]

  constructor(builder: HistoryBuilder, keys: WantedKeys) {
    this.#builder = builder
    this.#keys = keys
    this.#wanted = [wantedOf(keys, '')]
  }

  get sizeBytes(): number {
    const { columns, values, errors } = this.#kept
    return columns.sizeBytes + values.sizeBytes + errors.sizeBytes + this.#builder.sizeBytes
  }

  keep(): void {
    const { keys } = this.#builder
    while (this.#wanted.length <= keys.length)
      this.#wanted.push(wantedOf(this.#keys, keys.text(this.#wanted.length - 1)))
    const why = this.#builder.release(this.#take)
    if (why !== undefined) throw new CannotPack(why)
  }

  end(): History {
    this.keep()
    this.#builder.giveUp()
    this.#builder.release(this.#take)
    const parts = this.#builder.build().lend?.()
    if (parts === undefined) throw new Error('this history cannot be passed to another thread')
    const { columns, values, errors } = this.#kept
    sortRows(columns, false)
    return historyOf({ ...parts, operations: columns.operations(), values, errorColumn: columns.error, errors })
  }

  readonly #take = (from: Columns, row: number): void => {
    const wanted = this.#wanted[(from.key[row] ?? -1) + 1]
    if (wanted === undefined) return
    const written = from.input[row] ?? NULL
    if (wanted !== 'all' && !wanted.has(written === NULL ? (from.output[row] ?? NULL) : written)) return
    const { values, errors } = this.#builder
    copyRow({ columns: from, values, errors }, row, this.#kept)
  }
}

/** Which operations of a key to keep: all, or those with these value ids. */
type Wanted = 'all' | ReadonlySet<number>

function wantedOf(keys: WantedKeys, name: string): Wanted | undefined {
  if (!keys.has(name)) return undefined
  const values = keys.get(name)
  const ids = new ValueTable()
  return values === undefined ? 'all' : new Set(values.map((value) => ids.id(value)))
}
