/** Clients take turns to write and read registers. One read returns the write before the last. */
export function recordingOf(operations: number, keys: number, staleAt?: number): readonly string[] {
  const lines: string[] = []
  const last = new Map<number, number | null>()
  for (let i = 0; i < operations; i += 2) {
    const key = (i / 2) % keys
    const read = i === staleAt ? (last.get(key) ?? null) : i
    last.set(key, i)
    for (const [process, f, value] of [
      [i % 3, 'write', i],
      [3 + (i % 2), 'read', read],
    ])
      for (const type of ['invoke', 'ok']) {
        const said = f === 'read' && type === 'invoke' ? null : value
        lines.push(JSON.stringify({ process, type, f, key: `k${key}`, value: said }))
      }
  }
  return lines
}
