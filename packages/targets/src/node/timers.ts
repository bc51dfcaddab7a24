export interface Timers {
  set(timer: string, afterMs: number): void
  cancel(timer: string): void
  cancelAll(): void
}

export function createTimers(fired: (timer: string) => void): Timers {
  const running = new Map<string, NodeJS.Timeout>()
  return {
    set(timer, afterMs) {
      clearTimeout(running.get(timer))
      running.set(
        timer,
        setTimeout(() => fired(timer), afterMs),
      )
    },
    cancel: (timer) => clearTimeout(running.get(timer)),
    cancelAll() {
      for (const timer of running.values()) clearTimeout(timer)
    },
  }
}
