import type { Transaction } from './model.ts'
import type { EngineTime } from './wait.ts'

/** The progress of a standby, in numbers of commits. */
interface Standby {
  received(): number
  /** Returns the oldest commit that the standby's sessions may still need. */
  horizon(): number
}

interface Logged {
  readonly transaction: Transaction
  /** The time at which the write-ahead log is on disk up to this commit. */
  flushedAt: bigint
}

/** An asynchronous commit is on disk after at most three times the `wal_writer_delay` of 200 ms. */
const LONGEST_FLUSH_MICROS = 600_000

/** The commits that a crash or a promotion may still lose. */
export class CommitLog {
  readonly #time: EngineTime
  readonly #random: () => number
  #tail: Logged[] = []
  standby: Standby | undefined

  constructor(time: EngineTime, random: () => number) {
    this.#time = time
    this.#random = random
  }

  /** @param durability `asynchronous` if `synchronous_commit` is off; `permanent` if nothing can lose the commit. */
  add(transaction: Transaction, durability: 'synchronous' | 'asynchronous' | 'permanent'): void {
    if (durability === 'permanent') {
      this.#tail = []
      return
    }
    const now = this.#time.now()
    const isFlushed = durability === 'synchronous'
    if (isFlushed) for (const logged of this.#tail) if (logged.flushedAt > now) logged.flushedAt = now
    this.#trim()
    if (isFlushed && this.standby === undefined) return
    const flushedAt = isFlushed ? now : now + BigInt(Math.ceil(this.#random() * LONGEST_FLUSH_MICROS))
    this.#tail.push({ transaction, flushedAt })
  }

  /** The number of the last commit that cannot be lost any more and that the standby's sessions see. */
  get certain(): number {
    this.#trim()
    const first = this.#tail[0]?.transaction.commitNumber ?? Number.POSITIVE_INFINITY
    return Math.min(first - 1, this.standby?.horizon() ?? Number.POSITIVE_INFINITY)
  }

  /** Returns the number of the newest commit on disk. `last` is the number of the newest commit. */
  flushedOf(last: number): number {
    const now = this.#time.now()
    const flushed = this.#tail.findLastIndex(({ flushedAt }) => flushedAt <= now)
    const next = this.#tail[flushed + 1]
    return next === undefined ? last : next.transaction.commitNumber - 1
  }

  #trim(): void {
    const now = this.#time.now()
    const received = this.standby?.received() ?? Number.POSITIVE_INFINITY
    const kept = this.#tail.findIndex(
      ({ transaction, flushedAt }) => flushedAt > now || transaction.commitNumber > received,
    )
    if (kept !== 0) this.#tail.splice(0, kept < 0 ? this.#tail.length : kept)
  }

  /** Drops the commits that are not on disk. Returns their number. */
  crash(): number {
    const now = this.#time.now()
    return this.#lose(this.#tail.findLastIndex(({ flushedAt }) => flushedAt <= now) + 1)
  }

  /** Promotes a standby that received the log up to `position`. Returns the number of lost commits. */
  promote(position: number): number {
    const first = this.#tail.findIndex(({ transaction }) => transaction.commitNumber > position)
    return this.#lose(first < 0 ? this.#tail.length : first)
  }

  #lose(from: number): number {
    const lost = this.#tail.splice(from)
    for (const { transaction } of lost) transaction.state = 'aborted'
    return lost.length
  }
}
