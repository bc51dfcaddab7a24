import type { AnyEffect } from './disk.ts'
import type { Happening } from './queue.ts'

/** A node that waits for its disk. */
interface Writer {
  written(life: number, batch: readonly AnyEffect[]): void
}

/** The moment at which what a node wrote in one of its lives is durable. */
export class Fsync implements Happening {
  readonly #writer: Writer
  readonly #life: number
  readonly #batch: readonly AnyEffect[]

  constructor(writer: Writer, life: number, batch: readonly AnyEffect[]) {
    this.#writer = writer
    this.#life = life
    this.#batch = batch
  }

  happen(): void {
    this.#writer.written(this.#life, this.#batch)
  }
}
