import type { TransactionRecord } from '../record/record.ts'
import type { KeyFacts } from './key-facts.ts'
import type { Ordering } from './problem.ts'
import { INITIAL } from './sources.ts'
import type { Views } from './views.ts'

type See = (writer: number) => void

/**
 * Read atomic: nothing that a transaction sees is older than what a visible one wrote. Visible are its sources and,
 * where those count, all before it in its session or all that ended before it began. Each visible
 * writer of a key comes before the source of a read of it.
 */
export function addAtomicViews(record: TransactionRecord, facts: KeyFacts, ordering: Ordering, views: Views): void {
  const sources = sourcesOf(facts, record.length)
  const writes = new Int32Array(record.length).fill(-1)
  for (let k = 0; k < facts.keys; k++) {
    if (facts.readStarts[k] === facts.readStarts[k + 1]) continue
    for (let at = facts.writerStarts[k]; at < facts.writerStarts[k + 1]; at++) writes[facts.writer[at]] = k
    const others =
      ordering === 'none'
        ? undefined
        : ordering === 'sessions'
          ? writersInSession(facts, record, k)
          : writersEnded(facts, record, k)
    for (let at = facts.readStarts[k]; at < facts.readStarts[k + 1]; at++) {
      const [reader, from] = [facts.reader[at], facts.source[at]]
      const see: See = (writer) => {
        if (writer !== from && writer !== reader) views.sees(reader, writer, from, k)
      }
      for (const other of sources[reader] ?? []) if (writes[other] === k) see(other)
      others?.(reader, see)
    }
  }
}

function sourcesOf({ reader, source }: KeyFacts, transactions: number): (number[] | undefined)[] {
  const sources = new Array<number[] | undefined>(transactions)
  for (let at = 0; at < reader.length; at++) {
    if (source[at] === INITIAL) continue
    const all = sources[reader[at]]
    if (all === undefined) sources[reader[at]] = [source[at]]
    else all.push(source[at])
  }
  return sources
}

/** The last writer before a reader in its session: it comes after the others there. */
function writersInSession(facts: KeyFacts, { session, invoked, completed }: TransactionRecord, k: number) {
  const bySession = new Map<number, number[]>()
  for (let at = facts.writerStarts[k]; at < facts.writerStarts[k + 1]; at++) {
    const writer = facts.writer[at]
    if (session[writer] < 0) continue
    const all = bySession.get(session[writer])
    if (all === undefined) bySession.set(session[writer], [writer])
    else all.push(writer)
  }
  return (reader: number, see: See): void => {
    const all = bySession.get(session[reader]) ?? []
    const end = firstWhere(all.length, (at) => completed[all[at] as number] >= invoked[reader])
    const last = all[end - 1]
    if (last !== undefined) see(last)
  }
}

/** The writers that ended before a reader began, but for those that ended before another of these began. */
function writersEnded(facts: KeyFacts, { invoked, completed }: TransactionRecord, k: number) {
  const all = facts.writer
    .slice(facts.writerStarts[k], facts.writerStarts[k + 1])
    .sort((a, b) => completed[a] - completed[b])
  /** By place: the latest invocation up to it. */
  const latest = new Int32Array(all.length)
  for (let at = 0; at < all.length; at++) latest[at] = Math.max(invoked[all[at]], at === 0 ? -1 : latest[at - 1])
  return (reader: number, see: See): void => {
    const end = firstWhere(all.length, (at) => completed[all[at]] >= invoked[reader])
    for (let at = end - 1; at >= 0 && completed[all[at]] >= latest[end - 1]; at--) see(all[at])
  }
}

/** The first number from 0 on for which a condition holds that then holds for all; `length` if there is none. */
function firstWhere(length: number, holds: (at: number) => boolean): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
