/** What a node remembers of requests it has answered. Late duplicates of a message come soon or never. */
interface Memory<Key> {
  readonly size: number
  keys(): Iterable<Key>
  delete(key: Key): boolean
}

const MEMORY_LIMIT = 10_000

/** Forgets the oldest entry of a memory that has grown too large. */
export function forgetOldest<Key>(memory: Memory<Key>, limit: number = MEMORY_LIMIT): void {
  if (memory.size <= limit) return
  const [oldest] = memory.keys()
  if (oldest !== undefined) memory.delete(oldest)
}
