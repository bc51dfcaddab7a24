import { foundOrMade } from '@chaosproxy/history'
import { DIFFERS, type Encoded, NEVER, NOTHING } from '../../encoding/encoded.ts'

/**
 * Which operations of a process hide the initial value of a key from its later reads. `writes and reads`: its writes,
 * and its reads of other values.
 */
export type Hides = 'writes and reads' | 'writes' | 'nothing'

/** The first returns of one process's operations on one key. */
interface Past {
  wrote: number
  /**
   * `values`: two values that the process read. `returns`: for each of the two, the first return of a read of the
   * value.
   */
  readonly values: [number, number]
  readonly returns: [number, number]
}

const newPast = (): Past => ({ wrote: NEVER, values: [NOTHING, NOTHING], returns: [NEVER, NEVER] })

/** Returns a test of whether a row may have observed the initial value. */
export function maySeeStart(encoded: Encoded, hides: Hides): (row: number) => boolean {
  const { length, row, key, keys, kind, expects, writes, calls, returns } = encoded
  const allowed = new Set<number>()
  const clients = encoded.clients()
  const pasts = new Map<number, Past>()
  for (let i = 0; i < length; i++) {
    const name = clients[i] * keys + key[i]
    const past = foundOrMade(pasts, name, newPast)
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

/**
 * Records what an operation wrote or read, and when. It is enough to keep two read values, because any value differs
 * from at least one of them.
 */
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
