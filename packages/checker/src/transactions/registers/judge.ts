import { type Budget, inTime } from '../../limits/budget.ts'
import { isAcyclic } from '../graph/components.ts'
import { EdgeList, maskOf, RT, SO, WR, WW } from '../graph/edges.ts'
import { graphOf } from '../graph/graph.ts'
import { addRealTime, addSessions, eventsOf } from '../graph/real-time.ts'
import type { TransactionRecord } from '../record/record.ts'
import { addAtomicViews } from './atomic-view.ts'
import { addCausalViews } from './causal-view.ts'
import { type KeyFacts, keyFactsOf } from './key-facts.ts'
import { addMonotonicViews, type TooOld } from './monotonic-view.ts'
import { type Ordering, problemOf, type Rules } from './problem.ts'
import { searchOrder } from './search-order.ts'
import type { Sources, WrongRead } from './sources.ts'

export type Decision =
  /** `order`: the transactions one after another, for serializable levels. */
  | { readonly result: 'met'; readonly order?: readonly number[] }
  | { readonly result: 'violated'; readonly why: Why }
  | { readonly result: 'unknown' }

/** What a violation was found by. */
export type Why =
  | { readonly by: 'read'; readonly read: WrongRead }
  | { readonly by: 'initial'; readonly read: TooOld }
  /** A cycle among orders that hold in any case, of sources and of what was visible. */
  | { readonly by: 'cycle' }
  /** No order was left: these transactions took part in the contradictions. */
  | { readonly by: 'search'; readonly transactions: readonly number[] }

export type RegisterIsolation =
  | 'read-uncommitted'
  | 'read-committed'
  | 'cursor-stability'
  | 'monotonic-atomic-view'
  | 'read-atomic'
  | 'causal'
  | 'prefix'
  | 'parallel-snapshot-isolation'
  | 'snapshot-isolation'
  | 'repeatable-read'
  | 'serializable'

const plain: Rules = { hasSnapshots: false, onlyUpdates: false, noConflicts: false, isParallel: false }

/** What the levels ask of an order that are decided by searching one. */
const rules: { readonly [isolation in RegisterIsolation]?: Rules } = {
  'cursor-stability': { ...plain, onlyUpdates: true },
  prefix: { ...plain, hasSnapshots: true },
  'parallel-snapshot-isolation': { ...plain, isParallel: true, onlyUpdates: true },
  'snapshot-isolation': { ...plain, hasSnapshots: true, noConflicts: true },
  'repeatable-read': plain,
  serializable: plain,
}

/** Decides one level at a time of a history of registers. */
export class RegisterJudge {
  readonly #record: TransactionRecord
  readonly #sources: Sources
  readonly #facts: KeyFacts

  constructor(record: TransactionRecord, sources: Sources) {
    this.#record = record
    this.#sources = sources
    this.#facts = keyFactsOf(record, sources)
  }

  decide(isolation: RegisterIsolation, ordering: Ordering, budget: Budget): Decision {
    const wrong = this.#wrongRead(isolation)
    if (wrong !== undefined) return { result: 'violated', why: { by: 'read', read: wrong } }
    const searched = rules[isolation]
    if (searched !== undefined) return this.#search(searched, ordering, budget)
    return inTime(
      (): Decision => this.#saturate(isolation, ordering, budget),
      () => ({ result: 'unknown' }),
    )
  }

  /** Internal consistency is asked from read atomic up; the rest from read committed up. */
  #wrongRead(isolation: RegisterIsolation): WrongRead | undefined {
    if (isolation === 'read-uncommitted') return undefined
    const isWeak =
      isolation === 'read-committed' || isolation === 'cursor-stability' || isolation === 'monotonic-atomic-view'
    return this.#sources.wrong.find(
      ({ anomaly }) => !isWeak || (anomaly !== 'internal' && anomaly !== 'non-repeatable-read'),
    )
  }

  #saturate(isolation: RegisterIsolation, ordering: Ordering, budget: Budget): Decision {
    if (isolation === 'read-uncommitted') return { result: 'met' }
    const record = this.#record
    const facts = this.#facts
    const edges = new EdgeList(facts.reader.length + record.length)
    for (let k = 0; k < facts.keys; k++)
      for (let at = facts.readStarts[k]; at < facts.readStarts[k + 1]; at++)
        if (facts.source[at] >= 0) edges.add(facts.source[at], facts.reader[at], WR, k)
    if (ordering !== 'none') addSessions(edges, record, this.#sources.counts)
    const moments =
      ordering === 'real time' ? addRealTime(edges, eventsOf(record, this.#sources.counts), record.length) : 0
    const nodes = record.length + moments
    const past = graphOf(edges, nodes)
    const mask = maskOf(WR, SO, RT, WW)
    if (!isAcyclic(past, mask)) return { result: 'violated', why: { by: 'cycle' } }
    const before = edges.length
    const tooOld =
      isolation === 'monotonic-atomic-view'
        ? addMonotonicViews(record, this.#sources, edges)
        : isolation === 'read-atomic'
          ? addAtomicViews(record, facts, ordering, edges)
          : isolation === 'causal'
            ? addCausalViews(facts, past, edges, budget)
            : undefined
    if (tooOld !== undefined) return { result: 'violated', why: { by: 'initial', read: tooOld } }
    if (edges.length > before && !isAcyclic(graphOf(edges, nodes), mask))
      return { result: 'violated', why: { by: 'cycle' } }
    return { result: 'met' }
  }

  #search(asked: Rules, ordering: Ordering, budget: Budget): Decision {
    const { length } = this.#record
    const { counts } = this.#sources
    const answer = searchOrder(problemOf(this.#record, this.#facts, counts, asked, ordering), budget)
    switch (answer.result) {
      case 'met':
        return asked === plain
          ? { result: 'met', order: Array.from(answer.order).filter((node) => node < length && counts[node] === 1) }
          : { result: 'met' }
      case 'violated': {
        const points = asked.hasSnapshots ? 2 * length : length
        const nodes = [...answer.involved].filter((node) => node < points).map((node) => node % length)
        return { result: 'violated', why: { by: 'search', transactions: [...new Set(nodes)] } }
      }
      case 'unknown':
        return { result: 'unknown' }
    }
  }
}
