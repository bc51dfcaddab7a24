import { ascending, range } from '../../encoding/lists.ts'
import { type Budget, inTime } from '../../limits/budget.ts'
import { shrink } from '../../search/shrink.ts'
import { MOST_OPERATIONS } from '../../verdict/verdict.ts'
import { Findings } from '../record/findings.ts'
import { partOf } from '../record/part.ts'
import { committed, eachRow, READ, type TransactionRecord } from '../record/record.ts'
import { INITIAL, NO_VERSION, type Versions } from '../record/versions.ts'
import { violationOf } from './decide.ts'
import { judgeVersions } from './judge.ts'
import type { IsolationLevel } from './ladder.ts'
import type { Situation, Violation } from './situation.ts'

const EXAMPLE_MS = 500

/**
 * Finds a few transactions of one component that violate a level by themselves. Only their own appends and reads count.
 * Undefined if none are found in components of at most `MOST_OPERATIONS` transactions.
 */
export function findExampleAmong(situation: Situation, level: IsolationLevel): Violation | undefined {
  const { record, versions, core } = situation
  const budget = situation.budget.within(EXAMPLE_MS)
  const isViolated = (some: readonly number[]): boolean => violates(record, versions, some, level, budget)
  const members: number[][] = Array.from({ length: core.components }, () => [])
  core.transaction.forEach((t, node) => {
    if (t >= 0) members[core.component[node]]?.push(t)
  })
  for (const some of members.filter(({ length }) => length <= MOST_OPERATIONS)) {
    const all = inTime(() => {
      budget.look(record.kind.length)
      const closed = ascending([...some, ...longestReaders(record, versions, some)])
      return isViolated(closed) ? closed : []
    })
    if (all === undefined) return undefined
    if (all.length === 0) continue
    const among = shrink(all, isViolated, budget)
    return { result: 'violated', among, standsAlone: true, isCut: budget.left() > 0 }
  }
  return undefined
}

/**
 * Returns, for each key with appends, the transaction that read its longest list. If none read it, returns a
 * transaction that appends to it.
 */
function longestReaders(record: TransactionRecord, { of }: Versions, some: readonly number[]) {
  const { starts, kind, key } = record
  const longest = new Map<number, { readonly version: number; readonly reader: number }>()
  for (const t of some)
    for (let row = starts[t]; row < starts[t + 1]; row++)
      if (kind[row] !== READ) longest.set(key[row], { version: INITIAL, reader: t })
  eachRow(record, (row, t) => {
    const known = longest.get(key[row])
    if (kind[row] === READ && known !== undefined && of[row] > known.version)
      longest.set(key[row], { version: of[row], reader: t })
  })
  return [...longest.values()].map(({ reader }) => reader)
}

function violates(
  whole: TransactionRecord,
  versions: Versions,
  some: readonly number[],
  level: IsolationLevel,
  budget: Budget,
): boolean {
  const { record, rows } = partOf(whole, some)
  const { outcomes } = judgeVersions(record, versionsIn(record, rows, versions), new Findings(), budget)
  return violationOf(level, outcomes) !== undefined
}

function versionsIn(record: TransactionRecord, rows: readonly number[], versions: Versions): Versions {
  const { length, starts, kind, key, keys } = record
  /** By key: the last version that a transaction of `record` reads. */
  const seen = new Int32Array(keys.length).fill(INITIAL)
  rows.forEach((row, at) => {
    if (kind[at] === READ) seen[key[at]] = Math.max(seen[key[at]], versions.of[row])
  })
  const isSeen = (at: number): boolean => versions.of[rows[at]] <= seen[key[at]]
  const counts = committed(record)
  const written: { readonly version: number; readonly writer: number; readonly key: number }[] = []
  for (let t = 0; t < length; t++) {
    const its = range(starts[t], starts[t + 1]).filter((at) => kind[at] !== READ && versions.of[rows[at]] >= 0)
    if (its.some(isSeen)) counts[t] = 1
    if (counts[t] === 1) written.push(...its.map((at) => ({ version: versions.of[rows[at]], writer: t, key: key[at] })))
  }
  written.sort((a, b) => a.key - b.key || a.version - b.version)
  const first = new Int32Array(keys.length + 1)
  const ordered = new Int32Array(keys.length)
  for (let k = 0; k < keys.length; k++) {
    const its = written.filter((each) => each.key === k)
    first[k + 1] = first[k] + its.length
    ordered[k] = first[k] + its.filter(({ version }) => version <= seen[k]).length
  }
  const number = new Map(written.map(({ version }, at) => [version, at]))
  const of = Int32Array.from(rows, (row, at) => {
    const version = versions.of[row]
    if (version < 0) return version
    if (kind[at] !== READ) return number.get(version) ?? NO_VERSION
    const last = written.findLastIndex((each) => each.key === key[at] && each.version <= version)
    return last < 0 ? INITIAL : last
  })
  return { starts: first, ordered, writer: Int32Array.from(written, ({ writer }) => writer), of, counts }
}
