/** A node's memory of answered requests. Late duplicates of a message arrive soon or never. */
interface Memory<Key> {
  readonly size: number
  keys(): Iterable<Key>
  delete(key: Key): boolean
}

const MEMORY_LIMIT = 10_000

export function forgetOldest<Key>(memory: Memory<Key>, limit: number = MEMORY_LIMIT): void {
  if (memory.size <= limit) return
  const [oldest] = memory.keys()
  if (oldest !== undefined) memory.delete(oldest)
}
