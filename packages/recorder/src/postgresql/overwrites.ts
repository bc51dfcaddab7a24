import type { Json } from '@chaosproxy/history'
import type { Executed } from './transaction.ts'

/** The number of tracked rows. With more rows, fewer overwrites are noticed. */
const MOST_ROWS = 100_000

interface Written {
  readonly value: Json
  readonly by: RowUse
  /** The number of the write. */
  readonly turn: number
}

/**
 * Detects numbers that a connection read and then wrote in a separate statement, while others wrote the row in between.
 * If the written number was computed from the one read, their update is lost, which single reads and writes do not
 * show.
 */
export class Overwrites {
  readonly #written: Map<string, Written> = new Map()
  #turn = 0

  /** @param overwrote Called with the row's key. */
  connection(overwrote: (key: string) => void): RowUse {
    return new RowUse(this, overwrote)
  }

  get turn(): number {
    return this.#turn
  }

  lastWritten(key: string): Written | undefined {
    return this.#written.get(key)
  }

  write(key: string, value: Json, by: RowUse): void {
    if (this.#written.size >= MOST_ROWS) this.#written.clear()
    this.#written.set(key, { value, by, turn: ++this.#turn })
  }
}

/** The rows that one connection reads and writes. */
export class RowUse {
  readonly #all: Overwrites
  readonly #overwrote: (key: string) => void
  readonly #read: Map<string, { readonly value: number; readonly turn: number }> = new Map()

  constructor(all: Overwrites, overwrote: (key: string) => void) {
    this.#all = all
    this.#overwrote = overwrote
  }

  /** A transaction was committed. Single statements are judged separately, several on a row together. */
  committed(executed: readonly Executed[]): void {
    const isAlone = executed.length === 1
    for (const { step, said } of executed) {
      if (step.kind !== 'operation' || said?.type !== 'ok' || !('value' in said)) continue
      const { key, call, writes } = step.part
      const { value } = said
      if (writes === 'nothing') {
        if (isAlone) this.#hasRead(key, value)
        continue
      }
      if (isAlone && call.f === 'write' && typeof value === 'number' && this.#isBehind(key)) this.#overwrote(key)
      this.#read.delete(key)
      this.#all.write(key, value, this)
    }
  }

  #hasRead(key: string, value: Json): void {
    if (this.#read.size >= MOST_ROWS) this.#read.clear()
    if (typeof value === 'number') this.#read.set(key, { value, turn: this.#all.turn })
    else this.#read.delete(key)
  }

  /** Whether another connection has changed the row since this one read it. */
  #isBehind(key: string): boolean {
    const read = this.#read.get(key)
    const last = this.#all.lastWritten(key)
    if (read === undefined || last === undefined || last.by === this) return false
    return last.turn > read.turn && last.value !== read.value
  }
}
