import { ascending } from '../../encoding/lists.ts'
import { type Budget, inTime } from '../../limits/budget.ts'
import { shrink } from '../../search/shrink.ts'
import { type EdgeKind, EdgeList, type Edges } from '../graph/edges.ts'
import type { Isolation } from '../levels/ladder.ts'
import { Findings } from '../record/findings.ts'
import { partOf } from '../record/part.ts'
import { COMMITTED, committed, READ, type TransactionRecord } from '../record/record.ts'
import { type Chosen, type FoundCycle, findCycle } from './cycle.ts'
import { RegisterJudge } from './judge.ts'
import type { Ordering } from './problem.ts'
import { NOBODY, type Sources } from './sources.ts'

export interface Registers {
  readonly record: TransactionRecord
  readonly sources: Sources
  readonly granted: Edges
}

/** Transactions that violate a level by themselves. A read counts only if the writer of its value is among them. */
export interface Example extends Partial<FoundCycle> {
  /** Ascending. */
  readonly among: readonly number[]
  /** Whether the transactions in `among` violate the level by themselves; false if this could not be verified. */
  readonly standsAlone: boolean
  /** Whether none of the transactions in `among` can be omitted. */
  readonly isCut: boolean
}

/**
 * Finds transactions that violate a level. Removes one transaction after another, as long as the rest still violates
 * the level.
 */
export function findExample(
  registers: Registers,
  isolation: Isolation,
  ordering: Ordering,
  suspects: readonly number[],
  budget: Budget,
): Example {
  const isViolated = (some: readonly number[]): boolean => {
    if (some.length === 0) return false
    budget.look(some.length * some.length)
    const { record, sources, granted } = chosen(registers, some)
    return new RegisterJudge(record, sources, granted).decide(isolation, ordering, budget).result === 'violated'
  }
  const all = withWitnesses(registers, suspects)
  const standsAlone = inTime(
    () => isViolated(all),
    () => false,
  )
  if (!standsAlone) return { among: all, standsAlone, isCut: false }
  const among = shrink(all, isViolated, budget)
  const isCut = budget.left() > 0
  return { among, standsAlone, isCut, ...findCycle(chosen(registers, among), isolation, ordering) }
}

/**
 * Adds transactions that read from unanswered transactions, because such a read shows that the unanswered transaction
 * committed.
 */
function withWitnesses({ record, sources }: Registers, suspects: readonly number[]): readonly number[] {
  const all = new Set(suspects.filter((t) => sources.counts[t] === 1))
  const open = new Set([...all].filter((t) => record.status[t] !== COMMITTED))
  const readers = (t: number): readonly number[] =>
    Array.from(sources.source.subarray(record.starts[t], record.starts[t + 1]))
  for (const t of all) if (record.status[t] === COMMITTED) for (const source of readers(t)) open.delete(source)
  for (let t = 0; t < record.length && open.size > 0; t++) {
    if (record.status[t] !== COMMITTED) continue
    for (const source of readers(t)) if (open.delete(source)) all.add(t)
  }
  return ascending(all)
}

/** @param kept numbers of transactions, ascending */
function chosen({ record, sources, granted: orders }: Registers, kept: readonly number[]): Chosen {
  const part = partOf(record, kept)
  const { number, rows, keys } = part
  const granted = new EdgeList(16)
  for (let e = 0; e < orders.length; e++) {
    const [from, to] = [number.get(orders.from[e]), number.get(orders.to[e])]
    if (from !== undefined && to !== undefined)
      granted.add(from, to, orders.kind[e] as EdgeKind, keys.indexOf(orders.key[e]))
  }
  const { kind, status, starts } = part.record
  const source = Int32Array.from(rows, (row, at) => {
    const from = sources.source[row]
    return kind[at] !== READ || from < 0 ? from : (number.get(from) ?? NOBODY)
  })
  const counts = committed(part.record)
  for (let t = 0; t < kept.length; t++)
    if (status[t] === COMMITTED)
      for (const from of source.subarray(starts[t], starts[t + 1])) if (from >= 0) counts[from] = 1
  return {
    ...part,
    sources: {
      ...{ ...sources, counts, source, findings: new Findings() },
      isLast: Uint8Array.from(rows, (row) => sources.isLast[row]),
    },
    granted,
  }
}
