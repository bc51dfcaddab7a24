/**
 * A circuit breaker (Nygard, "Release It!", 2007, "Circuit Breaker"): after consecutive failures, nothing is sent for a
 * while; then one request decides whether the circuit closes.
 */
export interface Breaker {
  failures: number
  /** By the monotonic clock; undefined while the circuit is closed. */
  openUntil: number | undefined
  /** Whether the one request of a half-open circuit is in progress. */
  probing: boolean
}

export const createBreaker = (): Breaker => ({ failures: 0, openUntil: undefined, probing: false })

/** Whether an attempt may be sent. After the cool-down, only the first may. */
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
