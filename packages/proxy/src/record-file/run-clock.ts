import { type Nanos, nanos } from '@chaosproxy/history'

/** Returns a recorder's clock: monotonic nanoseconds since this call. */
export function startRunClock(): () => Nanos {
  const startedAtMs = performance.now()
  return () => nanos((performance.now() - startedAtMs) * 1e6)
}
