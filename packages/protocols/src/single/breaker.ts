/**
 * A circuit breaker (Nygard, "Release It!", 2007, "Circuit Breaker"): after failures in a row nothing is sent for a while;
 * then one request is let through, and its outcome decides whether the circuit closes again.
 */
export interface Breaker {
  failures: number
  /** By the monotonic clock: when the cool-down ends; absent while closed. */
  openUntil: number | undefined
  /** Half-open: the one request let through has not ended. */
  probing: boolean
}

export const createBreaker = (): Breaker => ({ failures: 0, openUntil: undefined, probing: false })

/** Whether an attempt may be sent now. After the cool-down only the first caller gets `true`. */
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

/** True if this opens the circuit, for the first time or again. */
export function noteFailure(breaker: Breaker, limit: number, openUntil: number): boolean {
  breaker.failures++
  const opens = limit > 0 && (breaker.probing || (breaker.openUntil === undefined && breaker.failures >= limit))
  if (opens) {
    breaker.openUntil = openUntil
    breaker.probing = false
  }
  return opens
}
