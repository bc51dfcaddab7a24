import type { Effect } from '@chaosproxy/protocols'
import { encodeRecord, type Journal } from './journal.ts'

// Effects pass through this file unchanged; their messages, results and records are not inspected.
export type AnyEffect = Effect<unknown, unknown>
export type VolatileEffect = Exclude<AnyEffect, { type: 'persist' }>

export interface EffectRunner {
  /** Carries out effects in order. Effects after a `persist` wait until its record is durable. */
  run(effects: readonly AnyEffect[]): void
  /** Returns the number of effects that wait for the disk. */
  backlog(): number
}

/**
 * Carries out effects in order, with group commit: while a write is in progress, the records of later steps accumulate
 * for the next write. An effect is never carried out before an earlier record is durable. However, a record may become
 * durable before an earlier effect is carried out. To other nodes, this looks like a crash between the two.
 */
export function createEffectRunner(options: {
  readonly journal: Journal
  /** Carries out an effect. Must not run further effects before it returns. */
  readonly carryOut: (effect: VolatileEffect) => void
  readonly diskFailed: (error: Error) => void
}): EffectRunner {
  let waiting: AnyEffect[] = []
  let batch = ''
  /** Number of records in `batch`. */
  let collected = 0
  let writing = false

  function run(effects: readonly AnyEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'persist') {
        batch += encodeRecord(effect.record)
        collected++
        waiting.push(effect)
      } else if (waiting.length > 0) waiting.push(effect)
      else options.carryOut(effect)
    }
    if (collected > 0 && !writing) {
      writing = true
      // Deferred, so that records from the rest of this event-loop turn share the write.
      setImmediate(write)
    }
  }

  function write(): void {
    const records = collected
    const bytes = batch
    collected = 0
    batch = ''
    options.journal.append(bytes, (error) => {
      if (error !== undefined) return options.diskFailed(error)
      release(records)
      writing = collected > 0
      if (writing) write()
    })
  }

  /**
   * Carries out waiting effects in order. `records` is the number of records that have become durable. Stops at the
   * first record that is not yet durable.
   */
  function release(records: number): void {
    let durable = records
    let done = 0
    for (; done < waiting.length; done++) {
      const effect = waiting[done] as AnyEffect
      if (effect.type !== 'persist') options.carryOut(effect)
      else if (durable > 0) durable--
      else break
    }
    waiting = waiting.slice(done)
  }

  return { run, backlog: () => waiting.length }
}
