/** Lets callers wait for a condition on a changing state. */
export interface Condition {
  /**
   * Calls `holds` immediately and after each change. Resolves once `holds` returns true. Rejects with the error that
   * `holds` throws.
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
