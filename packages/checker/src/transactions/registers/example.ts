import type { Budget } from '../../limits/budget.ts'
import { type EdgeKind, EdgeList, type Edges, NO_KEY, RT, RW, SO, WR, WW } from '../graph/edges.ts'
import type { Isolation } from '../levels/ladder.ts'
import type { CycleStep } from '../levels/situation.ts'
import { Findings } from '../record/findings.ts'
import { COMMITTED, READ, type TransactionRecord } from '../record/record.ts'
import { RegisterJudge } from './judge.ts'
import type { Ordering } from './problem.ts'
import { INITIAL, type KeyFacts, keyFactsOf, NOBODY, type Sources } from './sources.ts'

/** What a history of registers is judged by. */
export interface Registers {
  readonly record: TransactionRecord
  readonly sources: Sources
  /** Orders of versions that are taken for granted. */
  readonly granted: Edges
}

/** Transactions that violate a level by themselves. */
export interface Example {
  readonly transactions: readonly number[]
  /** Whether they do: false if that could not be verified. */
  readonly standsAlone: boolean
  /**
   * A cycle that the level excludes; undefined if none was found. Where nothing shows in which order two of them wrote a
   * key, it is for the order in which they completed; the other order leads to another cycle.
   */
  readonly cycle: readonly CycleStep[] | undefined
  readonly isGuess: boolean
}

/** Leaves out one transaction after another for as long as the rest violates the level. */
export function findExample(
  { record, sources, granted }: Registers,
  isolation: Isolation,
  ordering: Ordering,
  suspects: readonly number[],
  budget: Budget,
): Example {
  const isViolated = (some: readonly number[]): boolean => {
    const part = partOf(record, sources, granted, some)
    return (
      new RegisterJudge(part.record, part.sources, part.granted).decide(isolation, ordering, budget).result ===
      'violated'
    )
  }
  let kept = [...new Set(suspects)].filter((t) => sources.counts[t] === 1).sort((a, b) => a - b)
  if (!isViolated(kept)) return { transactions: kept, standsAlone: false, cycle: undefined, isGuess: false }
  for (let size = kept.length >> 1; size > 0; size = size === 1 ? 0 : (size + 1) >> 1)
    for (let at = 0; at < kept.length && !budget.expired(kept.length * kept.length); ) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + size)]
      if (fewer.length > 0 && isViolated(fewer)) kept = fewer
      else at += size
    }
  return {
    transactions: kept,
    standsAlone: true,
    ...findCycle(partOf(record, sources, granted, kept), isolation, ordering),
  }
}

/** Steps of the search for a cycle. */
const MOST_STEPS = 200_000

/** A cycle that holds in every order of the writes, or else one for the order in which they completed. */
function findCycle(part: Part, isolation: Isolation, ordering: Ordering): Pick<Example, 'cycle' | 'isGuess'> {
  const facts = keyFactsOf(part.record, part.sources)
  const certain = certainlyEarlier(part, facts, isolation, ordering)
  const cycle = shortestOf(part, edgesOf(part, facts, ordering, certain), isolation)
  if (cycle !== undefined) return { cycle, isGuess: false }
  const guessed = edgesOf(part, facts, ordering, probablyEarlier(part, facts))
  return { cycle: shortestOf(part, guessed, isolation), isGuess: true }
}

/** A shortest cycle that the level excludes, with the fewest rw. */
function shortestOf(
  { record, whole, keys }: Part,
  from: readonly (readonly CycleStep[])[],
  isolation: Isolation,
): readonly CycleStep[] | undefined {
  let best: readonly CycleStep[] | undefined
  let steps = 0
  const way: CycleStep[] = []
  const isOnWay = new Uint8Array(record.length)
  const go = (first: number, node: number): void => {
    for (const step of from[node] ?? []) {
      if (++steps > MOST_STEPS || (best !== undefined && way.length + 1 > best.length)) return
      if (step.to === first) {
        const cycle = [...way, step]
        if (excludes[isolation](cycle) && (best === undefined || isSimpler(cycle, best))) best = cycle
      } else if (step.to > first && isOnWay[step.to] === 0) {
        isOnWay[step.to] = 1
        way.push(step)
        go(first, step.to)
        way.pop()
        isOnWay[step.to] = 0
      }
    }
  }
  for (let first = 0; first < record.length; first++) go(first, first)
  return best?.map(
    (step): CycleStep => ({
      ...{ from: whole[step.from], to: whole[step.to], kind: step.kind },
      key: step.key === NO_KEY ? NO_KEY : keys[step.key],
    }),
  )
}

const readWrites = (cycle: readonly CycleStep[]): number => cycle.filter(({ kind }) => kind === RW).length

const isSimpler = (one: readonly CycleStep[], other: readonly CycleStep[]): boolean =>
  one.length < other.length || (one.length === other.length && readWrites(one) < readWrites(other))

const before = (cycle: readonly CycleStep[], at: number): EdgeKind | undefined => cycle.at(at - 1)?.kind
const atMostOne = (cycle: readonly CycleStep[]): boolean => readWrites(cycle) <= 1
const any = (): boolean => true

/** By level: whether it excludes a cycle. */
const excludes: { readonly [isolation in Isolation]: (cycle: readonly CycleStep[]) => boolean } = {
  'read-uncommitted': (cycle) => cycle.every(({ kind }) => kind !== RW && kind !== WR),
  'read-committed': (cycle) => readWrites(cycle) === 0,
  'cursor-stability': (cycle) =>
    readWrites(cycle) === 0 ||
    (readWrites(cycle) === 1 && cycle.every(({ kind, key }) => key === cycle[0]?.key && kind !== WR)),
  'monotonic-atomic-view': atMostOne,
  'read-atomic': atMostOne,
  causal: atMostOne,
  'parallel-snapshot-isolation': atMostOne,
  prefix: (cycle) =>
    cycle.every(({ kind }, at) => kind !== RW || (before(cycle, at) !== RW && before(cycle, at) !== WW)),
  'snapshot-isolation': (cycle) => cycle.every(({ kind }, at) => kind !== RW || before(cycle, at) !== RW),
  'repeatable-read': any,
  serializable: any,
}

/** Whether one writer of a key comes before another. */
type Earlier = (key: number, one: number, other: number) => boolean

/** By transaction: the orders that follow from one of the writers of each key. */
function edgesOf(
  { record, granted }: Pick<Part, 'record' | 'granted'>,
  facts: KeyFacts,
  ordering: Ordering,
  isEarlier: Earlier,
): readonly (readonly CycleStep[])[] {
  const { length, session, invoked, completed, isTied } = record
  const from: CycleStep[][] = Array.from({ length }, () => [])
  const add = (a: number, b: number, kind: EdgeKind, key: number): void => {
    if (a !== b) from[a]?.push({ from: a, to: b, kind, key })
  }
  for (let k = 0; k < facts.keys; k++) {
    const writers = facts.writer.subarray(facts.writerStarts[k], facts.writerStarts[k + 1])
    for (const one of writers) for (const other of writers) if (isEarlier(k, one, other)) add(one, other, WW, k)
    for (let at = facts.readStarts[k]; at < facts.readStarts[k + 1]; at++) {
      const [reader, source] = [facts.reader[at], facts.source[at]]
      if (source !== INITIAL) add(source, reader, WR, k)
      for (const writer of writers) if (source === INITIAL || isEarlier(k, source, writer)) add(reader, writer, RW, k)
    }
  }
  for (let e = 0; e < granted.length; e++)
    add(granted.from[e], granted.to[e], granted.kind[e] as EdgeKind, granted.key[e])
  if (ordering === 'none') return from
  for (let a = 0; a < length; a++)
    for (let b = 0; b < length; b++) {
      const follows = isTied && a < b && session[a] === session[b] && record.status[a] === COMMITTED
      if (completed[a] >= invoked[b] && !follows) continue
      if (session[a] >= 0 && session[a] === session[b]) add(a, b, SO, NO_KEY)
      else if (ordering === 'real time') add(a, b, RT, NO_KEY)
    }
  return from
}

/** What holds in every order that the level allows: versions follow what was read, sessions and time. */
function certainlyEarlier(part: Part, facts: KeyFacts, isolation: Isolation, ordering: Ordering): Earlier {
  const { length } = part.record
  const isBefore = new Uint8Array(length * length)
  const kinds: readonly EdgeKind[] = isolation === 'read-uncommitted' ? [WW, SO, RT] : [WW, WR, SO, RT]
  for (const steps of edgesOf(part, facts, ordering, () => false))
    for (const { from, to, kind } of steps) if (kinds.includes(kind)) isBefore[from * length + to] = 1
  for (let via = 0; via < length; via++)
    for (let a = 0; a < length; a++)
      if (isBefore[a * length + via] === 1)
        for (let b = 0; b < length; b++) if (isBefore[via * length + b] === 1) isBefore[a * length + b] = 1
  return (_, one, other) => one !== other && isBefore[one * length + other] === 1
}

/** As if writers of a key had written it in the order of their completions. */
function probablyEarlier({ record }: Part, facts: KeyFacts): Earlier {
  const orders = Array.from({ length: facts.keys }, (_, k) => inOrder(facts, record, k))
  return (k, one, other) => {
    const all = orders[k] ?? []
    return all.indexOf(one) < all.indexOf(other)
  }
}

/** The writers of a key by completion, but each after the one whose value it read. */
function inOrder(
  { writerStarts, writer, readStarts, reader, source, isUpdate }: KeyFacts,
  record: TransactionRecord,
  k: number,
) {
  const writers = Array.from(writer.subarray(writerStarts[k], writerStarts[k + 1])).sort(
    (a, b) => record.completed[a] - record.completed[b] || a - b,
  )
  // As many rounds as there are writers sort any chain of updates.
  for (let round = 0; round < writers.length; round++)
    for (let at = readStarts[k]; at < readStarts[k + 1]; at++) {
      if (isUpdate[at] === 0 || source[at] === INITIAL) continue
      const [first, second] = [writers.indexOf(source[at]), writers.indexOf(reader[at])]
      if (first < second) continue
      writers.splice(second, 1)
      writers.splice(first, 0, reader[at])
    }
  return writers
}

/** Some transactions of a record as a record of their own. Reads of what others wrote show nothing. */
interface Part {
  readonly record: TransactionRecord
  readonly sources: Sources
  /** Granted orders among them. */
  readonly granted: Edges
  /** By transaction of the part: its number in the whole. */
  readonly whole: Int32Array
  /** By key of the part: its number in the whole. */
  readonly keys: readonly number[]
}

/** @param kept numbers of transactions, ascending */
function partOf(record: TransactionRecord, sources: Sources, orders: Edges, kept: readonly number[]): Part {
  const whole = Int32Array.from(kept)
  const number = new Map(kept.map((t, i) => [t, i]))
  const starts = new Int32Array(whole.length + 1)
  const rows: number[] = []
  whole.forEach((t, i) => {
    starts[i] = rows.length
    for (let row = record.starts[t]; row < record.starts[t + 1]; row++) rows.push(row)
  })
  starts[whole.length] = rows.length
  const granted = new EdgeList(16)
  const keys = [...new Set(rows.map((row) => record.key[row]))]
  const keyNumber = new Map(keys.map((key, i) => [key, i]))
  for (let e = 0; e < orders.length; e++) {
    const [from, to] = [number.get(orders.from[e]), number.get(orders.to[e])]
    if (from !== undefined && to !== undefined)
      granted.add(from, to, orders.kind[e] as EdgeKind, keyNumber.get(orders.key[e]) ?? NO_KEY)
  }
  const ofRows = (column: Int32Array): Int32Array => Int32Array.from(rows, (row) => column[row])
  const ofTransactions = (column: Int32Array): Int32Array => whole.map((t) => column[t])
  const bits = (column: Uint8Array): Uint8Array => Uint8Array.from(rows, (row) => column[row])
  return {
    record: {
      ...record,
      length: whole.length,
      status: Uint8Array.from(whole, (t) => record.status[t]),
      session: ofTransactions(record.session),
      invoked: ofTransactions(record.invoked),
      completed: ofTransactions(record.completed),
      starts,
      kind: bits(record.kind),
      key: Int32Array.from(rows, (row) => keyNumber.get(record.key[row]) ?? 0),
      value: ofRows(record.value),
      list: ofRows(record.list),
      keys: Int32Array.from(keys, (key) => record.keys[key]),
    },
    sources: {
      ...sources,
      counts: Uint8Array.from(whole, (t) => sources.counts[t]),
      source: Int32Array.from(rows, (row) => {
        const source = sources.source[row]
        return record.kind[row] !== READ || source < 0 ? source : (number.get(source) ?? NOBODY)
      }),
      isLast: bits(sources.isLast),
      findings: new Findings(),
    },
    granted,
    whole,
    keys,
  }
}
