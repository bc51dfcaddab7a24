import type { Core } from '../graph/core.ts'
import { type EdgeKind, NO_KEY, RT, SO } from '../graph/edges.ts'
import type { Spans } from '../graph/real-time.ts'
import type { CycleStep } from '../levels/situation.ts'
import { CYCLE_STATES, type CycleClass, FIRST_STATE, type Strength } from './classes.ts'

export interface Allowance {
  left: number
}

/** The maximum number of edges that the search for one class examines. This takes a fraction of a second. */
const EDGES_PER_SEARCH = 4_000_000

type CycleSteps = Pick<CycleClass, 'begins' | 'next' | 'accepts'>

/**
 * Added to the state of a walk once the walk contains an edge that `Strength` requires: an edge of session order for
 * `-process`, or of real time for `-realtime`.
 */
const STRONG = CYCLE_STATES
const STATES = 2 * CYCLE_STATES

/**
 * Finds a shortest cycle of a given class in each component, by breadth-first searches. Each search starts with an edge
 * of the kind with which cycles of the class begin. The length of a cycle is its number of transactions: steps to nodes
 * for moments or groups are free. A closed walk that visits a transaction twice is no cycle.
 */
export class CycleSearch {
  readonly #core: Core
  readonly #spans: Pick<Spans, 'invoked' | 'completed'>
  readonly #before: Int32Array
  readonly #edge: Int32Array
  /** By node and state: the last search that reached them. */
  readonly #search: Int32Array
  readonly #queue: number[] = []
  #searches = 0

  /** @param spans the times at which the transactions ran */
  constructor(core: Core, spans: Pick<Spans, 'invoked' | 'completed'>) {
    this.#core = core
    this.#spans = spans
    const pairs = core.graph.nodes * STATES
    this.#before = new Int32Array(pairs)
    this.#edge = new Int32Array(pairs)
    this.#search = new Int32Array(pairs)
  }

  /**
   * Returns a shortest cycle of each component for which `isSelected` returns true. The search ends when `allowance` is
   * used up: a cycle may then be missing, or be longer than necessary.
   */
  find(
    cycle: CycleSteps,
    strength: Strength = '',
    isSelected: (component: number) => boolean = () => true,
    allowance: Allowance = { left: EDGES_PER_SEARCH },
  ): ReadonlyMap<number, readonly CycleStep[]> {
    const { graph, transaction, component } = this.#core
    const found = this.#pairs(cycle, strength, isSelected)
    for (let node = 0; node < graph.nodes; node++) {
      if (transaction[node] < 0 || !isSelected(component[node])) continue
      const known = found.get(component[node])
      if (known?.length === 2) continue
      for (let e = graph.starts[node]; e < graph.starts[node + 1] && allowance.left > 0; e++) {
        if (graph.kind[e] !== cycle.begins) continue
        const longest = found.get(component[node])?.length ?? Number.POSITIVE_INFINITY
        const steps = this.#back(node, e, cycle, strength, longest, allowance)
        if (steps !== undefined) found.set(component[node], steps)
      }
    }
    return found
  }

  /** Finds cycles of two transactions without a search. Most cycles with a real-time edge have two transactions. */
  #pairs(cycle: CycleSteps, strength: Strength, isSelected: (component: number) => boolean) {
    const { graph, transaction, component } = this.#core
    const { starts, to, kind, key } = graph
    const found = new Map<number, readonly CycleStep[]>()
    const closes = (back: number, hasFirstKey: boolean): boolean => {
      const state = isOfStrength(back, strength) ? cycle.next(FIRST_STATE, back, hasFirstKey) : -1
      return state >= 0 && cycle.accepts(state) && (strength === '' || isNeeded(back, strength))
    }
    for (let node = 0; node < graph.nodes; node++) {
      if (transaction[node] < 0 || !isSelected(component[node]) || found.has(component[node])) continue
      for (let e = starts[node]; e < starts[node + 1]; e++) {
        const other = to[e]
        if (kind[e] !== cycle.begins || transaction[other] < 0) continue
        const [from, via] = [transaction[node], transaction[other]]
        let back = this.#spans.completed[via] < this.#spans.invoked[from] && closes(RT, false) ? RT : -1
        let backKey = NO_KEY
        for (let f = starts[other]; f < starts[other + 1] && back < 0; f++) {
          if (to[f] !== node || !closes(kind[f], key[f] === key[e])) continue
          back = kind[f]
          backKey = key[f]
        }
        if (back < 0) continue
        found.set(component[node], [
          { from, to: via, kind: cycle.begins, key: key[e] },
          { from: via, to: from, kind: back as EdgeKind, key: backKey },
        ])
        break
      }
    }
    return found
  }

  /** Returns a cycle that begins with the given edge and has fewer than `longest` steps, if there is one. */
  #back(
    first: number,
    edge: number,
    { next, accepts }: CycleSteps,
    strength: Strength,
    longest: number,
    allowance: Allowance,
  ): readonly CycleStep[] | undefined {
    const { starts, to, kind, key } = this.#core.graph
    const { transaction } = this.#core
    const search = ++this.#searches
    let queue = this.#queue
    let later: number[] = []
    queue.length = 0
    const begin = to[edge] * STATES + FIRST_STATE
    this.#reach(search, begin, -1, edge)
    queue.push(begin)
    let steps = transaction[to[edge]] < 0 ? 0 : 1
    while (queue.length > 0 && steps + 1 < longest) {
      for (let at = 0; at < queue.length; at++) {
        const pair = queue[at]
        const node = (pair / STATES) | 0
        const state = pair % CYCLE_STATES
        const isStrong = pair % STATES >= STRONG
        for (let e = starts[node]; e < starts[node + 1]; e++) {
          if (allowance.left-- <= 0) return undefined
          if (!isOfStrength(kind[e], strength)) continue
          const after = next(state, kind[e], key[e] === key[edge])
          if (after < 0) continue
          const strong = isStrong || isNeeded(kind[e], strength)
          const other = to[e]
          if (other === first) {
            if (!accepts(after) || !(strong || strength === '')) continue
            const cycle = this.#steps(pair, e, first)
            if (cycle !== undefined) return cycle
            continue
          }
          const reached = other * STATES + after + (strong ? STRONG : 0)
          if (this.#search[reached] === search) continue
          this.#reach(search, reached, pair, e)
          if (transaction[other] < 0) queue.push(reached)
          else later.push(reached)
        }
      }
      queue.length = 0
      const empty = queue
      queue = later
      later = empty
      steps++
    }
    return undefined
  }

  #reach(search: number, pair: number, before: number, edge: number): void {
    this.#search[pair] = search
    this.#before[pair] = before
    this.#edge[pair] = edge
  }

  /** Returns the steps of a closed walk, unless it visits a transaction twice. */
  #steps(pair: number, last: number, first: number): readonly CycleStep[] | undefined {
    const { to, kind, key } = this.#core.graph
    const { transaction } = this.#core
    const edges = [last]
    for (let at = pair; at >= 0; at = this.#before[at]) edges.unshift(this.#edge[at])
    const steps: CycleStep[] = []
    let from = transaction[first]
    let begun = -1
    for (const edge of edges) {
      if (begun < 0) begun = edge
      const other = transaction[to[edge]]
      if (other < 0) continue
      steps.push({ from, to: other, kind: kind[begun] as EdgeKind, key: key[begun] })
      from = other
      begun = -1
    }
    return new Set(steps.map((step) => step.from)).size === steps.length ? steps : undefined
  }
}

export const shortest = (cycles: Iterable<readonly CycleStep[]>): readonly CycleStep[] =>
  [...cycles].reduce((one, other) => (other.length < one.length ? other : one))

/**
 * Reports whether a cycle of this strength may contain an edge of this kind. A cycle with real time may also use
 * session order.
 */
const isOfStrength = (kind: number, strength: Strength): boolean =>
  kind === SO ? strength !== '' : kind !== RT || strength === '-realtime'

const isNeeded = (kind: number, strength: Strength): boolean =>
  kind === (strength === '-process' ? SO : strength === '-realtime' ? RT : -1)
