import type { LoadEntry } from '@chaosproxy/runner'
import { type Chunk, type Report, readChunk } from './messages.ts'

/**
 * The largest accepted distance between a chunk's number and that of the last chunk that arrived in order. A worker has
 * at most one unacknowledged chunk per client, because clients wait for acknowledgements.
 */
const MOST_EARLY = 1_000
const MOST_UNREADABLE = 10

/** Orders a worker's reports, and delivers each chunk once. */
export interface Inbox {
  /** Takes in a report. Returns false once too many reports were unreadable. */
  put(report: Report): boolean
  /** All chunks up to this number have arrived. */
  arrived(): number
  /** Whether all of the worker's chunks have arrived. */
  isComplete(): boolean
  /** The entries that arrived since the last call. */
  take(): readonly LoadEntry[]
}

export function createInbox({ index, of }: { readonly index: number; readonly of: number }): Inbox {
  const early = new Map<number, readonly LoadEntry[]>()
  let [arrived, made, unreadable] = [0, 0, 0]
  let undelivered: LoadEntry[] = []

  function take(chunk: Chunk): void {
    if (chunk.number <= arrived || chunk.number > arrived + MOST_EARLY) return
    const entries = readChunk(chunk)
    if (entries === undefined || !entries.every(({ process }) => process % (of + 1) === index)) {
      unreadable += 1
      return
    }
    early.set(chunk.number, entries)
    for (let next = early.get(arrived + 1); next !== undefined; next = early.get(arrived + 1)) {
      arrived += 1
      early.delete(arrived)
      undelivered.push(...next)
    }
  }

  return {
    put({ chunks, chunk }) {
      made = Math.max(made, chunks)
      if (chunk !== undefined) take(chunk)
      return unreadable <= MOST_UNREADABLE
    },
    arrived: () => arrived,
    isComplete: () => arrived === made,
    take() {
      const taken = undelivered
      undelivered = []
      return taken
    },
  }
}
