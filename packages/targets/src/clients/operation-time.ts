export interface OperationTime {
  remainingMs(): number
  /** Pauses before the next attempt; resolves with false if no time is left. */
  pause(): Promise<boolean>
}

/** The pause before an operation is retried after a conflict with another client. */
const PAUSE_MS = 5

export function startOperation(timeoutMs: number): OperationTime {
  const deadline = performance.now() + timeoutMs
  const remainingMs = () => deadline - performance.now()
  return {
    remainingMs,
    async pause() {
      if (remainingMs() <= PAUSE_MS) return false
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      return true
    },
  }
}
