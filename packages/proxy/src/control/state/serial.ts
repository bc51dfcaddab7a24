/** Runs the tasks of one name in order, one at a time; different names do not wait for each other. */
export type Serially = <T>(name: string, task: () => Promise<T>) => Promise<T>

export function createSerially(): Serially {
  const last: Map<string, Promise<unknown>> = new Map()
  return async (name, task) => {
    const before = last.get(name)
    const mine = (async () => {
      // Its own caller has been told how the earlier task ended.
      await before?.catch(() => undefined)
      return task()
    })()
    last.set(name, mine)
    try {
      return await mine
    } finally {
      if (last.get(name) === mine) last.delete(name)
    }
  }
}
