import type { Exit } from './interceptor.ts'

/** Joins bytes that are adjacent in memory, so that they are passed on together. */
export class Run {
  readonly #exit: Exit
  #bytes: Buffer | undefined
  #free = true

  constructor(exit: Exit) {
    this.#exit = exit
  }

  add(bytes: Buffer): void {
    const run = this.#bytes
    if (run !== undefined && run.buffer === bytes.buffer && run.byteOffset + run.length === bytes.byteOffset) {
      this.#bytes = Buffer.from(run.buffer, run.byteOffset, run.length + bytes.length)
      return
    }
    this.flush()
    this.#bytes = bytes
  }

  flush(): void {
    const run = this.#bytes
    if (run === undefined) return
    this.#bytes = undefined
    if (!this.#exit.pass(run)) this.#free = false
  }

  /** Returns whether the memory of the bytes passed on since the previous call is no longer needed. */
  takeFree(): boolean {
    const free = this.#free
    this.#free = true
    return free
  }
}
