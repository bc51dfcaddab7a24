import { type Budget, inTime } from '../../../limits/budget.ts'
import type { Edge } from '../../sequential/edges.ts'
import { branchedClients, judgeClient } from './client-views.ts'
import { arbitrate, overwrittenInPast } from './convergence.ts'
import type { Contradiction, Judged } from './judged.ts'
import { basisOf, type CausalOrder, causalOrder, type Facts } from './order.ts'
import { createViews } from './view.ts'

/**
 * The ways in which a history can contradict a level, for known sources of the reads. Shared results are computed once.
 */
export interface Relations {
  readonly facts: Facts
  /** Looks for a read that saw a write from its own future. */
  readonly inFuture: () => Judged
  /** As `inFuture`; also looks for a read whose source was overwritten in the read's causal past. */
  readonly inCausalPast: () => Judged
  /** As `inCausalPast`; also looks for reads that no single order of the writes can explain. */
  readonly inArbitration: () => Judged
  /** As `inFuture`; also looks for reads by one client that break the guarantee. */
  readonly inSession: (guarantee: Guarantee) => Judged
  /**
   * Looks for a client that cannot put writes and its own reads in one order.
   *
   * - `client order`: all writes, in the order of each client.
   * - `causal order`: the writes in the past of the reads. Also looks for a read that saw a write from its own future.
   */
  readonly inViews: (order: 'client order' | 'causal order') => Judged
  /** All operations in arbitration order, after `inArbitration` found no contradiction. */
  readonly arbitration: () => Int32Array | undefined
  readonly order: () => CausalOrder | undefined
  readonly release: () => void
}

/**
 * Checks a guarantee. Returns the orders that break it: a cycle, or one order that contradicts the operations' own
 * order.
 */
type Guarantee = (facts: Facts, budget: Budget) => readonly Edge[] | undefined

export function createRelations(facts: Facts, budget: Budget): Relations {
  const basis = once(() => basisOf(facts, budget))
  let made: CausalOrder | undefined
  const order = once(() => {
    const known = basis()
    made = 'cycle' in known ? undefined : causalOrder(facts, known.basis, budget)
    return made
  })
  const future = once((): Contradiction | undefined => {
    const known = basis()
    return 'cycle' in known ? { ...whole(known.cycle), future: true } : undefined
  })
  const past = once((): Judged => {
    const known = order()
    if (known === undefined) return 'out of memory'
    const edge = overwrittenInPast(facts, known, budget)
    return edge === undefined ? 'none' : { derived: [], cycle: [edge], isWhole: false }
  })
  let arbitration: Int32Array | undefined
  const arbitrated = once((): Judged => {
    const causal = past()
    const known = order()
    if (causal !== 'none' || known === undefined) return causal
    const answer = arbitrate(facts, known, budget)
    if (answer.result === 'cycle') return whole(answer.cycle)
    arbitration = answer.order
    return 'none'
  })
  const causalViews = (): Judged => {
    const known = order()
    return known === undefined ? 'out of memory' : judgeViews(facts, known, budget)
  }
  const timely = (judge: () => Judged): Judged =>
    inTime(
      () => {
        budget.look(facts.encoded.length)
        return judge()
      },
      () => 'out of time',
    )
  const unlessFuture = (judge: () => Judged): Judged => timely(() => future() ?? judge())
  return {
    facts,
    inFuture: () => unlessFuture(() => 'none'),
    inCausalPast: () => unlessFuture(past),
    inArbitration: () => unlessFuture(arbitrated),
    inSession: (guarantee) => unlessFuture(() => judged(guarantee(facts, budget))),
    inViews: (within) =>
      within === 'causal order' ? unlessFuture(causalViews) : timely(() => judgeViews(facts, undefined, budget)),
    arbitration: () => arbitration,
    order,
    release: () => made?.release(),
  }
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function judgeViews(facts: Facts, order: CausalOrder | undefined, budget: Budget): Judged {
  const { threads } = facts
  const views = createViews(facts, order, budget)
  const branched = branchedClients(facts.encoded, threads)
  const apart = new Set(branched.flatMap((client) => client.threads))
  try {
    for (let thread = 0; thread < threads.count; thread++) {
      if (apart.has(thread)) continue
      const conflict = views.conflictOf(thread, facts.writerOf)
      const stopped = views.stopped()
      if (stopped !== undefined) return stopped
      if (conflict !== undefined) return { derived: conflict.edges, cycle: [conflict.last], isWhole: false, thread }
    }
    for (const client of branched) {
      const judged = judgeClient(facts, client, order, budget)
      if (judged !== 'none') return judged
    }
    return 'none'
  } finally {
    views.release()
  }
}

const whole = (cycle: readonly Edge[]): Contradiction => ({ derived: [], cycle, isWhole: true })

/**
 * Converts the edges that break a guarantee to a contradiction. A single edge is not a cycle by itself, but contradicts
 * the known order of its two operations.
 */
const judged = (cycle: readonly Edge[] | undefined): Judged =>
  cycle === undefined ? 'none' : { derived: [], cycle, isWhole: cycle.length > 1 }
