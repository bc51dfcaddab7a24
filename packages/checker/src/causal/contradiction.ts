import { type Budget, inTime } from '../budget.ts'
import type { Edge } from '../sequential/edges.ts'
import { missesOwnWrites, readsGoBack } from '../session/guarantees.ts'
import { branchedClients, judgeClient } from './client-views.ts'
import { arbitrate, overwrittenInPast } from './convergence.ts'
import type { Contradiction, Judged, WeakLevel } from './judged.ts'
import { basisOf, type CausalOrder, causalOrder, type Facts } from './order.ts'
import { createViews } from './view.ts'

/** What the levels share, computed once on first use. */
export interface Relations {
  readonly facts: Facts
  readonly judge: (level: WeakLevel) => Judged
  /** After `none` for causal-convergence: all operations in arbitration order. */
  readonly arbitration: () => Int32Array | undefined
  readonly order: () => CausalOrder | undefined
  readonly release: () => void
}

/** Finds the orders by which a history contradicts a level, given each read's source. */
export function createRelations(facts: Facts, budget: Budget): Relations {
  const once = <Value>(make: () => Value): (() => Value) => {
    let made: { readonly value: Value } | undefined
    return () => {
      made ??= { value: make() }
      return made.value
    }
  }
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
  const inPast = once((): Judged => {
    const known = order()
    if (known === undefined) return 'out of memory'
    const edge = overwrittenInPast(facts, known, budget)
    return edge === undefined ? 'none' : { derived: [], cycle: [edge], isWhole: false }
  })
  let arbitration: Int32Array | undefined
  const conflicts = once((): Judged => {
    const causal = inPast()
    const known = order()
    if (causal !== 'none' || known === undefined) return causal
    const answer = arbitrate(facts, known, budget)
    if (answer.result === 'cycle') return whole(answer.cycle)
    arbitration = answer.order
    return 'none'
  })
  const views = (given: CausalOrder | undefined): Judged => {
    const { threads } = facts
    const each = createViews(facts, given, budget)
    const branched = branchedClients(facts.encoded, threads)
    const apart = new Set(branched.flatMap((client) => client.threads))
    try {
      for (let thread = 0; thread < threads.count; thread++) {
        if (apart.has(thread)) continue
        const conflict = each.conflictOf(thread, facts.writerOf)
        const stopped = each.stopped()
        if (stopped !== undefined) return stopped
        if (conflict !== undefined) return { derived: conflict.edges, cycle: [conflict.last], isWhole: false, thread }
      }
      for (const client of branched) {
        const judged = judgeClient(facts, client, given, budget)
        if (judged !== 'none') return judged
      }
      return 'none'
    } finally {
      each.release()
    }
  }
  const judge = (level: WeakLevel): Judged => {
    if (level === 'pram') return views(undefined)
    const cycle = future()
    if (cycle !== undefined) return cycle
    switch (level) {
      case 'monotonic-writes':
      case 'writes-follow-reads':
        return 'none'
      case 'monotonic-reads':
        return judged(readsGoBack(facts, budget))
      case 'read-your-writes':
        return judged(missesOwnWrites(facts, budget))
      case 'causal':
        return inPast()
      case 'causal-convergence':
      case 'session':
        // With all four guarantees, a read sees its whole causal past, and the orders they force on the arbitration are
        // those of causal convergence: the two levels coincide (shown by the tests, over all sources).
        return conflicts()
      case 'causal-memory': {
        const known = order()
        return known === undefined ? 'out of memory' : views(known)
      }
    }
    return level satisfies never
  }
  return {
    facts,
    judge: (level) =>
      inTime(
        () => {
          budget.look()
          return judge(level)
        },
        () => 'out of time',
      ),
    arbitration: () => arbitration,
    order,
    release: () => made?.release(),
  }
}

const whole = (cycle: readonly Edge[]): Contradiction => ({ derived: [], cycle, isWhole: true })

/** The orders as found: a single one is closed into a cycle by the operations' own order. */
const judged = (cycle: readonly Edge[] | undefined): Judged =>
  cycle === undefined ? 'none' : { derived: [], cycle, isWhole: cycle.length > 1 }
