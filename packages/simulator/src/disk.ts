import type { NodeId } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import type { Effect } from '@chaosproxy/protocols'
import { fate, type Stream, streamOf } from './fate.ts'
import type { Happening } from './queue.ts'

export type AnyEffect = Effect<unknown, unknown>

export interface DiskOptions {
  readonly id: NodeId
  readonly seed: number
  readonly fsyncMinMs: Millis
  readonly fsyncMaxMs: Millis
}

const NOTHING: readonly AnyEffect[] = []

/**
 * The disk of a node, which survives crashes. One batch of effects becomes durable at a time, and later effects wait.
 */
export class Disk {
  readonly #minMs: Millis
  readonly #maxMs: Millis
  readonly #fsyncs: Stream
  readonly #tears: Stream
  readonly #journal: unknown[] = []
  #fsyncCount = 0
  #writing: readonly AnyEffect[] | undefined
  #waiting: AnyEffect[] = []

  constructor({ id, seed, fsyncMinMs, fsyncMaxMs }: DiskOptions) {
    this.#minMs = fsyncMinMs
    this.#maxMs = fsyncMaxMs
    this.#fsyncs = streamOf(seed, `${id} fsync`)
    this.#tears = streamOf(seed, `${id} torn write`)
  }

  /** The durable records, always in the same array. */
  get durable(): readonly unknown[] {
    return this.#journal
  }

  journal(): unknown[] {
    return [...this.#journal]
  }

  get writing(): boolean {
    return this.#writing !== undefined
  }

  /** Queues effects until the current batch is durable. */
  wait(effects: readonly AnyEffect[]): void {
    for (const effect of effects) this.#waiting.push(effect)
  }

  /** Starts one fsync for a batch. The effects of the batch wait for the fsync. */
  begin(batch: readonly AnyEffect[]): void {
    this.#writing = batch
  }

  fsyncNanos(): number {
    const durationMs = this.#minMs + (this.#maxMs - this.#minMs) * fate(this.#fsyncs, this.#fsyncCount++)
    return Math.round(durationMs * 1e6)
  }

  end(): readonly AnyEffect[] {
    for (const effect of this.#writing ?? NOTHING) if (effect.type === 'persist') this.#journal.push(effect.record)
    return this.#forget()
  }

  /** Ends the write that is in progress at a crash: a prefix of its records becomes durable. */
  tear(): void {
    const batch = this.#writing ?? NOTHING
    const records = batch.flatMap((effect) => (effect.type === 'persist' ? [effect.record] : []))
    const durable = Math.floor(fate(this.#tears, this.#fsyncCount) * (records.length + 1))
    for (const record of records.slice(0, durable)) this.#journal.push(record)
    this.#forget()
  }

  #forget(): readonly AnyEffect[] {
    this.#writing = undefined
    if (this.#waiting.length === 0) return NOTHING
    const waited = this.#waiting
    this.#waiting = []
    return waited
  }
}

interface Writer {
  written(life: number, batch: readonly AnyEffect[]): void
}

/** The event that ends an fsync. The batch is then durable, unless the node has crashed. */
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
