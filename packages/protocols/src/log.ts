import type { NodeId } from '@chaosproxy/faults'
import type { Command } from './command.ts'

/** An entry of the replicated log. Entries are never changed, only replaced. */
export interface Entry {
  /** The term or epoch of the leader that created the entry. */
  readonly term: number
  /** The command; null for the no-op that begins a leader's term. */
  readonly command: Command | null
  /** The new voters, if the entry changes the membership. */
  readonly members?: readonly NodeId[] | undefined
}

/** Entries 1, 2, …; the first `compacted` entries have been applied and removed. */
export interface Log {
  compacted: number
  compactedTerm: number
  readonly entries: Entry[]
}

export const createLog = (): Log => ({ compacted: 0, compactedTerm: 0, entries: [] })

export const lastIndex = (log: Log): number => log.compacted + log.entries.length

/** Returns an entry. Checks the bounds first, because reading past the end of an array is slow and occurs often. */
export function entryAt({ compacted, entries }: Log, index: number): Entry | undefined {
  const at = index - compacted - 1
  return at >= 0 && at < entries.length ? entries[at] : undefined
}

/** Returns the term of an entry; 0 for index 0, undefined if the log does not have the entry. */
export function termAt(log: Log, index: number): number | undefined {
  if (index === log.compacted) return log.compactedTerm
  return entryAt(log, index)?.term
}

export const lastTerm = (log: Log): number => log.entries.at(-1)?.term ?? log.compactedTerm

export const entriesFrom = (log: Log, index: number, limit: number): Entry[] =>
  log.entries.slice(index - log.compacted - 1, index - log.compacted - 1 + limit)

/** Replaces all entries from `index` on. */
export function replaceFrom(log: Log, index: number, entries: readonly Entry[]): void {
  const kept = index - log.compacted - 1
  if (log.entries.length > kept) log.entries.length = kept
  for (const entry of entries) log.entries.push(entry)
}

/** Compacts the entries up to `index`. Later entries are kept only if the log has an entry with this index and term. */
export function compactLog(log: Log, index: number, term: number): void {
  if (termAt(log, index) === term) log.entries.splice(0, index - log.compacted)
  else log.entries.length = 0
  log.compacted = index
  log.compactedTerm = term
}

export function firstOfTerm(log: Log, index: number): number {
  const term = termAt(log, index)
  let first = index
  while (first - 1 > log.compacted && termAt(log, first - 1) === term) first--
  return first
}

export function lastOfTerm(log: Log, term: number, atMost: number): number | undefined {
  for (let index = Math.min(atMost, lastIndex(log)); index > log.compacted; index--) {
    const found = termAt(log, index)
    if (found === term) return index
    if (found !== undefined && found < term) return undefined
  }
  return undefined
}

/** Returns how many of `entries` the log already has. The first of `entries` has the index `prevIndex + 1`. */
export function countPresent(log: Log, prevIndex: number, entries: readonly Entry[]): number {
  let present = Math.min(entries.length, Math.max(0, log.compacted - prevIndex))
  while (present < entries.length && termAt(log, prevIndex + 1 + present) === entries[present]?.term) present++
  return present
}

/**
 * Makes `entries` the end of the log, after the index `prevIndex`. Entries that the log already has are not replaced.
 * Returns the entries that are new.
 */
export function replaceAfter(log: Log, prevIndex: number, entries: readonly Entry[]): Fresh {
  const present = countPresent(log, prevIndex, entries)
  const fresh = { from: prevIndex + 1 + present, entries: entries.slice(present) }
  replaceFrom(log, fresh.from, fresh.entries)
  return fresh
}

interface Fresh {
  readonly from: number
  readonly entries: readonly Entry[]
}

/**
 * "If the logs have last entries with different terms, then the log with the later term is more up-to-date. If the logs
 * end with the same term, then whichever log is longer is more up-to-date." (Raft §5.4.1)
 */
export const isUpToDate = (log: Log, otherLastTerm: number, otherLastIndex: number): boolean =>
  otherLastTerm === lastTerm(log) ? otherLastIndex >= lastIndex(log) : otherLastTerm > lastTerm(log)
