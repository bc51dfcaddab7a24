/** Lets callers wait for something that changes from time to time. */
export interface Condition {
  /**
   * Resolves once `holds` returns true, which is checked at once and after each change. Rejects with what it throws.
   */
  until(holds: () => boolean): Promise<void>
  /** Checks all waiting conditions again. */
  changed(): void
}

export function createCondition(): Condition {
  const waiting = new Set<() => void>()
  return {
    until: (holds) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          try {
            if (!holds()) return
            resolve()
          } catch (error) {
            reject(error)
          }
          waiting.delete(look)
        }
        waiting.add(look)
        look()
      }),
    changed() {
      for (const look of waiting) look()
    },
  }
}
