import type { NodeId } from '@chaosproxy/faults'
import type { InvariantWatch } from './definition.ts'
import { type Entry, entryAt, type Log, lastIndex, termAt } from './log.ts'

// This file checks invariants of protocols that replicate a log. The cost of a check is proportional to the changes of
// the step.

export interface LogProtocol<State> {
  leads(state: State): boolean
  term(state: State): number
  log(state: State): Log
  /** The index up to which entries are never lost, as far as this node knows; 0 for none. */
  settled(state: State): number
}

/** This value is smaller than every term, because terms count from 0. */
const NO_TERM = -1

export function watchLeaders<State>({ leads, term }: LogProtocol<State>): InvariantWatch<State> {
  const leaders = new Map<number, NodeId>()
  return (node) => {
    let seen = NO_TERM
    return (state) => {
      const now = term(state)
      if (now === seen || !leads(state)) return undefined
      seen = now
      const leader = leaders.get(now)
      if (leader === undefined) leaders.set(now, node)
      else if (leader !== node) return `${leader} and ${node} both lead in term ${now}`
      return undefined
    }
  }
}

/** Checks that every leader's log has the entries settled in earlier terms. */
export function watchCompleteness<State>(protocol: LogProtocol<State>): InvariantWatch<State> {
  const settled = createSettled()
  return (node) => {
    const follow = followSettled(protocol, settled)
    let seen = NO_TERM
    return (state) => {
      follow(state)
      const term = protocol.term(state)
      if (term === seen || !protocol.leads(state)) return undefined
      seen = term
      const missing = firstMissing(protocol.log(state), term, settled)
      return missing && `${node} leads term ${term} without entry ${missing}`
    }
  }
}

/** Describes the first entry that was settled before this term and that this log lacks. */
function firstMissing(log: Log, term: number, { entries, terms }: Settled): string | undefined {
  for (let index = log.compacted + 1; index < entries.length; index++) {
    const entry = entries[index]
    // An entry of term 2 may be settled only in term 4. The leader of term 3 then need not have the entry.
    const settledIn = terms[index] ?? term
    if (entry !== undefined && settledIn < term && termAt(log, index) !== entry.term)
      return `${index} of term ${entry.term}, committed in term ${settledIn}`
  }
  return undefined
}

/** Checks that no two nodes settle different entries at the same index. */
export function watchAgreement<State>(protocol: LogProtocol<State>): InvariantWatch<State> {
  const settled = createSettled()
  return (node) => {
    const follow = followSettled(protocol, settled)
    return (state) => {
      const other = follow(state)
      return other === undefined
        ? undefined
        : `${node} applied an entry at ${other} that differs from the one applied there before`
    }
  }
}

/** The settled entry at each index, according to the first node that knew it to be settled. */
interface Settled {
  readonly entries: (Entry | undefined)[]
  /** For each index of the log: the term in which the entry at this index was first known to be settled. */
  readonly terms: number[]
}

const createSettled = (): Settled => ({ entries: [], terms: [] })

/**
 * Returns a function that takes the states of a node in turn, and records the entries that are newly settled. For each
 * state, it returns the first index at which a newly settled entry differs from the entry first settled there;
 * undefined if there is none.
 */
function followSettled<State>(
  { log, settled, term }: LogProtocol<State>,
  { entries, terms }: Settled,
): (state: State) => number | undefined {
  let before = 0
  return (state) => {
    const now = settled(state)
    if (now === before) return undefined
    // A node that restarted may know fewer settled entries than before. All its settled entries are then compared
    // again.
    const from = now < before ? 1 : before + 1
    before = now
    for (let index = from; index <= now; index++) {
      const entry = entryAt(log(state), index)
      if (entry === undefined) continue
      const first = index < entries.length ? entries[index] : undefined
      if (first === undefined) {
        entries[index] = entry
        terms[index] = term(state)
      } else if (!sameEntry(first, entry)) return index
    }
    return undefined
  }
}

/**
 * Checks the Log Matching property: if two logs have an entry with the same index and term, they are identical up to
 * this entry. Compares each new entry with the first entry that was seen with this index and term, and compares the
 * terms of the entries before these two. All earlier entries then match by induction.
 */
export function watchLogMatching<State>(protocol: LogProtocol<State>): InvariantWatch<State> {
  const first: (Held | undefined)[] = []
  return (node) => {
    let lastBefore = 0
    let termBefore: number | undefined
    return (state) => {
      const log = protocol.log(state)
      const last = lastIndex(log)
      const lastTerm = termAt(log, last)
      if (last === lastBefore && lastTerm === termBefore) return undefined
      // If the end of the log was replaced, any entry may be new.
      const kept = lastBefore < last && termAt(log, lastBefore) === termBefore
      const from = kept ? lastBefore + 1 : log.compacted + 1
      lastBefore = last
      termBefore = lastTerm
      for (let index = from; index <= last; index++) {
        const entry = entryAt(log, index)
        if (entry === undefined) continue
        const previousTerm = termAt(log, index - 1)
        const next = index < first.length ? first[index] : undefined
        const held = ofTerm(next, entry.term)
        if (held === undefined) first[index] = { entry, previousTerm, next }
        else if (!sameEntry(held.entry, entry) || (held.previousTerm !== previousTerm && previousTerm !== undefined))
          return `${node} and a log seen earlier differ in entry ${index} of term ${entry.term}, or in the entry before it`
      }
      return undefined
    }
  }
}

/** An entry, with its predecessor's term if known. */
interface Held {
  readonly entry: Entry
  readonly previousTerm: number | undefined
  readonly next: Held | undefined
}

function ofTerm(first: Held | undefined, term: number): Held | undefined {
  let held = first
  while (held !== undefined && held.entry.term !== term) held = held.next
  return held
}

/**
 * Whether two entries are equal. Simulated nodes share the objects of entries, except that a restarted node has copies
 * from its disk.
 */
const sameEntry = (one: Entry, other: Entry): boolean =>
  one === other || (one.term === other.term && JSON.stringify(one.command) === JSON.stringify(other.command))
