/**
 * The requests that a node has answered. Old ones may be forgotten, because a duplicate of a message arrives shortly
 * after the message or never.
 */
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

/** Adds an entry. If there are then more than `limit` entries, removes the oldest one. */
export function remember<Key, Value>(memory: Map<Key, Value>, key: Key, value: Value, limit?: number): void {
  memory.set(key, value)
  forgetOldest(memory, limit)
}
