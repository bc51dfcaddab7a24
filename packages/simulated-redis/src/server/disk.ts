import type { Change, Store } from '../store.ts'
import { redo } from './execute.ts'

/** The interval in nanoseconds at which `appendfsync everysec` writes to disk. */
const FSYNC_NANOS = 1e9

/** An append-only file: the commands on disk, and those not yet fsynced. */
export class Disk {
  readonly #store: Store
  #written: { readonly at: number; readonly change: Change }[] = []

  constructor(store: Store) {
    this.#store = store
  }

  write(at: number, change: Change): void {
    this.#written.push({ at, change })
  }

  fsync(now: number): void {
    const fsyncedAt = Math.floor(now / FSYNC_NANOS) * FSYNC_NANOS
    const count = this.#written.findIndex(({ at }) => at >= fsyncedAt)
    this.#redo(this.#written.splice(0, count < 0 ? this.#written.length : count))
  }

  /**
   * Returns the data after a power loss. Of the commands that were not fsynced, only the first `kept(written)` remain.
   */
  losePower(kept: (written: number) => number): Store {
    this.#redo(this.#written.splice(0, kept(this.#written.length)))
    this.#written = []
    return this.#store.copy()
  }

  #redo(written: readonly { readonly change: Change }[]): void {
    redo(
      this.#store,
      written.map(({ change }) => change),
    )
  }
}
