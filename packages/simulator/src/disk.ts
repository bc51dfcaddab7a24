import type { NodeId } from '@chaos/faults'
import type { Millis } from '@chaos/history'
import type { Effect } from '@chaos/protocols'
import { fate, type Stream, streamOf } from './fate.ts'

export type AnyEffect = Effect<unknown, unknown>

export interface DiskOptions {
  /** Of the node whose disk it is. */
  readonly id: NodeId
  readonly seed: number
  /** Making a record durable takes this long at least, and at most. */
  readonly fsyncMinMs: Millis
  readonly fsyncMaxMs: Millis
}

const NOTHING: readonly AnyEffect[] = []

/**
 * What of a node outlives it. One batch of effects at a time is made durable, and whatever the node does meanwhile waits
 * behind it.
 */
export class Disk {
  readonly #minMs: Millis
  readonly #maxMs: Millis
  readonly #fsyncs: Stream
  readonly #tears: Stream
  readonly #journal: unknown[] = []
  #fsyncCount = 0
  /** Records that are not durable yet, and effects that wait for them. */
  #writing: readonly AnyEffect[] | undefined
  #waiting: readonly AnyEffect[] = NOTHING

  constructor({ id, seed, fsyncMinMs, fsyncMaxMs }: DiskOptions) {
    this.#minMs = fsyncMinMs
    this.#maxMs = fsyncMaxMs
    this.#fsyncs = streamOf(seed, `${id} fsync`)
    this.#tears = streamOf(seed, `${id} torn write`)
  }

  /** Every record that became durable, in order. */
  journal(): unknown[] {
    return [...this.#journal]
  }

  get writing(): boolean {
    return this.#writing !== undefined
  }

  /** Lets these wait until what is being written is durable. */
  wait(effects: readonly AnyEffect[]): void {
    if (effects.length === 0) return
    this.#waiting = this.#waiting.length === 0 ? effects : [...this.#waiting, ...effects]
  }

  /** One fsync for all records of a batch; what stands between and after them waits for it. */
  begin(batch: readonly AnyEffect[]): void {
    this.#writing = batch
  }

  /** How long the fsync that begins now takes, in nanoseconds. */
  fsyncNanos(): number {
    const durationMs = this.#minMs + (this.#maxMs - this.#minMs) * fate(this.#fsyncs, this.#fsyncCount++)
    return Math.round(durationMs * 1e6)
  }

  /** The batch is durable. Gives what waited for that. */
  end(): readonly AnyEffect[] {
    for (const effect of this.#writing ?? NOTHING) if (effect.type === 'persist') this.#journal.push(effect.record)
    return this.#forget()
  }

  /** The node dies: of what is being written some first records are durable, or none, or all. */
  tear(): void {
    const batch = this.#writing ?? NOTHING
    const records = batch.flatMap((effect) => (effect.type === 'persist' ? [effect.record] : []))
    const durable = Math.floor(fate(this.#tears, this.#fsyncCount) * (records.length + 1))
    for (const record of records.slice(0, durable)) this.#journal.push(record)
    this.#forget()
  }

  #forget(): readonly AnyEffect[] {
    const waited = this.#waiting
    this.#waiting = NOTHING
    this.#writing = undefined
    return waited
  }
}
