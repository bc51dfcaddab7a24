import type { NodeId } from '@chaos/faults'
import type { InvariantWatch } from './definition.ts'
import { type Entry, entryAt, type Log, lastIndex, termAt } from './log.ts'

// What protocols that replicate a log have in common, watched step by step at the cost of what the step changed.

/** How to read a node's state. */
export interface LogProtocol<State> {
  leads(state: State): boolean
  term(state: State): number
  log(state: State): Log
  /** Entries up to this one may never be lost or replaced, as this node knows; 0 where it knows of none. */
  settled(state: State): number
}

/** At most one node leads in a term. */
export function watchLeaders<State>({ leads, term }: LogProtocol<State>): InvariantWatch {
  const leaders = new Map<number, NodeId>()
  return (node, unknownState) => {
    const state = unknownState as State
    if (!leads(state)) return undefined
    const leader = leaders.get(term(state))
    if (leader === undefined) leaders.set(term(state), node)
    else if (leader !== node) return `${leader} and ${node} both lead in term ${term(state)}`
    return undefined
  }
}

/** What is settled is in the log of everyone who comes to lead a later term. */
export function watchCompleteness<State>(protocol: LogProtocol<State>): InvariantWatch {
  const settled = watchSettled(protocol)
  const termsSeen = new Map<NodeId, number>()
  return (node, unknownState) => {
    const state = unknownState as State
    settled.observe(node, state)
    const term = protocol.term(state)
    if (!protocol.leads(state) || termsSeen.get(node) === term) return undefined
    termsSeen.set(node, term)
    const log = protocol.log(state)
    for (let index = log.compacted + 1; index < settled.entries.length; index++) {
      const entry = settled.entries[index]
      // Not the term it was written in: a later leader may have settled it, when others led in between without it.
      const settledIn = settled.terms[index] ?? term
      if (entry !== undefined && settledIn < term && termAt(log, index) !== entry.term)
        return `${node} leads term ${term} without entry ${index} of term ${entry.term}, committed in term ${settledIn}`
    }
    return undefined
  }
}

/** No two nodes take different entries for settled in the same place. */
export function watchAgreement<State>(protocol: LogProtocol<State>): InvariantWatch {
  const settled = watchSettled(protocol)
  return (node, state) => {
    const other = settled.observe(node, state as State)
    return other === undefined ? undefined : `${node} applied another entry at ${other} than those before it`
  }
}

/** What was settled at each index, as the first node to know it had it. */
function watchSettled<State>({ log, settled, term }: LogProtocol<State>) {
  const entries: (Entry | undefined)[] = []
  /** By index: the term that node was in; a leader, which is the first to know. */
  const terms: number[] = []
  const known = new Map<NodeId, number>()
  return {
    entries,
    terms,
    /** The first index at which this node now takes something else for settled; undefined where there is none. */
    observe(node: NodeId, state: State): number | undefined {
      const before = known.get(node) ?? 0
      const now = settled(state)
      if (now === before) return undefined
      known.set(node, now)
      // After a restart everything is settled again, and compared again.
      for (let index = now < before ? 1 : before + 1; index <= now; index++) {
        const entry = entryAt(log(state), index)
        if (entry === undefined) continue
        const first = entries[index]
        if (first === undefined) {
          entries[index] = entry
          terms[index] = term(state)
        } else if (!sameEntry(first, entry)) return index
      }
      return undefined
    },
  }
}

/**
 * Two logs with an entry of the same index and term are the same up to there. By induction: an entry is compared when it
 * comes into a log, with what the first log to hold one of that index and term had in that place and before it.
 */
export function watchLogMatching<State>(protocol: LogProtocol<State>): InvariantWatch {
  /** By index, one for each term: how the first log to have an entry there had it. */
  const first: (readonly Held[] | undefined)[] = []
  const seen = new Map<NodeId, { last: number; term: number | undefined }>()
  return (node, state) => {
    const log = protocol.log(state as State)
    const known = seen.get(node)
    const last = lastIndex(log)
    const lastTermNow = termAt(log, last)
    if (known !== undefined && known.last === last && known.term === lastTermNow) return undefined
    // What was appended, or, where the end was replaced, everything since it could have been.
    const kept = known !== undefined && known.last < last && termAt(log, known.last) === known.term
    const from = kept && known !== undefined ? known.last + 1 : log.compacted + 1
    if (known === undefined) seen.set(node, { last, term: lastTermNow })
    else {
      known.last = last
      known.term = lastTermNow
    }
    for (let index = from; index <= last; index++) {
      const entry = entryAt(log, index)
      if (entry === undefined) continue
      const previousTerm = termAt(log, index - 1)
      const held = first[index] ?? NONE
      const other = ofTerm(held, entry.term)
      if (other === undefined) first[index] = [...held, { entry, previousTerm }]
      else if (!sameEntry(other.entry, entry) || (other.previousTerm !== previousTerm && previousTerm !== undefined))
        return `${node} holds another entry ${index} of term ${entry.term}, or another one before it, than a log seen earlier`
    }
    return undefined
  }
}

/** An entry, and the term of the one before it; undefined where that is not known. */
interface Held {
  readonly entry: Entry
  readonly previousTerm: number | undefined
}

const NONE: readonly Held[] = []

function ofTerm(held: readonly Held[], term: number): Held | undefined {
  for (const one of held) if (one.entry.term === term) return one
  return undefined
}

/** Entries travel as they are within a simulation; across a restart they are what the disk gave back. */
const sameEntry = (one: Entry, other: Entry): boolean =>
  one === other || (one.term === other.term && JSON.stringify(one.command) === JSON.stringify(other.command))
