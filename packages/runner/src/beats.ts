import { millisToNanos, type Nanos, nanos } from '@chaosproxy/history'
import type { Clock } from './ports/cluster.ts'
import { BEAT_EVERY_MS, createBeats, type Standstill } from './result/standstills.ts'

interface BeatOptions {
  readonly since: () => Nanos
  readonly stood: (standstill: Standstill) => void
  readonly isOver: () => boolean
}

/** Calls `stood` after each time in which this process stood still, until it is over. */
export function watchBeats(clock: Clock, { since, stood, isOver }: BeatOptions): void {
  const beat = createBeats(since())
  const schedule = (): void => {
    const next = nanos(clock.now() + millisToNanos(BEAT_EVERY_MS))
    // A program that has recorded itself and has nothing more to do ends.
    clock.at(next, beaten, { keepsAlive: false })
  }
  function beaten(): void {
    if (isOver()) return
    const standstill = beat(since())
    if (standstill !== undefined) stood(standstill)
    schedule()
  }
  schedule()
}
