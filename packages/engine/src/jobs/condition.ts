/** Lets callers wait for a condition on a changing state. */
export interface Condition {
  /** Calls `holds` now and after each change. Resolves once it returns true, and rejects if it throws. */
  until(holds: () => boolean): Promise<void>
  changed(): void
}

export function createCondition(): Condition {
  const waiting = new Set<() => void>()
  return {
    until: (holds) =>
      new Promise((resolve, reject) => {
        const look = () => {
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
