import type { Budget } from '../../limits/budget.ts'
import { type Breaches, KeyOrders, type Obstacle, ParallelOrders } from './breaches.ts'
import { DynamicOrder, type Grounds, type Path, union } from './dynamic-order.ts'
import { greedyOrder, type OrderProblem } from './problem.ts'

export type OrderAnswer =
  /** `order` contains all nodes. */
  | { readonly result: 'met'; readonly order: Int32Array }
  /** `involved` contains the nodes of all contradictions found. It is empty if the given edges form a cycle. */
  | { readonly result: 'violated'; readonly involved: ReadonlySet<number> }
  | { readonly result: 'unknown' }

/** A choice between two orders, at least one of which must hold. The chosen order is `from` before `to`. */
interface Decision {
  readonly obstacle: Obstacle
  readonly from: number
  readonly to: number
  /** `DynamicOrder.added` before this choice. To undo the choice, the search removes all edges added since then. */
  readonly added: number
}

/**
 * Searches for an order by repair. Begins with a greedy order, and looks for keys on which a write comes between a read
 * and its source. Such a write must precede the source or follow the reader. If the edges exclude one of these two
 * orders, the other one is added. If they exclude neither, one is chosen. If they exclude both, the search returns to
 * the latest choice on which the contradiction depends, and reverses it.
 *
 * Orders that are already right never become edges, so little is undone. The search is complete, unless the budget
 * ends.
 */
export function searchOrder(problem: OrderProblem, budget: Budget): OrderAnswer {
  const greedy = greedyOrder(problem)
  if (greedy === undefined) return { result: 'violated', involved: new Set() }
  const search = new Search(problem, greedy, budget)
  return search.run()
}

class Search {
  readonly #order: DynamicOrder
  readonly #greedy: Int32Array
  readonly #keys: Breaches
  readonly #decisions: Decision[] = []
  readonly #involved = new Set<number>()
  readonly #budget: Budget
  #steps = 0

  constructor(problem: OrderProblem, greedy: Int32Array, budget: Budget) {
    this.#greedy = greedy
    this.#budget = budget
    this.#order = new DynamicOrder(problem.graph, greedy, () => {
      this.#steps++
    })
    this.#keys = problem.rules.isParallel
      ? new ParallelOrders(problem, this.#order)
      : new KeyOrders(problem, this.#order.position)
  }

  run(): OrderAnswer {
    for (;;) {
      this.#steps++
      if (this.#steps > STEPS_BETWEEN_LOOKS) {
        if (this.#budget.expired(this.#steps)) return { result: 'unknown' }
        this.#steps = 0
      }
      const breach = this.#keys.next()
      if (breach === undefined) return { result: 'met', order: this.#greedy }
      const conflict = 'grounds' in breach ? breach : this.#clear(breach)
      if (conflict !== undefined && !this.#goBack(conflict)) return { result: 'violated', involved: this.#involved }
    }
  }

  /**
   * Adds one of the two orders that would remove a breach of the rules (see `Obstacle`). If both orders are impossible,
   * returns the reason.
   */
  #clear(obstacle: Obstacle): Path | undefined {
    const { first, second } = obstacle
    const againstFirst = this.#against(first)
    const againstSecond = this.#against(second)
    if (againstFirst !== undefined && againstSecond !== undefined)
      return {
        grounds: union(againstFirst.grounds, againstSecond.grounds),
        evidence: [...againstFirst.evidence, ...againstSecond.evidence],
      }
    if (againstFirst !== undefined && second !== undefined) this.#add(second, againstFirst)
    else if (againstSecond !== undefined && first !== undefined) this.#add(first, againstSecond)
    else if (first !== undefined && second !== undefined) {
      const { position } = this.#order
      const distance = ([from, to]: readonly [number, number]): number => position[from] - position[to]
      const [from, to] = distance(first) <= distance(second) ? first : second
      this.#decisions.push({ obstacle, from, to, added: this.#order.added })
      this.#add([from, to], { grounds: [this.#decisions.length], evidence: [...first, ...second] })
    }
    return undefined
  }

  /** Returns the reason why an order of two nodes is impossible; undefined if it is possible. */
  #against(order: Obstacle['first']): Path | undefined {
    if (order === undefined) return NEVER_POSSIBLE
    return this.#order.path(order[1], order[0])
  }

  #add([from, to]: readonly [number, number], { grounds, evidence }: Path): void {
    this.#keys.moved(this.#order.add(from, to, grounds, evidence))
  }

  /** Reverses the latest choice on which a contradiction depends, if there is one. */
  #goBack(conflict: Path): boolean {
    let { grounds, evidence } = conflict
    for (;;) {
      for (const node of evidence) this.#involved.add(node)
      const latest = grounds.at(-1)
      if (latest === undefined) return false
      const rest: Grounds = grounds.slice(0, -1)
      const turned = this.#decisions[latest - 1]
      // `rest` contains the decisions that led to the contradiction, except `turned`. The search keeps all decisions up
      // to the last one in `rest`, and undoes the later ones. Of the later ones, only `turned` led to the
      // contradiction.
      const kept = rest.at(-1) ?? 0
      const next = this.#decisions[kept]
      if (turned === undefined || next === undefined) return false
      this.#order.undo(next.added)
      this.#decisions.length = kept
      const again = this.#turn(turned, { grounds: rest, evidence: evidence.slice(0, MOST_SHOWN) })
      if (again === undefined) return true
      ;({ grounds, evidence } = again)
    }
  }

  /**
   * Reverses a choice between the two orders of an obstacle: adds the opposite of the chosen order, and the order that
   * was not chosen. If either order is impossible, returns the reason.
   */
  #turn({ obstacle, from, to }: Decision, why: Path): Path | undefined {
    const isFirst = obstacle.first?.[0] === from && obstacle.first[1] === to
    for (const order of [[to, from] as const, isFirst ? obstacle.second : obstacle.first]) {
      const against = this.#against(order)
      if (against !== undefined)
        return { grounds: union(why.grounds, against.grounds), evidence: [...why.evidence, ...against.evidence] }
      if (order !== undefined) this.#add(order, why)
    }
    return undefined
  }
}

const NEVER_POSSIBLE: Path = { grounds: [], evidence: [] }
const MOST_SHOWN = 64
const STEPS_BETWEEN_LOOKS = 20_000
