/** Adds the newest entry, and forgets the oldest entry beyond `most`. */
export function remember<Value>(remembered: Map<string, Value>, name: string, value: Value, most: number): void {
  remembered.delete(name)
  remembered.set(name, value)
  const [oldest] = remembered.size > most ? remembered.keys() : []
  if (oldest !== undefined) remembered.delete(oldest)
}
