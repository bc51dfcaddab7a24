import { wayBetween } from '../graph/components.ts'
import { type EdgeKind, EdgeList, type Edges, NO_KEY, RT, RW, SO, WR, WW } from '../graph/edges.ts'
import { graphOf } from '../graph/graph.ts'
import type { Isolation } from '../levels/ladder.ts'
import type { CycleStep } from '../levels/situation.ts'
import type { Part } from '../record/part.ts'
import { COMMITTED, type TransactionRecord } from '../record/record.ts'
import type { Ordering } from './problem.ts'
import { INITIAL, type KeyFacts, keyFactsOf, type Sources } from './sources.ts'

/**
 * A subset of the transactions, with their sources and granted orders. A source outside the subset counts as unknown.
 */
export interface Chosen extends Part {
  readonly sources: Sources
  readonly granted: Edges
}

export interface FoundCycle {
  /**
   * A cycle that the level excludes, if one was found. If the order of writes is unknown, it is assumed to be the order
   * of their completions. The opposite order leads to another cycle.
   */
  readonly cycle: readonly CycleStep[] | undefined
  readonly isGuess: boolean
  /** The transactions that prove a step of the cycle but are not on the cycle. */
  readonly proves: ReadonlyMap<number, CycleStep>
}

const MOST_STEPS = 200_000

/**
 * Returns a cycle that exists in every order of the writes. If there is none, assumes that the order of the writes is
 * the order of their completions.
 */
export function findCycle(some: Chosen, isolation: Isolation, ordering: Ordering): FoundCycle {
  const facts = keyFactsOf(some.record, some.sources)
  const inWhole = (step: CycleStep): CycleStep => ({
    ...{ from: some.whole[step.from], to: some.whole[step.to], kind: step.kind },
    key: step.key === NO_KEY ? NO_KEY : (some.keys[step.key] ?? NO_KEY),
  })
  const certain = certainlyEarlier(some, facts, isolation, ordering)
  const found = shortestOf(edgesOf(some, facts, ordering, certain), isolation)
  const cycle = found ?? shortestOf(edgesOf(some, facts, ordering, probablyEarlier(some, facts)), isolation)
  const proofs = found === undefined ? [] : proofsOf(some, facts, ordering, found)
  return {
    cycle: cycle?.map(inWhole),
    isGuess: found === undefined,
    proves: new Map(proofs.map(([t, step]) => [some.whole[t], inWhole(step)])),
  }
}

/** Finds the transactions that prove the steps of a cycle, such as reads between two writes. */
function proofsOf(some: Chosen, facts: KeyFacts, ordering: Ordering, cycle: readonly CycleStep[]) {
  const edges = new EdgeList(16)
  for (const { from, to, kind, key } of edgesOf(some, facts, ordering, () => false).flat())
    if (kind !== RW) edges.add(from, to, kind, key)
  const graph = graphOf(edges, some.record.length)
  return cycle.flatMap((step) => {
    const { from, to, kind, key } = step
    if (kind !== WW && kind !== RW) return []
    const sources = kind === WW ? [from] : sourcesOf(facts, from, key)
    const ways = sources.flatMap((source) => wayBetween(graph, source, to, () => true) ?? [])
    return ways.filter((t) => t !== from).map((t) => [t, step] as const)
  })
}

/** Returns the transactions from whose writes transaction `t` read `key`. Leaves out reads of the initial version. */
function sourcesOf({ readStarts, reader, source }: KeyFacts, t: number, key: number): readonly number[] {
  const found: number[] = []
  for (let at = readStarts[key]; at < readStarts[key + 1]; at++)
    if (reader[at] === t && source[at] !== INITIAL) found.push(source[at])
  return found
}

function shortestOf(from: readonly (readonly CycleStep[])[], isolation: Isolation): readonly CycleStep[] | undefined {
  let best: readonly CycleStep[] | undefined
  let steps = 0
  const way: CycleStep[] = []
  const isOnWay = new Uint8Array(from.length)
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
  for (let first = 0; first < from.length; first++) go(first, first)
  return best
}

const stepsOf = (cycle: readonly CycleStep[], wanted: EdgeKind): number =>
  cycle.filter(({ kind }) => kind === wanted).length
const readWrites = (cycle: readonly CycleStep[]): number => stepsOf(cycle, RW)

/**
 * Whether a cycle is easier to follow than another: shorter, else with fewer missed changes, else with fewer inferred
 * orders of writes.
 */
const isSimpler = (one: readonly CycleStep[], other: readonly CycleStep[]): boolean =>
  (one.length - other.length || readWrites(one) - readWrites(other) || stepsOf(one, WW) - stepsOf(other, WW)) < 0

const before = (cycle: readonly CycleStep[], at: number): EdgeKind | undefined => cycle.at(at - 1)?.kind
const atMostOne = (cycle: readonly CycleStep[]): boolean => readWrites(cycle) <= 1
const any = (): boolean => true

/** By isolation: tests whether a cycle is excluded. */
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

type Earlier = (key: number, one: number, other: number) => boolean

/** By transaction: the orders that follow from the order of writers. */
function edgesOf(
  { record, granted }: Chosen,
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

/** Finds which writers precede which other writers in every order that the level allows. */
function certainlyEarlier(part: Chosen, facts: KeyFacts, isolation: Isolation, ordering: Ordering): Earlier {
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

/** Guesses which of two writers of a key is earlier, by the order of writers that `inOrder` returns. */
function probablyEarlier({ record }: Chosen, facts: KeyFacts): Earlier {
  const orders = Array.from({ length: facts.keys }, (_, k) => inOrder(facts, record, k))
  return (k, one, other) => {
    const all = orders[k] ?? []
    return all.indexOf(one) < all.indexOf(other)
  }
}

function inOrder(
  { writerStarts, writer, readStarts, reader, source, isUpdate }: KeyFacts,
  record: TransactionRecord,
  k: number,
) {
  const writers = Array.from(writer.subarray(writerStarts[k], writerStarts[k + 1])).sort(
    (a, b) => record.completed[a] - record.completed[b] || a - b,
  )
  // One round per writer suffices, because a chain of updates is no longer than the list of writers.
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
