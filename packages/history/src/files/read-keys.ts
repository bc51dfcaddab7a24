import { HistoryBuilder } from '../builder.ts'
import { ByteTable } from '../byte-table.ts'
import { createReader } from '../codecs/reader.ts'
import { Columns } from '../columns.ts'
import type { History } from '../history.ts'
import { historyOf } from '../lending.ts'
import { CannotPack } from '../packed/cannot-pack.ts'
import { sortRows } from '../packed/row-reader.ts'
import { type ValueId, ValueTable } from '../value.ts'
import { MemoryLimitError } from './memory-limit.ts'
import { pumpSteps, type ReadOptions } from './read.ts'
import { openSource, sourceName } from './source.ts'

/**
 * Reads a recording like `readHistory`, but keeps the operations of some keys only, by name; '' for those without one.
 * They have the positions, times and lines that they have in the whole history.
 *
 * @throws CannotPack as `readPacked` does.
 * @throws MemoryLimitError if `memoryBytes` is not enough for them.
 */
export async function readKeys(path: string, keys: ReadonlySet<string>, options: ReadOptions = {}): Promise<History> {
  const name = sourceName(path)
  const source = await openSource(path, options.stored)
  const { memoryBytes = Number.POSITIVE_INFINITY } = options
  try {
    let builder = new HistoryBuilder({ source: name })
    let keeping = new Keeping(builder, keys)
    const steps = pumpSteps(source, path, options, (format) => {
      builder = new HistoryBuilder({ source: name, format, ordering: options.ordering })
      keeping = new Keeping(builder, keys)
      return createReader(format, { source: name, sink: builder, builder, independent: options.independent })
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

/** Takes the operations of some keys out of a builder, and lets it forget the others. */
class Keeping {
  readonly #builder: HistoryBuilder
  readonly #keys: ReadonlySet<string>
  readonly #columns: Columns = new Columns(64)
  readonly #values: ValueTable = new ValueTable()
  readonly #errors: ByteTable = new ByteTable()
  /** By number of the key, preceded by none: whether it is kept, once that is known. */
  readonly #kept: boolean[]

  constructor(builder: HistoryBuilder, keys: ReadonlySet<string>) {
    this.#builder = builder
    this.#keys = keys
    this.#kept = [keys.has('')]
  }

  get sizeBytes(): number {
    return this.#columns.sizeBytes + this.#values.sizeBytes + this.#errors.sizeBytes + this.#builder.sizeBytes
  }

  keep(): void {
    const { keys } = this.#builder
    while (this.#kept.length <= keys.length) this.#kept.push(this.#keys.has(keys.text(this.#kept.length - 1)))
    const why = this.#builder.release(this.#take)
    if (why !== undefined) throw new CannotPack(why)
  }

  end(): History {
    this.keep()
    this.#builder.giveUp()
    this.#builder.release(this.#take)
    const parts = this.#builder.build().lend?.()
    if (parts === undefined) throw new Error('a history that was built can be lent')
    sortRows(this.#columns, false)
    return historyOf({
      ...parts,
      operations: this.#columns.operations(),
      values: this.#values,
      errorColumn: this.#columns.error,
      errors: this.#errors,
    })
  }

  readonly #take = (from: Columns, row: number): void => {
    const key = from.key[row] ?? -1
    if (this.#kept[key + 1] !== true) return
    const { values, errors } = this.#builder
    const to = this.#columns
    const own = to.add(from, row)
    to.input[own] = this.#values.id(values.json((from.input[row] ?? 0) as ValueId))
    to.output[own] = this.#values.id(values.json((from.output[row] ?? 0) as ValueId))
    const error = from.error[row] ?? 0
    to.error[own] = error === 0 ? 0 : this.#errors.internText(errors.text(error - 1)) + 1
  }
}
