import { DIFFERS, type Encoded, NEVER, NOTHING } from '../encoded.ts'

/**
 * After which of its own operations on a key a process can no longer see what was there at the start: after it wrote the key
 * or read something else of it, after it wrote it, or after none, as far as the level asks.
 */
export type Hides = 'writes and reads' | 'writes' | 'nothing'

/** What a process did to a key first, by return. */
interface Past {
  wrote: number
  /** Of two values that it read: which, and by when. */
  readonly values: [number, number]
  readonly returns: [number, number]
}

/** By row of the history: whether what an operation observed may be what was there at the start. */
export function maySeeStart(encoded: Encoded, hides: Hides): (row: number) => boolean {
  const { length, row, key, keys, kind, expects, writes, calls, returns } = encoded
  const allowed = new Set<number>()
  const clients = encoded.clients()
  const pasts = new Map<number, Past>()
  for (let i = 0; i < length; i++) {
    const name = clients[i] * keys + key[i]
    let past = pasts.get(name)
    if (past === undefined) {
      past = { wrote: NEVER, values: [NOTHING, NOTHING], returns: [NEVER, NEVER] }
      pasts.set(name, past)
    }
    if (expects[i] !== NOTHING && kind[i] !== DIFFERS && !isHidden(past, expects[i], calls[i], hides))
      allowed.add(row[i])
    note(past, writes[i], kind[i] === DIFFERS ? NOTHING : expects[i], returns[i])
  }
  return (each) => allowed.has(each)
}

function isHidden({ wrote, values, returns }: Past, value: number, call: number, hides: Hides): boolean {
  if (hides === 'nothing') return false
  if (wrote < call) return true
  return hides === 'writes and reads' && returns.some((at, n) => at < call && values[n] !== value)
}

/** Of each value the first return counts, and of all values two are enough: one of them is another than any third. */
function note(past: Past, written: number, read: number, at: number): void {
  if (written !== NOTHING && at < past.wrote) past.wrote = at
  if (read === NOTHING) return
  const { values, returns } = past
  const same = values.indexOf(read)
  if (same !== -1) returns[same] = Math.min(returns[same], at)
  else {
    const later = returns[0] > returns[1] ? 0 : 1
    if (at >= returns[later]) return
    values[later] = read
    returns[later] = at
  }
}
