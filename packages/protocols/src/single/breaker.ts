/**
 * A circuit breaker (Nygard, "Release It!", 2007, "Circuit Breaker"): after consecutive failures, no attempts are sent
 * for a while. Then one request is let through, and its outcome determines whether the circuit closes.
 */
export interface Breaker {
  failures: number
  /** The end of the cool-down by the monotonic clock; undefined while the circuit is closed. */
  openUntil: number | undefined
  /** Whether the one request that a half-open circuit lets through is in progress. */
  probing: boolean
}

export const createBreaker = (): Breaker => ({ failures: 0, openUntil: undefined, probing: false })

/** Whether an attempt may be sent now. After the cool-down, only the first call returns true. */
export function mayPass(breaker: Breaker, steady: number): boolean {
  if (breaker.openUntil === undefined) return true
  if (steady < breaker.openUntil || breaker.probing) return false
  breaker.probing = true
  return true
}

export function noteSuccess(breaker: Breaker): void {
  breaker.failures = 0
  breaker.openUntil = undefined
  breaker.probing = false
}

/** Records a failure. Returns whether it opens the circuit. */
export function noteFailure(breaker: Breaker, limit: number, openUntil: number): boolean {
  breaker.failures++
  const opens = limit > 0 && (breaker.probing || (breaker.openUntil === undefined && breaker.failures >= limit))
  if (opens) {
    breaker.openUntil = openUntil
    breaker.probing = false
  }
  return opens
}
