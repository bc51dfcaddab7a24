import type { Event } from '@chaosproxy/history'
import type { WireEvent } from './ports.ts'

/** Watches for changes that a client asked for again once their answer was lost, and that were carried out both times. */
export interface Repeats {
  /** An event of what clients were told, with its line, in which the proxy names the operation that it repeats. */
  client(line: string, event: WireEvent): void
  backend(event: WireEvent): void
  /** Why a record in which each send is an operation of its own says too little; empty if nothing was done twice. */
  doubts(): readonly string[]
}

/** What the proxy writes if the client has reconnected and begun with what was unanswered. */
const REPEATS = /"repeats":(\d+),"resent":true/
/** Doing these twice is not the same as once. */
const ACCUMULATING: readonly string[] = ['add', 'append', 'enqueue', 'transfer']
const MOST_KEYS = 3

export function createRepeats(model: string): Repeats {
  /** Processes whose last operation a node has carried out. A process has the same number in both views. */
  const carriedOut = new Set<Event['process']>()
  /** Repetitions that no node has answered yet, by process, with their keys. */
  const open = new Map<Event['process'], string>()
  const twice = new Map<string, number>()
  return {
    client(line, { type, process, f, key, value }) {
      if (type !== 'invoke') return
      const first = REPEATS.exec(line)?.[1]
      const accumulates = ACCUMULATING.includes(f)
        ? model !== 'set'
        : f === 'cas' && (value === null || value === undefined)
      if (first !== undefined && accumulates && carriedOut.has(Number(first))) open.set(process, key ?? f)
    },
    backend({ type, process }) {
      if (type === 'invoke') carriedOut.delete(process)
      if (type === 'ok') carriedOut.add(process)
      if (type === 'invoke' || !open.has(process)) return
      const key = open.get(process) ?? ''
      open.delete(process)
      if (type === 'ok') twice.set(key, (twice.get(key) ?? 0) + 1)
    },
    doubts() {
      if (twice.size === 0) return []
      const total = [...twice.values()].reduce((sum, times) => sum + times, 0)
      const keys = [...twice.keys()]
      const more = keys.length > MOST_KEYS ? ` and ${keys.length - MOST_KEYS} more` : ''
      const [changes, were] = total === 1 ? ['change', 'was'] : ['changes', 'were']
      return [
        `${total} ${changes} whose answer was lost ${were} sent again by the same client and carried out both times, of ${keys.slice(0, MOST_KEYS).join(', ')}${more}. If the driver did that by itself, what was asked for once was applied twice (for ioredis, maxRetriesPerRequest: 0 prevents it). To prove it, record those who ask: the app, with a route table, and this server with --as tcp`,
      ]
    },
  }
}
