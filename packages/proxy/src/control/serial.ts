/** Runs what is done to one name in order, one after the other; different names do not wait for each other. */
export type Serially = <T>(name: string, task: () => Promise<T>) => Promise<T>

export function createSerially(): Serially {
  const last: Map<string, Promise<unknown>> = new Map()
  return async (name, task) => {
    const before = last.get(name)
    const mine = (async () => {
      // Whoever asked for what came before knows how it ended.
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
