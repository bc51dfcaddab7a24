import type { HistoryBuilder } from '../builder/builder.ts'
import type { Edges } from '../builder/edges.ts'
import type { Columns } from '../columns/columns.ts'
import { type Counted, Counting } from '../columns/tally.ts'
import { CannotPack } from '../event/error.ts'
import type { History } from '../history/history.ts'
import type { ByteTableData } from '../tables/byte-table.ts'
import { inSharedMemory } from '../tables/memory.ts'
import type { PackedRows } from './packed-rows.ts'
import { RowWriter } from './row-writer.ts'

/**
 * Divides keys into groups, called places. Each place is checked separately. Operations on keys with place -1 are not
 * packed.
 */
export interface Dealing {
  readonly places: number
  /** Returns the place of a key. The name '' stands for no key. */
  readonly placeOf: (key: string) => number
}

/** Packed operations, and counts of all operations. Plain data. */
export interface Packed {
  readonly rows: readonly PackedRows[]
  readonly keys: ByteTableData
  /** The place (see `Dealing`) of each key. Entry 0 is for operations without a key; entry n + 1 is for key n. */
  readonly places: Int32Array
  /** The number of packed operations by key. Entry 0 is for no key; entry n + 1 is for key n. */
  readonly counts: Int32Array
  readonly functions: readonly string[]
  readonly counted: Counted
  readonly clientEvents: number
  /**
   * The event position to which the first row is relative. By default, this is where the previous packed operations
   * end.
   */
  readonly at?: number | undefined
}

/** Packs operations as soon as they are complete, and removes them from the builder. */
export class Packer {
  readonly #builder: HistoryBuilder
  readonly #dealing: Dealing
  readonly #writers: readonly RowWriter[]
  readonly #counting: Counting = new Counting()
  /**
   * `#places` contains each key's place (a group of keys). `#numbers` numbers the keys of each place from 1. In both
   * arrays, entry 0 is for operations without a key, and entry n + 1 is for key n.
   */
  #places: Int32Array = new Int32Array(64)
  #numbers: Int32Array = new Int32Array(64)
  #counts: Int32Array = new Int32Array(64)
  /** By place. */
  readonly #keys: Int32Array
  #known = 0

  readonly #adjust: ((columns: Columns, row: number) => void) | undefined

  constructor(builder: HistoryBuilder, dealing: Dealing, adjust?: (columns: Columns, row: number) => void) {
    this.#builder = builder
    this.#adjust = adjust
    this.#dealing = dealing
    this.#writers = Array.from({ length: dealing.places }, () => new RowWriter())
    this.#keys = new Int32Array(dealing.places)
    this.#places[0] = dealing.placeOf('')
  }

  get packedBytes(): number {
    return this.#writers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  /** Bytes in use, including the builder's. */
  get sizeBytes(): number {
    return this.packedBytes + this.#builder.sizeBytes + 3 * this.#places.byteLength
  }

  /** Packs the complete operations. @throws CannotPack */
  pack(): void {
    this.#learnKeys()
    const why = this.#builder.release(this.#take)
    if (why !== undefined) throw new CannotPack(why)
  }

  /** Packs the remaining operations. @throws CannotPack */
  end(): { readonly history: History; readonly packed: Packed } {
    this.pack()
    this.#builder.giveUp()
    this.#builder.release(this.#take)
    return this.#packed()
  }

  endOfStretch(isFirst: boolean): { readonly history: History; readonly packed: Packed; readonly edges: Edges } {
    this.pack()
    const edges = this.#builder.edges(isFirst)
    return { ...this.#packed(), edges }
  }

  #packed(): { readonly history: History; readonly packed: Packed } {
    const builder = this.#builder
    const history = builder.build()
    return {
      history,
      packed: {
        rows: this.#writers.map((writer) => writer.packed()),
        keys: builder.keys.data(),
        places: shared(this.#places.subarray(0, builder.keys.length + 1)),
        counts: this.#counts.slice(0, builder.keys.length + 1),
        functions: history.functions,
        counted: this.#counting.counted(history.functions, history.nodes),
        clientEvents: builder.clientEvents,
      },
    }
  }

  readonly #take = (columns: Columns, row: number): void => {
    this.#adjust?.(columns, row)
    this.#counting.add(columns, row)
    const key = (columns.key[row] ?? -1) + 1
    const place = this.#places[key] ?? 0
    const writer = this.#writers[place]
    if (writer === undefined) return
    writer.add(columns, row, this.#numbers[key] ?? 0, this.#builder)
    this.#counts[key] = (this.#counts[key] ?? 0) + 1
  }

  #learnKeys(): void {
    const { keys } = this.#builder
    if (keys.length >= this.#places.length) {
      this.#places = longer(this.#places, keys.length + 1)
      this.#numbers = longer(this.#numbers, keys.length + 1)
      this.#counts = longer(this.#counts, keys.length + 1)
    }
    for (; this.#known < keys.length; this.#known += 1) {
      const place = this.#dealing.placeOf(keys.text(this.#known))
      this.#places[this.#known + 1] = place
      if (place < 0) continue
      const number = (this.#keys[place] ?? 0) + 1
      this.#keys[place] = number
      this.#numbers[this.#known + 1] = number
    }
  }
}

function shared(numbers: Int32Array): Int32Array {
  const memory = inSharedMemory.int32Array(numbers.length)
  memory.set(numbers)
  return memory
}

function longer(numbers: Int32Array, least: number): Int32Array {
  const larger = new Int32Array(Math.max(2 * numbers.length, least))
  larger.set(numbers)
  return larger
}
