import type { Effect } from '@chaosproxy/protocols'
import { encodeRecord, type Journal } from './journal.ts'

export type AnyEffect = Effect<unknown, unknown>
export type VolatileEffect = Exclude<AnyEffect, { type: 'persist' }>

interface EffectRunner {
  /** Carries out effects in order. A `persist` delays the effects after it until its record is durable. */
  run(effects: readonly AnyEffect[]): void
  /** Returns the number of waiting effects. */
  backlog(): number
}

/**
 * Carries out effects in order, with group commit: records that arrive during a write are written together afterwards.
 * An effect waits until all earlier records are durable. A record may become durable before an earlier effect is
 * carried out. A crash at this moment loses the effect, but not the record.
 */
export function createEffectRunner(options: {
  readonly journal: Journal
  /** Carries out an effect, without running further effects. */
  readonly carryOut: (effect: VolatileEffect) => void
  readonly diskFailed: (error: Error) => void
}): EffectRunner {
  let waiting: AnyEffect[] = []
  let batch = ''
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
      // The write begins later, so that it includes all records from the rest of this event-loop turn.
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
