import { millisToNanos, type Nanos, nanos } from '@chaosproxy/history'
import type { Clock } from './ports.ts'
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
    clock.at(nanos(clock.now() + millisToNanos(BEAT_EVERY_MS)), () => {
      if (isOver()) return
      const standstill = beat(since())
      if (standstill !== undefined) stood(standstill)
      schedule()
    })
  }
  schedule()
}
