import { millisToNanos, type Nanos, nanos } from '@chaosproxy/history'
import type { Clock } from './ports.ts'
import { BEAT_EVERY_MS, createBeats, type Standstill } from './result/standstills.ts'

/** Calls back after each time in which this process stood still, until the result is called. */
export function watchBeats(clock: Clock, since: () => Nanos, stood: (standstill: Standstill) => void): () => void {
  const beat = createBeats(since())
  let cancel = () => {}
  const schedule = (): void => {
    cancel = clock.at(nanos(clock.now() + millisToNanos(BEAT_EVERY_MS)), () => {
      const standstill = beat(since())
      if (standstill !== undefined) stood(standstill)
      schedule()
    })
  }
  schedule()
  return () => cancel()
}
