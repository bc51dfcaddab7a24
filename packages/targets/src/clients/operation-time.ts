export interface OperationTime {
  remainingMs(): number
  /** Waits for a moment; resolves with false if no time is left. */
  pause(): Promise<boolean>
}

/** The pause before trying again what another client interfered with. */
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
