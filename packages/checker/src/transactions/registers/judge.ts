import { type Budget, inTime } from '../../limits/budget.ts'
import { isAcyclic, shortCycle, wayBetween } from '../graph/components.ts'
import { EdgeList, type Edges, EVERY_KIND } from '../graph/edges.ts'
import { type Graph, graphOf } from '../graph/graph.ts'
import { addRealTime, addSessions, eventsOf } from '../graph/real-time.ts'
import type { Isolation } from '../levels/ladder.ts'
import type { TransactionRecord } from '../record/record.ts'
import { addGranted, type Ordering, problemOf, type Rules, readsFrom } from './problem.ts'
import { searchOrder } from './search-order.ts'
import { type KeyFacts, keyFactsOf, type Sources } from './sources.ts'
import { addAtomicViews, addCausalViews, addMonotonicViews, Views } from './views.ts'

export type Decision =
  /** For serializable levels, `order` lists the transactions in a serial order. */
  | { readonly result: 'met'; readonly order?: Int32Array }
  /** No order is possible. `suspects` includes the transactions that together exclude all orders. */
  | { readonly result: 'violated'; readonly suspects: readonly number[] }
  | { readonly result: 'unknown' }

const plain: Rules = { hasSnapshots: false, onlyUpdates: false, noConflicts: false, isParallel: false }

/** For each level that a search for an order decides: the rules that the order must keep. */
const rules: { readonly [isolation in Isolation]?: Rules } = {
  'cursor-stability': { ...plain, onlyUpdates: true },
  prefix: { ...plain, hasSnapshots: true },
  'parallel-snapshot-isolation': { ...plain, isParallel: true, onlyUpdates: true },
  'snapshot-isolation': { ...plain, hasSnapshots: true, noConflicts: true },
  'repeatable-read': plain,
  serializable: plain,
}

/** Decides the levels of a history of registers, except for anomalies of single reads. */
export class RegisterJudge {
  readonly #record: TransactionRecord
  readonly #sources: Sources
  readonly #facts: KeyFacts
  readonly #granted: Edges

  /** @param granted the orders of versions assumed by the caller */
  constructor(record: TransactionRecord, sources: Sources, granted: Edges = NONE) {
    this.#record = record
    this.#granted = granted
    this.#sources = sources
    this.#facts = keyFactsOf(record, sources)
  }

  decide(isolation: Isolation, ordering: Ordering, budget: Budget): Decision {
    const searched = rules[isolation]
    if (searched !== undefined) return this.#search(searched, ordering, budget)
    return inTime(
      (): Decision => this.#saturate(isolation, ordering, budget),
      () => ({ result: 'unknown' }),
    )
  }

  #saturate(isolation: Isolation, ordering: Ordering, budget: Budget): Decision {
    const record = this.#record
    const isUncommitted = isolation === 'read-uncommitted'
    if (isUncommitted && this.#granted.length === 0) return { result: 'met' }
    const edges = isUncommitted ? new EdgeList() : readsFrom(record, this.#facts)
    if (ordering !== 'none') addSessions(edges, record, this.#sources.counts)
    const moments =
      ordering === 'real time' ? addRealTime(edges, eventsOf(record, this.#sources.counts), record.length) : 0
    const nodes = record.length + moments
    const past = graphOf(edges, nodes)
    addGranted(edges, this.#granted)
    const whole = this.#granted.length === 0 ? past : graphOf(edges, nodes)
    if (!isAcyclic(whole, EVERY_KIND)) return this.#excluded(shortCycle(whole) ?? [])
    const views = new Views(edges)
    if (isolation === 'monotonic-atomic-view') addMonotonicViews(record, this.#sources, views)
    if (isolation === 'read-atomic') addAtomicViews(record, this.#facts, ordering, views)
    if (isolation === 'causal') addCausalViews(this.#facts, past, views, budget)
    const { tooOld } = views
    if (tooOld !== undefined) return this.#excluded([tooOld.reader, ...seenBy(past, tooOld)])
    if (views.readers.size === 0) return { result: 'met' }
    const graph = graphOf(edges, nodes)
    if (isAcyclic(graph, EVERY_KIND)) return { result: 'met' }
    const cycle = shortCycle(graph) ?? []
    const readers = cycle.flatMap((node, at) => {
      const reader = views.readerOf(node, cycle[(at + 1) % cycle.length] ?? node)
      return reader === undefined ? [] : [reader, ...seenBy(past, { reader, writer: node })]
    })
    return this.#excluded([...cycle, ...readers])
  }

  #excluded(nodes: readonly number[]): Decision {
    const suspects = [...new Set(nodes)].filter((node) => node < this.#record.length)
    return { result: 'violated', suspects }
  }

  #search(rules: Rules, ordering: Ordering, budget: Budget): Decision {
    const { length } = this.#record
    const { counts } = this.#sources
    const problem = problemOf(this.#record, this.#facts, counts, rules, ordering, this.#granted)
    const answer = searchOrder(problem, budget)
    switch (answer.result) {
      case 'met':
        return rules === plain
          ? { result: 'met', order: answer.order.filter((node) => node < length && counts[node] === 1) }
          : { result: 'met' }
      case 'violated': {
        const points = rules.hasSnapshots ? 2 * length : length
        const involved = answer.involved.size > 0 ? [...answer.involved] : (shortCycle(problem.graph) ?? [])
        const nodes = involved.filter((node) => node < points)
        return this.#excluded(nodes.map((node) => node % length))
      }
      case 'unknown':
        return { result: 'unknown' }
    }
  }
}

const NONE: Edges = new EdgeList(0)

const seenBy = (past: Graph, { reader, writer }: { readonly reader: number; readonly writer: number }) =>
  wayBetween(past, writer, reader, () => true) ?? [writer]
